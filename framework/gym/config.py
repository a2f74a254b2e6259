"""Parameters of `gymnasium/make`."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from framework.component import Param

MISSING = "gymnasium is not installed: pip install 'framework-core[sim]' (or gymnasium alone)"


@dataclass(frozen=True, kw_only=True)
class WrapperConfig:
    """A wrapper with parameters of its own."""

    wrapper: Annotated[str, Param("where it is, package.module:Class")]
    kwargs: Annotated[dict[str, Any], Param("what it is called with, after the environment")] = field(
        default_factory=dict
    )

    def __post_init__(self) -> None:
        if not all(self.wrapper.partition(":")):
            raise ValueError(f"wrapper has to be package.module:Class, not {self.wrapper!r}")


@dataclass(frozen=True, kw_only=True)
class MakeConfig:
    """What `gymnasium.make` is called with, and how many environments it makes."""

    id: Annotated[str, Param("name it is registered under; of module:Name-v0 the module is imported first")]
    num_envs: Annotated[int, Param("parallel environments", ge=1)] = 1
    kwargs: Annotated[dict[str, Any], Param("what the environment itself is called with")] = field(
        default_factory=dict
    )
    max_episode_steps: Annotated[
        int | None, Param("steps after which an episode is cut off, in place of the registered number", ge=1)
    ] = None
    wrappers: Annotated[
        tuple[str | WrapperConfig, ...],
        Param("gymnasium wrappers around each environment, the innermost first, as package.module:Class"),
    ] = ()
    vectorization: Annotated[
        Literal["sync", "async"],
        Param("step them one after the other, or each in a process of its own, for slow ones"),
    ] = "sync"

    def __post_init__(self) -> None:
        if importlib.util.find_spec("gymnasium") is None:
            raise ValueError(MISSING)
        for wrapper in self.wrappers:
            if isinstance(wrapper, str):
                WrapperConfig(wrapper=wrapper)
