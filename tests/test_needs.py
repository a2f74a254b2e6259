"""What a component needs is read from its source, without importing it."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from framework import Component
from framework.component import Kind
from framework.needs import derives, misfit, needs

PARTS = """
    import no_library_of_this_name

    from .base import Based, Trainer as Learner
    from elsewhere import Foreign


    def unused(environment, config): return 1
    def used(environment, config): return environment.size
    def maybe(environment: "Space | None", config): return environment and environment.size
    def optional(environment: Optional[Space], config): return environment and environment.size
    def default(environment=None, config=None): return environment.size
    def any_number(*given): return given
    def short(config): return config
    def long(environment, config, more, *, even): return environment, even
    def keywords(environment, width=3): return environment.size

    @no_library_of_this_name.decorate
    def decorated(config): return config

    class Own:
        def __init__(self, environment, model, config): self.given = environment, model

    class Handed(Learner):
        def __init__(self, environment, model, config): super().__init__(environment, None, config)

    class Inherited(Based): ...
    class Unknown(Foreign): ...

    class Judge:
        def __init__(self, config): ...
        def __call__(self, algorithm, environment): return algorithm.act(environment)

    class Looker(Judge):
        def __call__(self, algorithm, environment): return environment.column

    class Wrong(Judge):
        def __call__(self, algorithm): return algorithm

    from lightning import LightningModule
    import lightning.pytorch as pl
    from framework.wrapper import Wrapper

    class Plain(LightningModule): ...
    class Dotted(pl.LightningModule): ...
    class Around(Wrapper): ...
    class Mixed(Foreign, Handed): ...

    def judge(config) -> Judge: return Judge(config)
    def trainer(config) -> Handed: return Handed(config)
    def mystery(config): return judge(config)
    """
BASE = """
    class Trainer:
        def __init__(self, environment, model, config): self.given = environment, model

    class Based(Trainer): ...
    """


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "never_imported" / "inner"
    folder.mkdir(parents=True)
    (tmp_path / "never_imported" / "__init__.py").write_text("")
    (folder / "__init__.py").write_text("raise RuntimeError('heavy')")
    (folder / "parts.py").write_text(dedent(PARTS))
    (folder / "base.py").write_text(dedent(BASE))
    monkeypatch.syspath_prepend(tmp_path)


def component(kind: Kind, name: str, parameters: str | None = "x:Config") -> Component:
    return dataclasses.replace(
        Component("x", f"never_imported.inner.parts:{name}", parameters), plugin="toy", kind=kind
    )


ENVIRONMENT, MODEL = ("environment",), ("model",)
MADE = ("algorithm", "model", "output")


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("model", "unused", []),
        ("model", "used", [ENVIRONMENT]),
        ("model", "maybe", []),
        ("model", "optional", []),
        ("model", "default", []),
        ("model", "any_number", []),
        ("model", "decorated", []),
        ("model", "nowhere", []),
        ("algorithm", "Own", [ENVIRONMENT, MODEL]),
        ("algorithm", "Handed", [ENVIRONMENT]),
        ("algorithm", "Inherited", [ENVIRONMENT, MODEL]),
        ("algorithm", "Unknown", []),
        ("evaluator", "Judge", [MADE, ENVIRONMENT]),
        ("evaluator", "Looker", [ENVIRONMENT]),
        ("evaluator", "judge", [MADE, ENVIRONMENT]),
        ("evaluator", "mystery", []),
    ],
)
def test_needs(kind: Kind, name: str, expected: list[tuple[str, ...]]) -> None:
    assert needs(component(kind, name)) == expected
    assert "never_imported" not in sys.modules


def test_declared_needs_win() -> None:
    declared = dataclasses.replace(component("evaluator", "Judge"), needs=("algorithm",))
    assert needs(declared) == [("algorithm",)]


WHERE = "never_imported.inner.parts"


@pytest.mark.parametrize(
    ("kind", "name", "parameters", "said"),
    [
        ("model", "used", "x:Config", ""),
        ("model", "any_number", "x:Config", ""),
        ("model", "keywords", None, ""),
        ("model", "decorated", "x:Config", ""),
        (
            "model",
            "short",
            "x:Config",
            f"{WHERE}:short takes (config), and is called with (environment, parameters)",
        ),
        (
            "model",
            "long",
            "x:Config",
            (
                f"{WHERE}:long takes (environment, config, more, even=), and is called with "
                "(environment, parameters)"
            ),
        ),
        (
            "algorithm",
            "keywords",
            None,
            "",
        ),
        (
            "evaluator",
            "Wrong",
            "x:Config",
            f"what {WHERE}:Wrong builds takes (algorithm), and is called with (algorithm, environment)",
        ),
    ],
)
def test_misfit(kind: Kind, name: str, parameters: str | None, said: str) -> None:
    assert misfit(component(kind, name, parameters)) == said


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Handed", True),
        ("trainer", True),
        ("Mixed", True),
        ("Own", False),
        ("Inherited", True),
        ("Looker", False),
        ("Plain", False),
        ("Dotted", False),
        # Not to be told: from elsewhere, a wrapper that passes for what it wraps, one that does not say.
        ("Unknown", None),
        ("Around", None),
        ("mystery", None),
        ("nowhere", None),
    ],
)
def test_derives(name: str, expected: bool | None) -> None:
    assert derives(component("algorithm", name), "never_imported.inner.base:Trainer") is expected
