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

    vocab_size: Annotated[int, Param("rows of the embedding: tokens at most", unit="tokens", ge=260)] = 4096
    context: Annotated[int, Param("longest text it sees", unit="tokens", ge=8)] = 256
    layers: Annotated[int, Param("blocks", ge=1)] = 4
    width: Annotated[int, Param("of the residual stream", ge=8)] = 128
    heads: Annotated[int, Param("of attention; 64 units each are the fastest", ge=1)] = 2
    mlp_ratio: Annotated[float, Param("hidden units of the gated MLP over the width", gt=0)] = 8 / 3
    dropout: Annotated[float, Param("of both residual branches, while training", ge=0, lt=1)] = 0.0
    tied: Annotated[bool, Param("one matrix embeds tokens and predicts them")] = True
    rope_base: Annotated[float, Param("of the rotary position embedding", gt=1)] = 10_000.0
    size: Annotated[
        Size | None, Param("one of the paper's: gives layers, width and heads instead of the above")
    ] = None
    whitespace_runs: Annotated[
        int, Param("longest run of spaces that is one token (section 3.2); 0 for none", ge=0, le=256)
    ] = 32
    tokenizer: Annotated[
        Path | None, Param("JSON file of a trained tokenizer; otherwise one is trained on the split `train`")
    ] = None
    weights: Annotated[
        Path | None, Param("checkpoint of a codex/gpt: architecture, tokenizer and weights are its own")
    ] = None
    sample_batch: Annotated[int, Param("completions drawn at a time, at most", ge=1)] = 100
    precision: Annotated[
        Precision, Param("of matrix products; auto is bfloat16 where the processor multiplies it natively")
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
