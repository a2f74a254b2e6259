"""Components are data until they are used; their parameters are read from a dataclass or signature."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from torch import nn

from framework import REQUIRED, Component, Param
from framework.building import build
from framework.component import Kind, describe_callable, describe_dataclass, import_attribute
from framework.errors import PluginError, UserError

if TYPE_CHECKING:
    from decimal import Decimal


@dataclass(frozen=True, kw_only=True)
class Config:
    rate: Annotated[float, Param("learning rate", unit="1/step", gt=0)] = 0.1
    name: str
    layers: list[int] = field(default_factory=lambda: [8])
    hidden: int = field(default=3, init=False)


@dataclass(frozen=True)
class Unreadable:
    price: Decimal


def make(*given: Any) -> tuple[Any, ...]:
    return given


def model(environment: Any, width: Annotated[int, Param("units", ge=1)], depth: int = 2, *more: Any) -> Any:
    return environment, width, depth


class Algorithm:
    def __init__(self, environment: Any, model: Any, *, rate: float = 0.5, loose=None, **rest: Any) -> None:  # type: ignore[no-untyped-def]
        self.given = (environment, model, rate)


class Outer:
    @staticmethod
    def inner() -> str:
        return "inside"


def component(target: str, parameters: type | str | None = None, kind: Kind = "environment") -> Component:
    made = Component("x", f"{__name__}:{target}", parameters)
    return dataclasses.replace(made, plugin="toy", kind=kind, distribution="framework-toy")


def test_making_one_imports_nothing() -> None:
    made = Component("x", "no.such.module:thing", "no.such.module:Config")
    assert made.name == "x"


def test_dataclass_parameters() -> None:
    signature = component("make", Config).signature
    assert list(signature) == ["rate", "name", "layers"]
    rate, name, layers = signature.values()
    assert (rate.type, rate.default, rate.required) == (float, 0.1, False)
    assert rate.param == Param("learning rate", unit="1/step", gt=0)
    assert name.required
    assert name.default is REQUIRED
    assert (layers.type, layers.default) == (list[int], [8])


def test_signature_parameters() -> None:
    signature = component("model", kind="model").signature
    assert list(signature) == ["width", "depth"]
    assert signature["width"].param == Param("units", ge=1)
    assert signature["width"].required
    assert signature["depth"].default == 2


def test_signature_of_a_class() -> None:
    signature = component("Algorithm", kind="algorithm").signature
    assert list(signature) == ["rate", "loose"]
    assert signature["rate"].type is float
    assert signature["loose"].type is Any


class Judge:
    """What a builder of evaluators may return."""

    def __init__(self, *given: Any, **named: Any) -> None:
        self.given, self.named = given, named

    def __call__(self, algorithm: Any, environment: Any) -> None: ...


class Net(nn.Module):
    def __init__(self, environment: Any, width: int, depth: int = 2) -> None:
        super().__init__()
        self.given = (environment, width, depth)


def test_builders_get_a_dataclass_or_keywords() -> None:
    assert build(component("Judge", Config, "evaluator"), name="n").given == (Config(name="n"),)
    assert build(component("Net", kind="model"), "env", width=3).given == ("env", 3, 2)


def taker(config: Config) -> nn.Module:
    return nn.Identity()


def greedy(environment: Any, model: Any, config: Config, more: Any) -> nn.Module:
    return nn.Identity()


def fragile(environment: Any, config: Config) -> nn.Module:
    return nn.Linear(environment.size, 1)


def narrow(config: Config) -> Any:
    return lambda algorithm: None


def forgetful(config: Config) -> None: ...


WHAT = "toy/x (framework-toy 1.2)"
HERE = __name__


@pytest.mark.parametrize(
    ("kind", "target", "given", "said"),
    [
        (
            "model",
            "taker",
            ["env"],
            (
                f"model {WHAT} cannot be built: {HERE}:taker is called with (environment, parameters): "
                "too many positional arguments"
            ),
        ),
        (
            "model",
            "greedy",
            ["env"],
            (
                f"model {WHAT} cannot be built: {HERE}:greedy is called with (environment, parameters): "
                "missing a required argument: 'config'"
            ),
        ),
        (
            "model",
            "fragile",
            [None],
            (
                f"model {WHAT} cannot be built without an environment: AttributeError: 'NoneType' object has "
                "no attribute 'size'"
            ),
        ),
        (
            "environment",
            "forgetful",
            [],
            (
                f"environment {WHAT} cannot be used: {HERE}:forgetful returned nothing, which is not a "
                "gymnasium.vector.VectorEnv, a datasets.Dataset or DatasetDict, or a Producer"
            ),
        ),
        (
            "environment",
            "taker",
            [],
            (
                f"environment {WHAT} cannot be used: {HERE}:taker returned a Identity, which is not a "
                "gymnasium.vector.VectorEnv, a datasets.Dataset or DatasetDict, or a Producer"
            ),
        ),
        (
            "model",
            "make",
            ["env"],
            f"model {WHAT} cannot be used: {HERE}:make returned a tuple, which is not a torch.nn.Module",
        ),
        (
            "algorithm",
            "make",
            ["env", "net"],
            (
                f"algorithm {WHAT} cannot be used: {HERE}:make returned a tuple, which is not a "
                "lightning.LightningModule"
            ),
        ),
        (
            "evaluator",
            "make",
            [],
            (
                f"evaluator {WHAT} cannot be used: {HERE}:make returned a tuple, which is not a callable "
                "(algorithm, environment) -> Report"
            ),
        ),
        (
            "evaluator",
            "narrow",
            [],
            f"evaluator {WHAT} cannot be called with (algorithm, environment): too many positional arguments",
        ),
    ],
)
def test_what_a_builder_does_wrong_is_named(kind: Kind, target: str, given: list[Any], said: str) -> None:
    made = dataclasses.replace(component(target, Config, kind), version="1.2")
    with pytest.raises(UserError) as caught:
        build(made, *given, name="n")
    assert str(caught.value) == said


def test_a_need_has_a_known_name() -> None:
    with pytest.raises(ValueError, match=r"needs of 'x': \['modle'\] is none of environment, model"):
        Component("x", "a:b", needs=("modle",))


def test_attributes_of_attributes() -> None:
    assert import_attribute(f"{__name__}:Outer.inner")() == "inside"


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("no_such_module:x", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("json:x", "AttributeError: module 'json' has no attribute 'x'"),
        ("json", "ValueError: 'json' is not of the form 'package.module:attribute'"),
        ("json:", "ValueError: 'json:' is not of the form 'package.module:attribute'"),
        (":x", "ValueError: ':x' is not of the form 'package.module:attribute'"),
    ],
)
def test_targets_that_cannot_be_imported(target: str, said: str) -> None:
    made = dataclasses.replace(Component("x", target), plugin="toy", distribution="framework-toy")
    with pytest.raises(PluginError) as caught:
        made.signature  # noqa: B018
    assert (
        str(caught.value) == f"component toy/x (framework-toy): cannot import its target {target!r}: {said}"
    )


def test_a_module_that_fails_when_it_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fails_on_import.py").write_text("raise RuntimeError('worn out')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(PluginError, match=r"cannot import its parameters .*: RuntimeError: worn out$"):
        component("make", "fails_on_import:Config").signature  # noqa: B018


def test_parameters_that_are_no_dataclass() -> None:
    with pytest.raises(
        PluginError, match=r"^component toy/x: parameters <function make at .*> is not a dataclass$"
    ):
        component("make", f"{__name__}:make").signature  # noqa: B018


def test_annotations_that_only_a_type_checker_sees() -> None:
    with pytest.raises(
        PluginError, match=r"cannot read the parameters of .*:Unreadable: NameError: name 'Decimal'"
    ):
        component("make", Unreadable).signature  # noqa: B018


def test_describe() -> None:
    assert list(describe_dataclass(Config)) == ["rate", "name", "layers"]
    assert list(describe_callable(model)) == ["environment", "width", "depth"]


def test_a_partial_function_cannot_be_described() -> None:
    made = component("PARTIAL")
    with pytest.raises(PluginError, match="cannot read its parameters"):
        made.signature  # noqa: B018


PARTIAL = functools.partial(model, None)
