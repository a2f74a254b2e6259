"""A small decoder-only transformer that carries its tokenizer and architecture in its state."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from framework.supervised.precision import autocast
from framework_codex.gpt.blocks import EPS, Block, rotation
from framework_codex.gpt.config import GPTConfig
from framework_codex.gpt.cross_entropy import IGNORE, cross_entropy
from framework_codex.gpt.tokenizer import Tokenizer


class Network(nn.Module):
    """Logits and loss of tokens.

    Args:
        config: the architecture.
        tokenizer: its tokenizer, or a function that makes it when it is first needed, which
            it is not when a state is loaded before.
    """

    def __init__(self, config: GPTConfig, tokenizer: Tokenizer | Callable[[], Tokenizer]) -> None:
        super().__init__()
        self.config = config = replace(config.resolved(), tokenizer=None, weights=None)
        self._tokenizer = tokenizer
        self.embedding = nn.Embedding(config.vocab_size, config.width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.RMSNorm(config.width, EPS)
        self.head = nn.Linear(config.width, config.vocab_size, bias=False)
        if config.tied:
            self.head.weight = self.embedding.weight
        self._initialise()

    @property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer; made now if it was not before."""
        if not isinstance(self._tokenizer, Tokenizer):
            self._tokenizer = self._tokenizer()
        return self._tokenizer

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits `(b, t, len(tokenizer))` of each next token, from tokens `(b, t)`, t up to the context."""
        with autocast(self.config.precision, tokens.device):
            return F.linear(self.features(tokens), self.output).float()

    @property
    def output(self) -> Tensor:
        """The rows of the head that stand for a token, `(len(tokenizer), width)`."""
        return self.head.weight[: len(self.tokenizer)]

    def features(self, tokens: Tensor) -> Tensor:
        """What the logits are read from: `(b, t, width)`."""
        x: Tensor = self.embedding(tokens)
        cos, sin = rotation(self.config, torch.arange(tokens.shape[1], device=tokens.device))
        for block in self.blocks:
            x = block(x, cos[:, None, None], sin[:, None, None])
        normed: Tensor = self.norm(x)
        return normed

    def loss(
        self, tokens: Tensor, targets: Tensor, reduction: Literal["mean", "sum", "none"] = "mean"
    ) -> Tensor:
        """Cross-entropy in nats, with the logits of a part of the batch in memory at a time.

        Args:
            tokens: `(b, t)`.
            targets: `(b, t)`, the token that follows each; -100 where none counts.
            reduction: over the targets that count; `none` gives `(b, t)`, 0 where none counts.
        """
        with autocast(self.config.precision, tokens.device):
            features = self.features(tokens).flatten(0, 1)
            losses = cross_entropy(features, self.output, targets.flatten())
        if reduction == "none":
            return losses.view_as(targets)
        total = losses.sum()
        return total if reduction == "sum" else total / (targets != IGNORE).sum().clamp(min=1)

    def fingerprint(self) -> str:
        """Of weights, tokenizer, architecture and precision."""
        description = self._description()
        for unimportant in ("dropout", "sample_batch"):
            del description["config"][unimportant]
        digest = hashlib.sha256(json.dumps(description, sort_keys=True).encode())
        for name, value in self.named_parameters():
            digest.update(name.encode())
            digest.update(value.detach().cpu().contiguous().view(torch.uint8).numpy().data)
        return digest.hexdigest()[:32]

    def get_extra_state(self) -> Tensor:
        """Architecture and tokenizer as JSON in bytes: whoever walks a state dict expects tensors."""
        return torch.frombuffer(bytearray(json.dumps(self._description()).encode()), dtype=torch.uint8)

    def set_extra_state(self, state: Tensor) -> None:
        theirs = config_of(state)
        for name in ("heads", "rope_base"):  # the others show in the shapes of the weights
            if getattr(theirs, name) != getattr(self.config, name):
                raise RuntimeError(f"its {name} is {getattr(theirs, name)}, not {getattr(self.config, name)}")
        try:
            self._tokenizer = Tokenizer.from_json(described(state)["tokenizer"])
        except Exception as error:  # the library raises plain Exception
            raise ValueError(f"its tokenizer is no byte-level BPE: {error}") from error

    def _description(self) -> dict[str, Any]:
        return {"config": asdict(self.config), "tokenizer": self.tokenizer.to_json()}

    def _initialise(self) -> None:
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                # Branches that add to the residual stream start small (Radford et al. 2019).
                into_stream = name.endswith(("out.weight", "down.weight"))
                scale = (2 * self.config.layers) ** -0.5 if into_stream else 1.0
                nn.init.normal_(parameter, std=0.02 * scale)


def described(state: Tensor) -> dict[str, Any]:
    """What a model's extra state says: its `config` and its `tokenizer`."""
    description: dict[str, Any] = json.loads(bytes(state.cpu().numpy()))
    return description


def config_of(state: Tensor) -> GPTConfig:
    """The architecture in a model's extra state."""
    known = {field.name for field in fields(GPTConfig)}
    return GPTConfig(**{key: value for key, value in described(state)["config"].items() if key in known})
