"""The text transformer: captions to a summary vector and one state a token (section 4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from framework_glide.unet.config import TextOptions
from framework_glide.unet.products import Linear, attend

#: Rows of a batch, or a mask of them.
Rows: TypeAlias = Tensor | slice | list[int]


@dataclass(frozen=True)
class Text:
    """Captions as a UNet sees them.

    Attributes:
        pooled: `(b, 4 * channels)`: joins the time embedding.
        states: `(b, width, n)`: what attention layers look at.
        keys_values: of each attention layer in turn, `(b, 2, heads, n, head)`, where they were
            computed ahead; see `TextUNet.prepare`.
    """

    pooled: Tensor
    states: Tensor
    keys_values: tuple[Tensor, ...] | None = None

    def index(self, rows: Rows) -> Text:
        """Some of the captions."""
        return self._each(lambda tensor: tensor[rows])

    def repeat(self, times: int) -> Text:
        """All captions, and all again."""
        return Text.cat([self] * times)

    def with_keys_values(self, keys_values: Sequence[Tensor]) -> Text:
        """The same with keys and values that were computed ahead."""
        return Text(self.pooled, self.states, tuple(keys_values))

    def to(self, *args: Any, **kwargs: Any) -> Text:
        """On another device or of another dtype, as `Tensor.to`."""
        return self._each(lambda tensor: tensor.to(*args, **kwargs))

    @staticmethod
    def cat(texts: Sequence[Text]) -> Text:
        """Several, one after the other; keys and values are kept if all have them."""
        parts = [text.keys_values for text in texts]
        known = [part for part in parts if part is not None]
        return Text(
            torch.cat([text.pooled for text in texts]),
            torch.cat([text.states for text in texts]),
            tuple(map(torch.cat, zip(*known, strict=True))) if len(known) == len(parts) else None,
        )

    def _each(self, change: Callable[[Tensor], Tensor]) -> Text:
        cached = self.keys_values
        return Text(
            change(self.pooled),
            change(self.states),
            None if cached is None else tuple(change(tensor) for tensor in cached),
        )


class Attention(nn.Module):
    """Self-attention over all tokens; queries, keys and values of a head lie next to each other."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.c_qkv = Linear(width, 3 * width)
        self.c_proj = Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """`(b, n, width)` to the same."""
        qkv = self.c_qkv(x).view(*x.shape[:2], self.heads, 3, -1)
        q, k, v = qkv.permute(3, 0, 2, 1, 4)
        mixed: Tensor = attend(q, k, v).transpose(1, 2).flatten(2)
        return self.c_proj(mixed)  # type: ignore[no-any-return]


class MLP(nn.Module):
    """Two layers with the exact GELU between."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.c_fc = Linear(width, 4 * width)
        self.c_proj = Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """`(b, n, width)` to the same."""
        return self.c_proj(F.gelu(self.c_fc(x)))  # type: ignore[no-any-return]


class Block(nn.Module):
    """Attention and MLP, each on a normalised residual stream."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attn = Attention(width, heads)
        self.ln_1 = nn.LayerNorm(width)
        self.mlp = MLP(width)
        self.ln_2 = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        """`(b, n, width)` to the same."""
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))  # type: ignore[no-any-return]


class Transformer(nn.Module):
    """Blocks, one after the other."""

    def __init__(self, width: int, layers: int, heads: int) -> None:
        super().__init__()
        self.resblocks = nn.ModuleList(Block(width, heads) for _ in range(layers))

    def forward(self, x: Tensor) -> Tensor:
        """`(b, n, width)` to the same."""
        for block in self.resblocks:
            x = block(x)
        return x


class TextEncoder(nn.Module):
    """What encodes captions; no attention is masked: a padded position has an embedding of its own.

    The released layout keeps these parameters at the top level, beside the UNet's, which is
    why the UNet is one too.
    """

    text_options: TextOptions | None

    def add_text(self, options: TextOptions | None) -> None:
        """Make the parameters; None for none."""
        self.text_options = options
        if options is None:
            return
        width = options.width
        self.positional_embedding = nn.Parameter(torch.empty(options.context, width))
        self.padding_embedding = (
            nn.Parameter(torch.empty(options.context, width)) if options.padding_embedding else None
        )
        self.transformer = Transformer(width, options.layers, options.heads)
        self.final_ln = nn.LayerNorm(width) if options.final_norm else None
        self.token_embedding = nn.Embedding(options.vocab_size, width)
        self.transformer_proj = Linear(width, options.projection or width)
        # Words have to stand out from what the blocks add to them from the first step on. With .02 for
        # tokens, as in language models, the words for shapes meant nothing for thousands of steps.
        nn.init.normal_(self.token_embedding.weight, std=1.0)
        for embedding in (self.positional_embedding, self.padding_embedding):
            if embedding is not None:
                nn.init.normal_(embedding, std=0.3)

    def encode_text(self, tokens: Tensor, mask: Tensor | None = None) -> Text:
        """Encode captions.

        Args:
            tokens: `(b, context)` whole numbers; what stands in a padded place does not matter.
            mask: `(b, context)` bool, True where a token is; None for everywhere.

        Raises:
            ValueError: tokens or mask of another shape, or a network without text.
        """
        options = self.text_options
        if options is None:
            raise ValueError("this network has no text transformer")
        if tokens.ndim != 2 or tokens.shape[1] != options.context:
            raise ValueError(f"tokens of shape {tuple(tokens.shape)}, not (b, {options.context})")
        if mask is not None and mask.shape != tokens.shape:
            raise ValueError(f"a mask of shape {tuple(mask.shape)} for tokens of {tuple(tokens.shape)}")
        x = self.token_embedding(tokens.long()) + self.positional_embedding
        if self.padding_embedding is not None and mask is not None:
            x = torch.where(mask[..., None].bool(), x, self.padding_embedding)
        x = self.transformer(x)
        if self.final_ln is not None:
            x = self.final_ln(x)
        return Text(self.transformer_proj(x[:, -1]), x.transpose(1, 2))


class TextTransformer(TextEncoder):
    """The text transformer alone.

    Args:
        options: sizes.
    """

    def __init__(self, options: TextOptions) -> None:
        super().__init__()
        self.add_text(options)

    def forward(self, tokens: Tensor, mask: Tensor | None = None) -> Text:
        """The same as `encode_text`."""
        return self.encode_text(tokens, mask)


def build(environment: Any, options: TextOptions) -> TextTransformer:
    """Builder of `glide/text_transformer`.

    Args:
        environment: not looked at.
        options: its parameters.
    """
    return TextTransformer(options)
