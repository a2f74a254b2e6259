"""Scaling of observations: one mean for each number that a kind of entity has."""

from __future__ import annotations

from collections.abc import Mapping

from gymnasium import spaces
from torch import Tensor, nn

from framework.rl.normalizer import Normalizer
from framework_hide_seek.model.encoder import kinds


class EntityNormalizer(nn.Module):
    """Scales all entities of a kind alike, and all rays of the lidar, by what was seen in training.

    Entities that do not exist are not counted.

    Args:
        space: of one agent's observation.
        clip: of what comes out.
    """

    def __init__(self, space: spaces.Dict, clip: float = 5.0) -> None:
        super().__init__()
        self.kinds = kinds(space)
        sizes = {key: space[key].shape[-1] for key in ("self", *self.kinds)}  # type: ignore[index]
        options = {"clip": clip, "input_clip": float("inf")}
        self.parts = nn.ModuleDict(
            {key: Normalizer(size, **options) for key, size in {**sizes, "lidar": 1}.items()}
        )

    def update(self, observation: Mapping[str, Tensor]) -> None:
        """Count observations `(*batch, ...)`."""
        self.parts["self"].update(observation["self"].flatten(0, -2))  # type: ignore[operator]
        self.parts["lidar"].update(observation["lidar"].reshape(-1, 1))  # type: ignore[operator]
        for kind in self.kinds:
            self.parts[kind].update(observation[kind][observation[f"{kind}_exists"].bool()])  # type: ignore[operator]

    def forward(self, observation: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Scale observations `(*batch, ...)`; masks pass as they are."""
        scaled = {key: self.parts[key](observation[key]) for key in ("self", *self.kinds)}
        scaled["lidar"] = self.parts["lidar"](observation["lidar"].unsqueeze(-1)).squeeze(-1)
        return {**observation, **scaled}
