"""Parameters of the model `codex/gpt`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from framework import Param
from framework.errors import UserError
from framework.supervised.config import Precision
from framework_codex.gpt.sizes import SIZES, Size


@dataclass(frozen=True, kw_only=True)
class GPTConfig:
    """Architecture, tokenizer and arithmetic of a decoder-only transformer."""

    vocab_size: Annotated[int, Param("size of the vocabulary, at most", unit="tokens", ge=260)] = 4096
    context: Annotated[int, Param("context length", unit="tokens", ge=8)] = 256
    layers: Annotated[int, Param("transformer blocks", ge=1)] = 4
    width: Annotated[int, Param("size of a token's hidden state", ge=8)] = 128
    heads: Annotated[int, Param("attention heads; `width / heads` = 64 is the fastest", ge=1)] = 2
    mlp_ratio: Annotated[float, Param("hidden units of the gated MLP, as a multiple of `width`", gt=0)] = (
        8 / 3
    )
    dropout: Annotated[
        float, Param("dropout probability after attention and MLP, in training", ge=0, lt=1)
    ] = 0.0
    tied: Annotated[bool, Param("share the input embedding with the output layer")] = True
    rope_base: Annotated[float, Param("base of the rotary position embedding", gt=1)] = 10_000.0
    size: Annotated[Size | None, Param("a size of the paper's, in place of layers, width and heads")] = None
    whitespace_runs: Annotated[
        int, Param("longest run of spaces that is one token (section 3.2); 0 for none", ge=0, le=256)
    ] = 32
    tokenizer: Annotated[
        Path | None, Param("JSON file of a trained tokenizer; otherwise one is trained on the split `train`")
    ] = None
    weights: Annotated[
        Path | None, Param("checkpoint of a codex/gpt: architecture, tokenizer and weights are its own")
    ] = None
    sample_batch: Annotated[int, Param("batch size when sampling", ge=1)] = 100
    precision: Annotated[
        Precision,
        Param(
            "number format of matrix products; `auto`: bfloat16 where the hardware supports it, else float32"
        ),
    ] = "auto"

    def __post_init__(self) -> None:
        shape = self.resolved()
        if shape.width % shape.heads or (shape.width // shape.heads) % 2:
            raise UserError(
                f"codex/gpt: width {shape.width} cannot be cut into {shape.heads} heads of even width\n"
                f"  choose heads so that width / (2 * heads) is whole"
            )

    def resolved(self) -> GPTConfig:
        """The same with `size` written out as layers, width and heads."""
        if self.size is None:
            return self
        shape = SIZES[self.size]
        return replace(self, size=None, layers=shape.layers, width=shape.width, heads=shape.heads)

    @property
    def hidden(self) -> int:
        """Hidden units of the MLP: a multiple of 32, which vector units like."""
        return max(32, round(self.mlp_ratio * self.width / 32) * 32)
