"""The text and the image encoder: parameters named and shaped as in the released checkpoints."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from framework_glide.clip.blocks import Affine, Block, Norm
from framework_glide.clip.options import NoisedCLIPOptions

# Mean and standard deviation of the channels of CLIP's training pictures, in 0..255.
MEANS = (122.77093945, 116.74601272, 104.09373519)
DEVIATIONS = (68.50053285, 66.63215831, 70.32316309)


class TextEncoder(nn.Module):
    """A causal transformer, read at the caption's last token."""

    def __init__(self, options: NoisedCLIPOptions) -> None:
        super().__init__()
        width, layers = options.embedding, options.text_layers
        self.layers = layers
        self.blocks = nn.ModuleDict({"input": TextInput(options)})
        for number in range(layers):
            self.blocks[f"block_{number}"] = Block(width, options.text_heads, layers, causal=True)
        self.blocks["output"] = Output(width, options.embedding)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Embeddings `(b, d)`, not normalised.

        Args:
            tokens: `(b, n)` int64, n up to the context.
            lengths: `(b,)` int64, tokens that count, 1 at least.
        """
        # Nothing that is read depends on what comes after the longest caption.
        x = self.blocks["input"](tokens[:, : int(lengths.max())])
        for number in range(self.layers):
            x = self.blocks[f"block_{number}"](x)
        last = x[torch.arange(len(x), device=x.device), lengths - 1]
        out: Tensor = self.blocks["output"](last)
        return out


class ImageEncoder(nn.Module):
    """A vision transformer whose extra position, which is read, starts as the noise level."""

    def __init__(self, options: NoisedCLIPOptions) -> None:
        super().__init__()
        width, layers = options.image_width, options.image_layers
        self.layers = layers
        self.blocks = nn.ModuleDict({"input": ImageInput(options)})
        for number in range(layers):
            self.blocks[f"block_{number}"] = Block(width, options.image_heads, layers, causal=False)
        self.blocks["output"] = Output(width, options.embedding)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """Embeddings `(b, d)`, not normalised.

        Args:
            x: noisy pictures `(b, 3, h, w)`, the clean ones in [-1, 1].
            t: `(b,)`, their noise levels, 0 up to the number of timesteps.
        """
        h = self.blocks["input"](x, t)
        for number in range(self.layers):
            h = self.blocks[f"block_{number}"](h)
        out: Tensor = self.blocks["output"](h[:, 0])
        return out


class TextInput(nn.Module):
    """Tokens and their positions."""

    def __init__(self, options: NoisedCLIPOptions) -> None:
        super().__init__()
        self.w_voc = nn.Parameter(torch.empty(options.vocab_size, options.embedding))
        self.w_pos = nn.Parameter(torch.empty(options.context, options.embedding))
        # Large enough not to drown in what the first block adds.
        nn.init.normal_(self.w_voc, std=0.3)
        nn.init.normal_(self.w_pos, std=0.1)

    def forward(self, tokens: Tensor) -> Tensor:
        return F.embedding(tokens, self.w_voc) + self.w_pos[: tokens.shape[1]]


class ImageInput(nn.Module):
    """Patches and their positions, after a position for the noise level."""

    def __init__(self, options: NoisedCLIPOptions) -> None:
        super().__init__()
        width, patch = options.image_width, options.patch_size
        self.patch = patch
        self.w_t = nn.Parameter(sinusoids(options.timesteps, width))
        self.patch_proj = nn.Parameter(torch.empty(width, 3, patch, patch))
        self.w_pos = nn.Parameter(torch.empty(options.patches + 1, width))
        self.ln = Norm(width)
        nn.init.normal_(self.patch_proj, std=(3 * patch**2) ** -0.5)
        # As large as the patches: where a colour is takes far longer to learn from less.
        nn.init.normal_(self.w_pos)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        means, deviations = (x.new_tensor(values).view(3, 1, 1) for values in (MEANS, DEVIATIONS))
        pixels = ((x + 1) * 127.5 - means) / deviations
        patches = F.conv2d(pixels, self.patch_proj, stride=self.patch).flatten(2).transpose(1, 2)
        level = F.embedding(t, self.w_t)[:, None].to(patches)
        out: Tensor = self.ln(torch.cat([level, patches], dim=1) + self.w_pos)
        return out


class Output(nn.Module):
    """From one position of the stream to the space where captions and pictures meet."""

    def __init__(self, width: int, embedding: int) -> None:
        super().__init__()
        self.ln = Norm(width)
        self.f = Affine(width, embedding, std=width**-0.5, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.f(self.ln(x))
        return out


def sinusoids(count: int, width: int) -> Tensor:
    """Sines and cosines of 0..count-1, `(count, width)`: neighbours start alike.

    Rows drawn at random would each have to be learned from its own noise level alone.
    """
    half = width // 2
    frequencies = torch.exp(-math.log(10_000) * torch.arange(half) / half)
    angles = torch.arange(count)[:, None] * frequencies
    return F.pad(torch.cat([angles.cos(), angles.sin()], dim=1), (0, width - 2 * half))
