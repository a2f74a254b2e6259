"""What the released environments observe, out of what this game's agents do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import torch
from torch import Tensor, nn

from framework.errors import UserError
from framework_hide_seek.released.arrays import Arrays
from framework_hide_seek.scene import AGENT, BOX

Seen: TypeAlias = Mapping[str, Tensor]

#: Kinds of entities in the order of their layers: what they are called there and here. The agent itself
#: comes before the last.
KINDS = {
    "agent_qpos_qvel": "agents",
    "box_obs": "boxes",
    "ramp_obs": "ramps",
    "construction_site_obs": "sites",
}
#: Numbers of each, as many as released policies have: with or without sides (m), and locks.
SIZES = {"agents": (10,), "boxes": (9, 12, 15), "ramps": (9, 12, 15), "sites": (15,)}
_REST = {"agents": AGENT, "boxes": BOX, "ramps": BOX}


class Translation(nn.Module):
    """From this game's observations to the released ones', scaled as a policy's file says.

    There positions are on the floor, not from the agent; an agent's turn is an angle, of which nothing but
    the direction is known here; and how high something is that rests on the floor is what the file says it
    was on average.

    Args:
        arrays: of the file.
        kinds: that the game has.

    Attributes:
        kinds: that policy and game have, as they are called here, in their order.

    Raises:
        UserError: the policy knows of things that this game does not have, or of other numbers of them.
    """

    def __init__(self, arrays: Arrays, kinds: list[str]) -> None:
        super().__init__()
        self.kinds, self.sizes = [], {}
        self._scale("self", arrays, "normalize_self_obs/obsfilter", 10)
        self._scale("lidar", arrays, "normalize_lidar/obsfilter/lidar", 1)
        names = [name.split("/")[0] for name in arrays.arrays if name.startswith("normalize_")]
        known = {name.removeprefix("normalize_") for name in names} - {"self_obs", "lidar"}
        for name in known:
            if KINDS.get(name) not in kinds:
                raise UserError(
                    f"{arrays.path}: the policy knows of {name}, which the environment has none of\n"
                    f"  this one has {', '.join(kinds)}"
                )
        for name, kind in KINDS.items():
            if name not in known:
                continue
            prefix = f"normalize_{name}/obsfilter/{name}"
            size = arrays.get(f"{prefix}/mean", None).shape[0]
            if size not in SIZES[kind]:
                raise UserError(
                    f"{arrays.path}: {prefix}/mean is ({size},), where one of {SIZES[kind]} is needed"
                )
            self._scale(kind, arrays, prefix, size)
            self.kinds.append(kind)
            self.sizes[kind] = size

    def _scale(self, name: str, arrays: Arrays, prefix: str, size: int) -> None:
        """Keep mean and deviation; those in the file are short of the weight that zeros had at first."""
        mean, square, weight = (
            torch.from_numpy(arrays.get(f"{prefix}/{part}", size))
            for part in ("mean", "sq", "debiasing_term")
        )
        weight = weight.clamp(min=1e-6)
        mean = mean / weight
        self.register_buffer(f"{name}_mean", mean)
        self.register_buffer(f"{name}_std", (square / weight - mean.square()).clamp(min=1e-2).sqrt())

    def forward(self, seen: Seen) -> dict[str, Tensor]:
        """Observations `(*batch, ...)` as `self`, `lidar`, kinds and their masks."""
        own = seen["self"]
        told = {"self": self._scaled("self", self._agent(own, own[..., 9], own[..., 10]))}
        told["lidar"] = self._scaled("lidar", seen["lidar"].unsqueeze(-1)).squeeze(-1)
        for kind in self.kinds:
            numbers = getattr(self, f"_{kind}")(seen[kind], own[..., None, :])
            told[kind] = self._scaled(kind, numbers)
            told[f"{kind}_mask"] = seen[f"{kind}_mask"].to(own.dtype)
        return told

    def _scaled(self, name: str, x: Tensor) -> Tensor:
        mean, std = getattr(self, f"{name}_mean"), getattr(self, f"{name}_std")
        scaled: Tensor = ((x - mean) / std).clamp(-5, 5)
        return scaled

    def _agent(self, x: Tensor, hides: Tensor, left: Tensor, kind: str = "self") -> Tensor:
        """Position, turn, velocity, whether it hides, and how much of the preparation is over."""
        turn = torch.atan2(x[..., 3], -x[..., 4])
        height = self._height("agents", kind, x[..., 2])
        parts = [x[..., 0], x[..., 1], height, turn, *x[..., 5:9].unbind(-1), hides, 1 - left]
        return torch.stack(parts, -1)

    def _height(self, kind: str, scale: str, z: Tensor) -> Tensor:
        mean: Tensor = getattr(self, f"{scale}_mean")[2]
        return mean + z - _REST[kind]

    def _agents(self, x: Tensor, own: Tensor) -> Tensor:
        there = torch.cat([own[..., :2] + x[..., :2], x[..., 2:9]], -1)
        left = own[..., 10].expand(x.shape[:-1])
        return self._agent(there, x[..., 9], left, "agents")

    def _boxes(self, x: Tensor, own: Tensor) -> Tensor:
        return self._thing("boxes", x, own, sides=x[..., 9:12])

    def _ramps(self, x: Tensor, own: Tensor) -> Tensor:
        return self._thing("ramps", x, own, sides=torch.zeros_like(x[..., :3]))

    def _thing(self, kind: str, x: Tensor, own: Tensor, sides: Tensor) -> Tensor:
        """Position, direction, velocity; then sides, and who locked it: this agent, its team, anybody."""
        height = self._height(kind, kind, x[..., 2:3])
        motion = [own[..., :2] + x[..., :2], height, -x[..., 4:5], x[..., 3:4], x[..., 5:9]]
        locked, by_team, by_self = x[..., -4:-1].unbind(-1)
        locks = torch.stack([by_self, by_team, locked], -1)
        more = {9: [], 12: [locks], 15: [sides, locks]}[self.sizes[kind]]
        return torch.cat([*motion, *more], -1)

    def _sites(self, x: Tensor, own: Tensor) -> Tensor:
        height = x[..., 2:3]
        corners = x[..., 3:].reshape(*x.shape[:-1], 4, 2) + own[..., None, :2]
        high = height.unsqueeze(-2).expand(*corners.shape[:-1], 1)
        around = torch.cat([corners, high], -1).flatten(-2)
        return torch.cat([own[..., :2] + x[..., :2], height, around], -1)
