"""The denoiser: a UNet that sees a caption, and perhaps a smaller or a partly known image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from framework_glide.unet.attention import AttentionBlock
from framework_glide.unet.blocks import Downsample, Resampling, ResBlock, Upsample
from framework_glide.unet.config import UNetOptions
from framework_glide.unet.embedding import timestep_embedding
from framework_glide.unet.norm import normalize
from framework_glide.unet.text_transformer import Text, TextEncoder


class TextUNet(TextEncoder):
    """Predicts the noise in an image and its variance (section 4), with parameters named as released.

    Args:
        options: sizes and switches.
    """

    def __init__(self, options: UNetOptions) -> None:
        super().__init__()
        width = 4 * options.channels
        self.options = options
        self.time_embed = nn.Sequential(
            nn.Linear(options.channels, width), nn.SiLU(), nn.Linear(width, width)
        )
        first = options.widths[0]
        here, skipped = first, [first]
        self.input_blocks = nn.ModuleList(
            [nn.ModuleList([nn.Conv2d(options.in_channels, first, 3, padding=1)])]
        )
        for factor, channels in zip(options.factors, options.widths, strict=True):
            for _ in range(options.blocks):
                layers: list[nn.Module] = [self._block(here, channels)]
                here = channels
                if factor in options.attention_factors:
                    layers.append(self._attention(here))
                self.input_blocks.append(nn.ModuleList(layers))
                skipped.append(here)
            if factor != options.factors[-1]:
                self.input_blocks.append(nn.ModuleList([self._resampling(here, "down")]))
                skipped.append(here)
        self.middle_block = nn.ModuleList(
            [self._block(here, here), self._attention(here), self._block(here, here)]
        )
        self.output_blocks = nn.ModuleList()
        for factor, channels in zip(options.factors[::-1], options.widths[::-1], strict=True):
            for number in range(options.blocks + 1):
                layers = [self._block(here + skipped.pop(), channels)]
                here = channels
                if factor in options.attention_factors:
                    layers.append(self._attention(here, up=True))
                if number == options.blocks and factor > 1:
                    layers.append(self._resampling(here, "up"))
                self.output_blocks.append(nn.ModuleList(layers))
        last = nn.Conv2d(here, options.out_channels, 3, padding=1)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)  # type: ignore[arg-type]
        if options.out_channels == 2 * options.image_channels:
            # The variance begins as the posterior's, v = -1: training seldom gets it far from there.
            nn.init.constant_(last.bias[options.image_channels :], -1.0)  # type: ignore[index]
        self.out = nn.Sequential(nn.GroupNorm(options.groups, here), nn.SiLU(), last)
        # Last, as in the released layout: an optimiser numbers parameters in this order.
        self.add_text(options.text and replace(options.text, projection=width))

    def forward(
        self,
        x: Tensor,
        timesteps: Tensor,
        tokens: Tensor | None = None,
        mask: Tensor | None = None,
        *,
        text: Text | None = None,
        low_res: Tensor | None = None,
        inpaint_image: Tensor | None = None,
        inpaint_mask: Tensor | None = None,
    ) -> Tensor:
        """Predict.

        Args:
            x: `(b, image_channels, h, w)` noised images; h and w are multiples of the last factor.
            timesteps: `(b,)`, or `(1,)` if all are the same: the original ones, 0..999.
            tokens: `(b, context)` captions.
            mask: `(b, context)` bool, True where a token is.
            text: captions encoded before, instead of tokens and mask; see `encode_text`, `prepare`.
            low_res: `(b, image_channels, h', w')` in [-1, 1], of any size: what an upsampler enlarges.
            inpaint_image: as x, in [-1, 1], not noised; where the mask is 0 it does not matter.
            inpaint_mask: `(b, 1, h, w)`, 1 where the image is known. Without both, all is unknown.

        Returns:
            `(b, out_channels, h, w)` of x's dtype: the noise, then the variance.

        Raises:
            ValueError: a size that cannot be halved so often, an upsampler without its image, or
                captions missing.
        """
        h = self._inputs(x, low_res, inpaint_image, inpaint_mask).to(self._dtype)
        if h.device.type == "cpu":
            h = h.contiguous(memory_format=torch.channels_last)
        condition, keys_values = self._condition(timesteps, tokens, mask, text)
        skipped = []
        for layers in self.input_blocks:
            h = self._run(layers, h, condition, keys_values)
            skipped.append(h)
        h = self._run(self.middle_block, h, condition, keys_values)
        for layers in self.output_blocks:
            h = self._run(layers, torch.cat([h, skipped.pop()], dim=1), condition, keys_values)
        norm, _, conv = self.out
        return conv(normalize(h, cast(nn.GroupNorm, norm))).to(x.dtype)  # type: ignore[no-any-return]

    def prepare(self, text: Text) -> Text:
        """Add the keys and values of every attention layer, which stay the same at all steps of sampling."""
        return text.with_keys_values(list(self._keys_values(text.states)))

    def _keys_values(self, states: Tensor) -> Iterator[Tensor]:
        for module in self._attentions:
            yield module.text_keys_values(states)

    @property
    def _dtype(self) -> torch.dtype:
        return next(self.input_blocks.parameters()).dtype

    @property
    def _attentions(self) -> list[AttentionBlock]:
        groups = [*self.input_blocks, self.middle_block, *self.output_blocks]
        return [
            module for layers in groups for module in layers.children() if isinstance(module, AttentionBlock)
        ]

    def _condition(
        self, timesteps: Tensor, tokens: Tensor | None, mask: Tensor | None, text: Text | None
    ) -> tuple[Tensor, Iterator[Tensor] | None]:
        # Timesteps differ by one in a thousand: bfloat16 would take many for the same.
        with torch.autocast(timesteps.device.type, enabled=False):
            embedding = timestep_embedding(timesteps, self.options.channels)
            embedding = self.time_embed(embedding.to(self._dtype))
        if self.options.text is None:
            return F.silu(embedding), None
        if text is None:
            if tokens is None:
                raise ValueError("give tokens and mask, or text")
            text = self.encode_text(tokens, mask)
        keys_values = self._keys_values(text.states) if text.keys_values is None else iter(text.keys_values)
        return F.silu(embedding + text.pooled.to(embedding.dtype)), keys_values

    def _inputs(self, x: Tensor, low_res: Tensor | None, image: Tensor | None, mask: Tensor | None) -> Tensor:
        factor = self.options.factors[-1]
        if x.shape[-2] % factor or x.shape[-1] % factor:
            raise ValueError(f"images of {x.shape[-2]} x {x.shape[-1]} px, not of multiples of {factor}")
        parts = [x]
        if self.options.inpaint:
            image = torch.zeros_like(x) if image is None else image
            mask = torch.zeros_like(x[:, :1]) if mask is None else mask.to(x.dtype)
            parts += [image * mask, mask]
        if self.options.low_res:
            if low_res is None:
                raise ValueError("an upsampler needs low_res")
            parts.append(F.interpolate(low_res, size=x.shape[-2:], mode="bilinear", align_corners=False))
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)

    def _run(
        self, layers: nn.Module, h: Tensor, condition: Tensor, keys_values: Iterator[Tensor] | None
    ) -> Tensor:
        for layer in layers.children():
            arguments: tuple[Any, ...] = ()
            if isinstance(layer, ResBlock):
                arguments = (condition,)
            elif isinstance(layer, AttentionBlock) and keys_values is not None:
                arguments = (next(keys_values),)
            if self.options.checkpoint_blocks and self.training and torch.is_grad_enabled():
                h = checkpoint(layer, h, *arguments, use_reentrant=False)
            else:
                h = layer(h, *arguments)
        return h

    def _block(self, channels: int, out_channels: int, resampling: Resampling = "none") -> ResBlock:
        options = self.options
        return ResBlock(
            channels,
            out_channels,
            4 * options.channels,
            options.dropout,
            options.scale_shift,
            resampling,
            options.groups,
        )

    def _attention(self, channels: int, up: bool = False) -> AttentionBlock:
        text = self.options.text
        return AttentionBlock(
            channels,
            self.options.heads_of(channels, up),
            None if text is None else text.width,
            self.options.groups,
        )

    def _resampling(self, channels: int, direction: Resampling) -> nn.Module:
        if self.options.residual_resampling:
            return self._block(channels, channels, direction)
        layer = Downsample if direction == "down" else Upsample
        return layer(channels, self.options.learned_resampling)
