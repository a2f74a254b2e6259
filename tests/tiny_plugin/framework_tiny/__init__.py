"""A plugin that fits a line in a blink, and fails on demand: what the core's tests run.

The fixture `tiny_plugin` installs it for this process and those it starts.
"""

from collections.abc import Iterator

from framework import Component, hookimpl


@hookimpl
def register_environments() -> Iterator[Component]:
    yield Component("points", "framework_tiny.parts:Points", "framework_tiny.config:PointsConfig")
    yield Component("maker", "framework_tiny.parts:Maker", "framework_tiny.config:MakerConfig", produces=True)
    yield Component("recorded", "framework_tiny.parts:Recorded", "framework_tiny.config:RecordedConfig")
    yield Component("table", "framework_tiny.parts:make_table", "framework_tiny.config:TableConfig")


@hookimpl
def register_models() -> Iterator[Component]:
    yield Component("line", "framework_tiny.parts:Line", "framework_tiny.config:LineConfig")


@hookimpl
def register_algorithms() -> Iterator[Component]:
    yield Component("descent", "framework_tiny.parts:Descent", "framework_tiny.config:DescentConfig")
    yield Component("fitting", "framework_tiny.parts:Fitting", "framework_tiny.config:FittingConfig")
    yield Component("counting", "framework_tiny.parts:Counting", "framework_tiny.config:CountingConfig")
    yield Component("player", "framework_tiny.parts:Player", "framework_tiny.config:DescentConfig")


@hookimpl
def register_evaluators() -> Iterator[Component]:
    yield Component("error", "framework_tiny.parts:Error", "framework_tiny.config:ErrorConfig")
    yield Component("slope", "framework_tiny.parts:Slope", "framework_tiny.config:ErrorConfig")
    yield Component(
        "count", "framework_tiny.parts:make_count", "framework_tiny.config:ErrorConfig", needs=("output",)
    )
    yield Component("rows", "framework_tiny.parts:make_rows", "framework_tiny.config:ErrorConfig")
    yield Component("slow", "framework_tiny.parts:Slow", "framework_tiny.config:SlowConfig")
