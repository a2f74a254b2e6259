"""NoisedCLIP: both encoders, the temperature, and the gradient that guides diffusion."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from framework.errors import UserError
from framework_glide.clip.encoders import ImageEncoder, TextEncoder
from framework_glide.clip.options import NoisedCLIPOptions
from framework_glide.text.tokenizer import Tokenizer

#: Largest factor of the cosine, and the released models' (Radford et al. 2021, section 2.5).
LARGEST_SCALE = 100.0


class NoisedCLIP(nn.Module):
    """Compares captions with pictures at any noise level of the diffusion (section 2.4).

    Its parameters `text.*` and `image.*` are the released state dicts; beside them are
    `log_scale` and, as extra state, architecture and vocabulary.

    Args:
        options: the architecture.
        tokenizer: it frames captions with a start and an end if it did not before.
        scale: factor of the cosines to start from; learned in training.
    """

    def __init__(self, options: NoisedCLIPOptions, tokenizer: Tokenizer, scale: float = 1 / 0.07) -> None:
        super().__init__()
        if tokenizer.vocab_size > options.vocab_size:
            raise UserError(
                f"noised CLIP: the vocabulary has {tokenizer.vocab_size} tokens, the embedding "
                f"{options.vocab_size} rows; is it the vocabulary these weights were trained with?"
            )
        self.options, self.tokenizer = options, tokenizer.framed()
        self.text = TextEncoder(options)
        self.image = ImageEncoder(options)
        self.log_scale = nn.Parameter(torch.tensor(math.log(scale)))

    @property
    def scale(self) -> Tensor:
        """Factor that turns cosines into logits, 100 at most."""
        return self.log_scale.exp().clamp(max=LARGEST_SCALE)

    def forward(self, x: Tensor, t: Tensor, prompts: Sequence[str]) -> Tensor:
        """Logits `(b, n)` of n captions for b pictures; arguments as in `encode_image`."""
        return self.scale * self.encode_image(x, t) @ self.encode_text(prompts).T

    def encode_text(self, prompts: Sequence[str]) -> Tensor:
        """Embeddings `(b, d)` of length 1 of b captions; too long ones lose their end."""
        tokens, mask = self.tokenizer.encode(prompts, self.options.context)
        device = self.log_scale.device
        return self.encode_tokens(tokens.to(device), mask.sum(dim=1).to(device))

    def encode_tokens(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """As `encode_text`, of tokens `(b, n)` of which the first `lengths` `(b,)` count."""
        return self._directions(self.text(tokens, lengths))

    def encode_image(self, x: Tensor, t: Tensor) -> Tensor:
        """Embeddings `(b, d)` of length 1.

        Args:
            x: noisy pictures `(b, 3, size, size)`, the clean ones in [-1, 1].
            t: `(b,)`, their original timesteps, 0..999; 0 for clean pictures.

        Raises:
            UserError: the pictures have another size than those it was trained with.
        """
        size = self.options.image_size
        if x.shape[1:] != (3, size, size):
            raise UserError(
                f"noised CLIP: it reads pictures of {size} x {size} pixels, and these have "
                f"{x.shape[3]} x {x.shape[2]}\n  train one on an environment of their size"
            )
        return self._directions(self.image(x, t.round().long()))

    def similarity(self, x: Tensor, t: Tensor, prompts: Sequence[str]) -> Tensor:
        """Cosine `(b,)` of each picture and its own caption; pictures as in `encode_image`."""
        return (self.encode_image(x, t) * self.encode_text(prompts)).sum(dim=-1)

    def guidance(self, prompts: Sequence[str], factor: float = 1.0) -> Callable[[Tensor, Tensor], Tensor]:
        """What leads a diffusion to captions: `factor * grad_x scale * (z_i . z_t)` (section 2.4).

        The captions are encoded once.

        Args:
            prompts: b captions.
            factor: the paper's s.

        Returns:
            A function of noisy pictures `(b, 3, size, size)` and original timesteps `(b,)`,
            whose gradients `(b, 3, size, size)` work inside `no_grad` and `inference_mode` too.
        """
        with torch.inference_mode(mode=False), torch.no_grad():
            aim = factor * self.scale * self.encode_text(prompts)

        def gradient(x: Tensor, t: Tensor) -> Tensor:
            if len(x) != len(aim):
                raise ValueError(f"{len(x)} pictures for {len(aim)} captions")
            with torch.inference_mode(mode=False), torch.enable_grad():
                inputs = x.clone().requires_grad_()
                total = (self.encode_image(inputs, t.clone()) * aim).sum()
                return torch.autograd.grad(total, inputs)[0]

        return gradient

    def _directions(self, embeddings: Tensor) -> Tensor:
        # In the precision of the weights, also where products are made in another.
        return F.normalize(embeddings.to(self.log_scale), dim=-1)

    def get_extra_state(self) -> Tensor:
        """Architecture and vocabulary as JSON in bytes: state dicts hold tensors."""
        description = {"options": asdict(self.options), "tokenizer": self.tokenizer.to_json()}
        return torch.frombuffer(bytearray(json.dumps(description).encode()), dtype=torch.uint8)

    def set_extra_state(self, state: Tensor) -> None:
        options, self.tokenizer = described(state)
        if options != self.options:
            ours, theirs = asdict(self.options), asdict(options)
            differing = next(name for name in ours if ours[name] != theirs[name])
            raise RuntimeError(f"its {differing} is {theirs[differing]}, not {ours[differing]}")


def described(state: Tensor) -> tuple[NoisedCLIPOptions, Tokenizer]:
    """Architecture and vocabulary in a model's extra state."""
    description: dict[str, Any] = json.loads(bytes(state.cpu().numpy()))
    return NoisedCLIPOptions(**description["options"]), Tokenizer.from_json(description["tokenizer"])
