"""A made-up plugin with a parameter of every type, for the tests of recipes."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import pytest

from framework import Component, Param, Part
from framework.component import Kind
from framework.plugins import Plugin
from framework.recipe import Use
from framework.registry import Registry

if TYPE_CHECKING:
    from decimal import Decimal


@dataclass(frozen=True, kw_only=True)
class World:
    size: Annotated[int, Param("rooms", unit="rooms", ge=1, le=100)] = 4
    gravity: Annotated[float, Param("pull", unit="m/s^2")] = -9.81
    walls: Annotated[bool, Param("whether there are walls")] = True
    seed: Annotated[int, Param("of the layout", ge=0)]


@dataclass(frozen=True, kw_only=True)
class Net:
    hidden: Annotated[list[int], Param("units of each layer", ge=1)] = field(default_factory=lambda: [64, 64])
    activation: Annotated[Literal["relu", "tanh"], Param("between layers")] = "relu"
    weights: Annotated[Path | None, Param("start from these")] = None
    start: Annotated[str, Param("name of the start")] = "zero"


@dataclass(frozen=True, kw_only=True)
class Forces:
    forces: Annotated[dict[str, float], Param("of each", settable=True)] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Budget:
    steps: Annotated[int | None, Param("steps", unit="env steps", ge=1)] = None
    seconds: Annotated[float | None, Param("time", unit="s", gt=0)] = None

    def __post_init__(self) -> None:
        if (self.steps is None) == (self.seconds is None):
            raise ValueError("give either steps or seconds")


class Order(enum.Enum):
    FIRST = "first in"
    LAST = "last in"


@dataclass(frozen=True, kw_only=True)
class Learn:
    budget: Annotated[Budget, Param("when to stop")]
    rate: Annotated[float, Param("learning rate", gt=0, lt=1)] = 1e-3
    k: Annotated[int, Param("goals", ge=0)] = 4
    order: Annotated[Order, Param("of the buffer")] = Order.FIRST
    betas: Annotated[tuple[float, float], Param("Adam's", ge=0, lt=1)] = (0.9, 0.999)
    sizes: Annotated[tuple[int, ...], Param("any number of sizes")] = ()
    schedule: Annotated[float | list[float], Param("one number, or one for each phase")] = 1.0
    extra: Annotated[dict[str, float], Param("weights of the losses", ge=0)] = field(default_factory=dict)
    by_level: Annotated[dict[int, str], Param("names of levels")] = field(default_factory=dict)
    anything: Annotated[Any, Param("free")] = None
    base: Annotated[Path | None, Param("checkpoint to start from")] = None
    clip: Annotated[float, Param("unbounded or not")] = float("inf")
    low: Annotated[int, Param("low end")] = 0
    high: Annotated[int, Param("high end")] = 10
    later: Annotated[Budget | None, Param("a second phase")] = None

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError(f"low ({self.low}) is above high ({self.high})")


@dataclass(frozen=True, kw_only=True)
class Opponents:
    pool: Annotated[list[Part["model"]], Param("who plays")] = field(default_factory=list)  # noqa: F821, UP037  # type: ignore[name-defined,type-arg]
    share: Annotated[float, Param("of the games", ge=0, le=1)] = 0.5


@dataclass(frozen=True, kw_only=True)
class Wrap:
    inner: Annotated[Any, Part("algorithm"), Param("what is wrapped")]
    worlds: Annotated[dict[str, Annotated[Any, Part("environment")]], Param("by name")] = field(
        default_factory=dict
    )
    critic: Annotated[Any | None, Param("beside it")] = None
    judge: Annotated[Annotated[Any, Part("evaluator")] | None, Param("of what is learnt")] = None
    opponents: Annotated[Opponents | None, Param("to play against")] = None
    seed: Annotated[int, Param("of the wrapper", ge=0)]


@dataclass(frozen=True, kw_only=True)
class Around:
    of: Annotated[Any, Part("environment"), Param("what is wrapped")]
    friend: Annotated[Annotated[Any, Part("model")] | None, Param("walks along")] = None


@dataclass(frozen=True, kw_only=True)
class Across:
    of: Annotated[Any, Part("evaluator"), Param("asked again and again")]
    judge: Annotated[Annotated[Any, Part("model")] | None, Param("whose word counts")] = None


@dataclass(frozen=True, kw_only=True)
class Beater:
    rival: Annotated[Any, Part("algorithm"), Param("to be beaten")]


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    price: Decimal


@dataclass(frozen=True, kw_only=True)
class Brittle:
    value: int = 0

    def __post_init__(self) -> None:
        raise TypeError("broke")


@dataclass(frozen=True, kw_only=True)
class Fragile:
    value: int = 0
    brittle: Brittle | None = None
    unreadable: Unreadable | None = None

    def __post_init__(self) -> None:
        if self.value:
            raise RuntimeError("worn out")


@dataclass
class Built:
    """What every builder here returns: what it was given."""

    given: tuple[Any, ...]
    options: dict[str, Any]

    def __call__(self, algorithm: Any, environment: Any) -> Any:
        return algorithm, environment


def build(*given: Any, **options: Any) -> Built:
    return Built(given, options)


def build_from(use: Use | None, *context: Any, **options: Any) -> Built:
    """Build what a recipe says, which is of no kind the core knows."""
    assert use is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("framework.building._fits", lambda built, kind: True)
        patch.setattr("framework.building.unbound", lambda *_: "")
        return cast("Built", use.build(*context, **options))


def judge(episodes: Annotated[int, Param("episodes", ge=1)] = 10, names: Sequence[str] = ()) -> Built:
    return Built((), {"episodes": episodes, "names": names})


def component(kind: Kind, name: str, parameters: type | str | None, target: str = "build") -> Component:
    made = Component(
        name,
        f"{__name__}:{target}",
        parameters,
        doc=f"A {name} made up",
        source="Nobody 2020, section 1",
    )
    return replace(made, plugin="toy", kind=kind, distribution="framework-toy")


def registry() -> Registry:
    toy = Plugin(
        "toy",
        "framework-toy",
        "1.2",
        components=[
            component("environment", "world", World),
            component("environment", "empty", None, "nothing"),
            replace(component("environment", "windy", Forces), settable=("wind", "slope")),
            component("algorithm", "stir", Forces),
            component("model", "net", Net),
            component("algorithm", "learn", f"{__name__}:Learn"),
            component("algorithm", "fragile", Fragile),
            component("algorithm", "gone", f"{__name__}:Missing"),
            component("evaluator", "judge", None, "judge"),
            replace(component("evaluator", "critic", None, "judge"), needs=("algorithm", "environment")),
            component("algorithm", "needy", Budget, "needy"),
            component("algorithm", "wrap", f"{__name__}:Wrap"),
            component("environment", "around", Around),
            component("evaluator", "across", Across),
            component("evaluator", "beater", Beater),
            component("evaluator", "weigher", Budget, "Weigher"),
            replace(component("algorithm", "needs_model", Budget), needs=("model",)),
            replace(component("environment", "maker", World), produces=True),
            replace(component("evaluator", "taster", None, "judge"), needs=("output",)),
            component("model", "sized", Budget, "sized"),
            component("model", "narrow", Budget, "nothing"),
        ],
    )
    broken = Plugin("bad", "framework-bad", "0.3", error="ImportError: No module named 'nowhere'")
    return Registry([broken, toy])


def needy(environment: Built, model: Built | None, budget: Budget) -> Built:
    return Built((environment.given, model), {"budget": budget})


def sized(environment: Built, budget: Budget) -> Built:
    return Built((environment.given,), {"budget": budget})


class Weigher:
    def __init__(self, budget: Budget) -> None:
        self.budget = budget

    def __call__(self, algorithm: Any, environment: Any) -> Any:
        return algorithm.weight


def nothing() -> Built:
    return Built((), {})
