"""Parameters of where experience is collected; no torch is needed to read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from framework.component import Param


@dataclass(frozen=True, kw_only=True)
class CollectorsConfig:
    """Where experience is collected: here, or by workers that each have an environment like the recipe's."""

    use: Annotated[
        Literal["local", "processes", "ray"],
        Param(
            "step the environment here; or let workers step one each, as processes of this machine, or "
            "as actors of the Ray cluster that RAY_ADDRESS names, else of this machine"
        ),
    ] = "local"
    workers: Annotated[
        int,
        Param("how many; each takes a cycle's steps in its own parallel environments", ge=1),
    ] = 1
    cpus: Annotated[float, Param("processor cores that Ray keeps for each worker", unit="cores", gt=0)] = 1.0

    def __post_init__(self) -> None:
        if self.use == "local" and self.workers > 1:
            raise ValueError("collectors.workers: with more than one, give use: processes or use: ray")
