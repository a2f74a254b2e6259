"""Parameters of the transfer table; no torch is needed to read them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from framework.component import Param

#: Parameters between two ends: mass: [0.5, 2].
Box = Annotated[
    dict[str, tuple[float, float]],
    Param("what parameters are drawn from, name: [low, high]; the others stay nominal", settable=True),
]

#: Who else is judged, and what the policy itself is called beside them.
Against = Annotated[
    dict[str, Path],
    Param("checkpoints of other trainings of the same model to judge likewise, {none: ${checkpoint:none}}"),
]
Named = Annotated[str, Param("how the policy itself is called in the table")]

#: See `framework.rl.performance`.
Measured = Annotated[
    str,
    Param(
        "what is measured of an episode: `goals`, in how many of its steps info has is_success; "
        "`success`, whether so in the last; `return`; or the last step's entry of this name in it"
    ),
]


def check_box(box: Mapping[str, tuple[float, float]], what: str = "") -> None:
    """Refuse ranges that end below their start.

    Raises:
        ValueError: there is one.
    """
    for name, (low, high) in box.items():
        if not (math.isfinite(low) and math.isfinite(high)):
            raise ValueError(f"{what}{name}: [{low}, {high}] has no end")
        if low > high:
            raise ValueError(f"{what}{name} is from {low} down to {high}: write {name}: [{high}, {low}]")


def check_names(name: str, against: Mapping[str, Path]) -> None:
    """Refuse to call two policies alike.

    Raises:
        ValueError: `name` is in `against`.
    """
    if name in against:
        raise ValueError(f"against has a {name!r}, as the policy itself is called: give name: another")


@dataclass(frozen=True, kw_only=True)
class TransferConfig:
    """Parameters of the transfer table."""

    sets: Annotated[
        dict[str, Box], Param("where to judge, name: {parameter: [low, high]}; {} is the nominal environment")
    ]
    trained: Annotated[
        bool,
        Param(
            "whether to judge within the ranges that the training reached, too, if it widened any, as adr/adr"
        ),
    ] = True
    against: Against = field(default_factory=dict)
    name: Named = "this"
    performance: Measured = "goals"
    episodes: Annotated[int, Param("episodes in each set", unit="episodes", ge=2)] = 256
    seed: Annotated[int, Param("seed of parameters and first states; all policies meet the same", ge=0)] = 0

    def __post_init__(self) -> None:
        for name, box in self.sets.items():
            check_box(box, f"sets.{name}: ")
        check_names(self.name, self.against)
        if not (self.sets or self.trained):
            raise ValueError("there is no set to judge in: write sets: {nominal: {}}")
