"""Installed plugins for tests: a package and its metadata in a folder on `sys.path`."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from pathlib import Path
from textwrap import dedent

HOOKS = """
    from framework import Component, hookimpl

    @hookimpl
    def register_environments():
        yield Component("{component}", "nowhere.at_all:make", doc="made up")
"""


def install(
    folder: Path,
    name: str,
    code: str | None = None,
    *,
    version: str = "1.0",
    distribution: str | None = None,
    component: str = "thing",
    requires: Iterable[str] = (),
) -> str:
    """Put a plugin into `folder`; return the name of its module, which no other has.

    Args:
        folder: to be put on `sys.path` by the caller.
        name: the entry point's name.
        code: the module's text; by default it registers one environment.
        requires: what its distribution depends on.
    """
    distribution = distribution or f"framework-{name}"
    module = f"plugin_{uuid.uuid4().hex}"
    (folder / f"{module}.py").write_text(dedent(HOOKS.format(component=component) if code is None else code))
    metadata = folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
    metadata.mkdir()
    needs = "".join(f"Requires-Dist: {line}\n" for line in requires)
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n{needs}"
    )
    (metadata / "entry_points.txt").write_text(f"[framework]\n{name} = {module}\n")
    return module


TOY = """
    from dataclasses import dataclass
    from pathlib import Path
    from typing import Annotated, Literal

    from typing import Any

    from framework import Component, Param, Part, hookimpl


    @dataclass(frozen=True, kw_only=True)
    class Wrap:
        inner: Annotated[Part["algorithm"], Param("what is wrapped")]
        pool: Annotated[list[Part["evaluator"]], Param("of judges")] = ()


    @dataclass(frozen=True, kw_only=True)
    class Budget:
        steps: Annotated[int, Param("how long", unit="env steps", ge=1, may_change=True)] = 100


    @dataclass(frozen=True, kw_only=True)
    class Learn:
        budget: Annotated[Budget, Param("when to stop")]
        rate: Annotated[float, Param("step size, of which a long explanation follows here", gt=0, lt=1)] = 0.1
        mode: Annotated[Literal["fast", "careful"], Param("how")] = "fast"
        sizes: tuple[int, ...] = (8, 8)
        log: bool = False
        start: Path | None = None
        seed: int = 0


    @hookimpl
    def register_algorithms():
        yield Component("learn", f"{__name__}:make", Learn, doc="Learns a little", source="Nobody 2020")
        yield Component("wrap", f"{__name__}:make", Wrap, doc="Wraps another")
        yield Component("gone", f"{__name__}:make", f"{__name__}:Missing", doc="Cannot be described")


    @hookimpl
    def register_evaluators():
        yield Component("judge", f"{__name__}:judge", doc="Judges")


    def make(*given):
        return given


    def judge(episodes: Annotated[int, Param("episodes", ge=1)] = 10):
        return episodes
"""
