"""From what an agent observes to features: lidar, entities, attention (appendix B)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from gymnasium import spaces
from torch import Tensor, nn

from framework.errors import UserError
from framework_hide_seek.model.attention import PooledAttention


class CircularConvolution(nn.Module):
    """A convolution around a circle of rays, as one matrix product.

    Args:
        rays: how many; the last is the first one's neighbour.
        filters: numbers out for each ray.
        kernel: rays that each filter sees, an odd number.
    """

    place: Tensor

    def __init__(self, rays: int, filters: int, kernel: int) -> None:
        super().__init__()
        self.rays, self.filters = rays, filters
        self.weight = nn.Parameter(torch.empty(filters, kernel))
        self.bias = nn.Parameter(torch.zeros(filters))
        nn.init.xavier_uniform_(self.weight)
        # Which weight leads from each ray to each place: the last, a zero, where none does.
        offset = (torch.arange(rays) - torch.arange(rays)[:, None] + kernel // 2) % rays
        self.register_buffer("place", offset.clamp(max=kernel), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """`(n, rays)` to `(n, rays * filters)`, ray by ray."""
        padded = nn.functional.pad(self.weight, (0, 1))
        matrix = padded[:, self.place].transpose(0, 1).reshape(self.rays * self.filters, self.rays)
        return torch.addmm(self.bias.repeat(self.rays), x, matrix.T)


class EntityEncoder(nn.Module):
    """Embeds what an agent is and sees, lets the entities attend to each other, and pools them.

    `main` is the agent's own state beside the lidar, convolved. Each entity is embedded with it, by a dense
    layer for its kind, and `main` itself as one more.

    Args:
        space: of one agent's observation: `self`, `lidar`, and for each kind of entity an array
            `(count, features)`, `*_mask` and `*_exists`.
        embedding: units of each entity.
        heads: of the attention.
        filters, kernel: of the convolution.
        omniscient: whether it knows of all entities that exist, seen or not: a critic's.

    Attributes:
        features: numbers out.
    """

    def __init__(
        self,
        space: spaces.Dict,
        *,
        embedding: int,
        heads: int,
        filters: int,
        kernel: int,
        omniscient: bool,
    ) -> None:
        super().__init__()
        self.features, self.kinds = embedding, kinds(space)
        self.masks = [f"{kind}_{'exists' if omniscient else 'mask'}" for kind in self.kinds]
        rays = space["lidar"].shape[0]  # type: ignore[index]
        self.lidar = CircularConvolution(rays, filters, kernel)
        main = space["self"].shape[0] + rays * filters  # type: ignore[index]
        # A dense layer on [main, entity] is a sum: its part for main is the same for all entities of a kind.
        self.main = nn.Linear(main, embedding * (1 + len(self.kinds)))
        self.entities = nn.ModuleList(
            nn.Linear(space[kind].shape[-1], embedding, bias=False)  # type: ignore[index]
            for kind in self.kinds
        )
        nn.init.zeros_(self.main.bias)
        for index, layer in enumerate([None, *self.entities]):
            rows = self.main.weight[index * embedding : (index + 1) * embedding]
            inputs = main + (0 if layer is None else layer.in_features)
            bound = (6 / (inputs + embedding)) ** 0.5  # Glorot's, of the layer on both
            for weight in [rows] if layer is None else [rows, layer.weight]:
                nn.init.uniform_(weight, -bound, bound)
        self.attention = PooledAttention(embedding, heads)

    def forward(self, observation: Mapping[str, Tensor]) -> Tensor:
        """Observations `(*batch, ...)` to `(*batch, features)`."""
        batch = observation["self"].shape[:-1]
        own, lidar = (observation[key].reshape(-1, observation[key].shape[-1]) for key in ("self", "lidar"))
        n = own.shape[0]  # len() would fix the size of batches of what is exported
        main = torch.cat([own, self.lidar(lidar).relu_()], -1)
        first, *parts = self.main(main).split(self.features, -1)
        embedded, there = [first.unsqueeze(1)], [torch.ones_like(own[:, :1], dtype=torch.bool)]
        for kind, mask, layer, part in zip(self.kinds, self.masks, self.entities, parts, strict=True):
            entities = observation[kind].reshape(n, *observation[kind].shape[-2:])
            embedded.append(layer(entities) + part.unsqueeze(1))
            there.append(observation[mask].reshape(n, -1).bool())
        pooled = self.attention(torch.cat(embedded, 1).relu_(), torch.cat(there, 1))
        return pooled.reshape(*batch, -1)  # type: ignore[no-any-return]


def kinds(space: spaces.Space[object]) -> list[str]:
    """The kinds of entities that an agent may see.

    Raises:
        UserError: it sees other things, or not as this model reads them.
    """
    names = list(space.spaces) if isinstance(space, spaces.Dict) else []
    found = [name.removesuffix("_mask") for name in names if name.endswith("_mask")]
    wanted = ["self", "lidar", *found, *(f"{kind}_exists" for kind in found)]
    if missing := [name for name in wanted if name not in names]:
        raise UserError(
            f"hide_seek/entities reads no observations {space}\n"
            f"  it needs {', '.join(missing)}, as hide_seek/game has them; for others: rl/actor_critic"
        )
    return found
