"""Calling a builder: what it is given, and what it has to return."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from framework.component import Component, Kind
from framework.errors import PluginError, UserError
from framework.origins import remember

# Whoever built one of these has imported its library: nothing is imported to look.
_WANTED: dict[Kind, tuple[str, tuple[tuple[str, str], ...]]] = {
    "environment": (
        "a gymnasium.vector.VectorEnv, a datasets.Dataset or DatasetDict, or a Producer",
        (
            ("gymnasium.vector", "VectorEnv"),
            ("datasets", "Dataset"),
            ("datasets", "DatasetDict"),
            ("datasets", "IterableDataset"),
            ("datasets", "IterableDatasetDict"),
        ),
    ),
    "model": ("a torch.nn.Module", (("torch.nn", "Module"),)),
    "algorithm": (
        "a lightning.LightningModule",
        (("lightning.pytorch", "LightningModule"), ("pytorch_lightning", "LightningModule")),
    ),
    "evaluator": ("a callable (algorithm, environment) -> Report", ()),
}


def build(component: Component, *context: Any, **arguments: Any) -> Any:
    """Call a component's builder with its context and parameters, and check what it returns.

    Args:
        component: what to build.
        context: what its kind is built from; None where the recipe names none.
        arguments: the parameters that were given.

    Raises:
        PluginError: the builder cannot be called so, or returns something of another kind; the
            message names component, plugin and version.
        UserError: it refuses its parameters, or fails where something is missing.
    """
    cls = component.parameter_class
    if cls is None:
        return _call(component, context, (), arguments)
    try:
        parameters = cls(**arguments)
    except ValueError as error:  # a file that was not there when the recipe was checked
        raise UserError(f"{component.title} refuses its parameters: {error}") from error
    return _call(component, context, (parameters,), {})


def is_table(environment: Any) -> bool:
    """Whether an environment is rows that do not change: a `Dataset`, or a `DatasetDict` of them."""
    module = sys.modules.get("datasets")
    return module is not None and isinstance(environment, module.Dataset | module.DatasetDict)


def _call(
    component: Component, context: Sequence[Any], positional: Sequence[Any], named: Mapping[str, Any]
) -> Any:
    kinds = component.context
    if wrong := unbound(component.builder, (*context, *positional), named):
        given = ", ".join([*kinds, *("parameters" for _ in positional), *(f"{name}=" for name in named)])
        raise PluginError(
            f"{component.title} cannot be built: {component.target} is called with "
            f"({given or 'nothing'}): {wrong}"
        )
    try:
        built = component.builder(*context, *positional, **named)
    except UserError:
        raise
    except Exception as error:
        missing = [with_article(kind) for kind, value in zip(kinds, context, strict=False) if value is None]
        if not missing:
            raise
        raise UserError(
            f"{component.title} cannot be built without {' and '.join(missing)}: "
            f"{type(error).__name__}: {error}"
        ) from error
    if component.kind and not _fits(built, component.kind):
        raise PluginError(
            f"{component.title} cannot be used: {component.target} returned {_described(built)}, "
            f"which is not {_WANTED[component.kind][0]}"
        )
    if hasattr(built, "num_envs"):
        remember(built, component.builder, *context, *positional, **named)
    if component.kind == "evaluator" and (wrong := unbound(built, (None, None), {})):
        raise PluginError(f"{component.title} cannot be called with (algorithm, environment): {wrong}")
    return built


def with_article(kind: str) -> str:
    """`a model`, `an environment`."""
    return f"{'an' if kind[0] in 'aeo' else 'a'} {kind}"


def _fits(built: Any, kind: Kind) -> bool:
    if kind == "evaluator":
        return callable(built) and not isinstance(built, type)
    if kind == "environment" and callable(getattr(built, "produce", None)):
        return True
    return any(
        module in sys.modules and isinstance(built, getattr(sys.modules[module], name))
        for module, name in _WANTED[kind][1]
    )


def unbound(function: Any, positional: Sequence[Any], named: Mapping[str, Any]) -> str:
    """Why a function cannot be called with these arguments; nothing if it can, or has no signature."""
    try:
        inspect.signature(function).bind(*positional, **named)
    except TypeError as error:
        return str(error)
    except ValueError:
        pass
    return ""


def _described(built: Any) -> str:
    if built is None:
        return "nothing"
    return f"the class {built.__name__}" if isinstance(built, type) else f"a {type(built).__name__}"
