"""Judge: a convolutional network with one head per attribute."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from framework.errors import UserError
from framework_glide.evaluation.judge.config import JudgeConfig

#: Width and height of the grid that features are read from: what is left, right, above and below.
GRID = 4

#: Pictures whose activations are in memory at once.
BATCH = 256


class Judge(nn.Module):
    """Reads the classes of attributes from clean pictures.

    Args:
        attributes: names of the classes, by attribute.
        size: width and height of the pictures.
        config: the architecture.
    """

    def __init__(self, attributes: Mapping[str, Sequence[str]], size: int, config: JudgeConfig) -> None:
        super().__init__()
        self.attribute_names = {name: tuple(classes) for name, classes in attributes.items()}
        self.size, self.config = size, config
        layers: list[nn.Module] = []
        width, resolution = 3, size
        for stage in range(max(1, (size // GRID).bit_length())):
            wider = config.channels[min(stage, len(config.channels) - 1)]
            if stage:
                resolution = -(-resolution // 2)
            layers += [nn.Conv2d(width, wider, 3, stride=2 if stage else 1, padding=1)]
            layers += [nn.GroupNorm(8, wider), nn.SiLU()]
            width = wider
        self.trunk = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(GRID), nn.Flatten())
        self.project = nn.Linear(width * GRID**2, config.features)
        self.dropout = nn.Dropout(config.dropout)
        self.heads = nn.ModuleDict(
            {name: nn.Linear(config.features, len(classes)) for name, classes in self.attribute_names.items()}
        )

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Logits `(b, classes)` of each attribute, from images `(b, 3, size, size)` in [-1, 1]."""
        read = self.dropout(self.embed(images))
        return {name: head(read) for name, head in self.heads.items()}

    def embed(self, images: Tensor) -> Tensor:
        """Features `(b, d)` of images `(b, 3, size, size)` in [-1, 1]."""
        return F.silu(self.project(self.trunk(images)))

    def features(self, pictures: NDArray[np.uint8] | Tensor) -> NDArray[np.float32]:
        """`(n, d)`: what the heads read. Pictures as in `attributes`."""
        with torch.inference_mode():
            parts = [self.embed(part).float().cpu().numpy() for part in self._batches(pictures)]
        return np.concatenate(parts) if parts else np.zeros((0, self.config.features), np.float32)

    def attributes(self, pictures: NDArray[np.uint8] | Tensor) -> dict[str, NDArray[np.int64]]:
        """The likeliest class of each attribute, `(n,)` by name.

        Args:
            pictures: `(n, size, size, 3)` uint8, or a tensor `(n, 3, size, size)` in [-1, 1].
        """
        return {name: logits.argmax(axis=1) for name, logits in self._log_softmax(pictures).items()}

    def probabilities(self, pictures: NDArray[np.uint8] | Tensor) -> dict[str, NDArray[np.float64]]:
        """How likely each class is, `(n, classes)` by attribute. Pictures as in `attributes`."""
        return {name: np.exp(logits) for name, logits in self._log_softmax(pictures).items()}

    def log_probability(
        self, pictures: NDArray[np.uint8] | Tensor, rows: Mapping[str, Any]
    ) -> NDArray[np.float64]:
        """Log-probability of what the captions say, `(n,)`: the sum over the attributes they mention.

        Args:
            pictures: as in `attributes`.
            rows: classes `(n,)` by attribute; `mentioned`, if it is there, lists for each picture
                which of them count.
        """
        total = np.zeros(len(pictures))
        for name, logs in self._log_softmax(pictures).items():
            wanted: ArrayLike = np.asarray(rows[name])
            one = np.take_along_axis(logs, np.asarray(wanted)[:, None], axis=1)[:, 0]
            if "mentioned" in rows:
                one = np.where([name in spoken for spoken in rows["mentioned"]], one, 0.0)
            total += one
        return total

    def get_extra_state(self) -> Tensor:
        """Attributes, size and architecture as JSON in bytes: state dicts hold tensors."""
        config = {"channels": self.config.channels, "features": self.config.features}
        described = {"attributes": self.attribute_names, "size": self.size, "config": config}
        return torch.frombuffer(bytearray(json.dumps(described).encode()), dtype=torch.uint8)

    def set_extra_state(self, state: Tensor) -> None:
        described = judge_described_by(state)
        if (described.attribute_names, described.size) != (self.attribute_names, self.size):
            raise RuntimeError(
                f"it reads {', '.join(described.attribute_names)} from {described.size} px, "
                f"not {', '.join(self.attribute_names)} from {self.size} px"
            )

    def _log_softmax(self, pictures: NDArray[np.uint8] | Tensor) -> dict[str, NDArray[np.float64]]:
        found: dict[str, list[NDArray[np.float64]]] = {name: [] for name in self.attribute_names}
        with torch.inference_mode():
            for part in self._batches(pictures):
                for name, logits in self(part).items():
                    found[name].append(logits.double().log_softmax(dim=1).cpu().numpy())
        return {
            name: np.concatenate(parts) if parts else np.zeros((0, len(self.attribute_names[name])))
            for name, parts in found.items()
        }

    def _batches(self, pictures: NDArray[np.uint8] | Tensor) -> Iterator[Tensor]:
        """Pictures of either kind as the network takes them, a few at a time."""
        if self.training:
            raise RuntimeError("a judge in training mode drops features; call eval() first")
        weight = self.project.weight
        for start in range(0, len(pictures), BATCH):
            part = pictures[start : start + BATCH]
            if isinstance(part, np.ndarray):
                part = torch.from_numpy(np.ascontiguousarray(part)).permute(0, 3, 1, 2) / 127.5 - 1
            if part.shape[1:] != (3, self.size, self.size):
                raise UserError(
                    f"the judge reads pictures of {self.size} x {self.size} pixels, and these have "
                    f"{part.shape[3]} x {part.shape[2]}\n  train a judge on an environment of their size"
                )
            yield part.to(weight)


def judge_described_by(state: Tensor) -> Judge:
    """An untrained judge like the one whose extra state this is."""
    described: dict[str, Any] = json.loads(bytes(state.cpu().numpy()))
    attributes = {name: tuple(classes) for name, classes in described["attributes"].items()}
    config = described["config"]
    return Judge(
        attributes,
        described["size"],
        JudgeConfig(channels=tuple(config["channels"]), features=config["features"]),
    )
