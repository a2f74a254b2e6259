"""Callbacks and loggers of Lightning, or anybody's, in a recipe's `trainer`.

    callbacks:
      - {use: EarlyStopping, monitor: val/loss, patience: 5}
      - {use: my_package.callbacks:Mine, every: 3}

A name alone is one of Lightning's; its parameters are read from the source, so that a recipe is checked
without importing Lightning.
"""

from __future__ import annotations

import ast
import importlib.util
import typing
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from framework.component import REQUIRED, Component, Param, Parameter, Part
from framework.errors import UnknownComponentError, did_you_mean
from framework.needs import definition, module_tree, source_of

HOMES = {"callback": "lightning.pytorch.callbacks", "logger": "lightning.pytorch.loggers"}
_BASES = {"Callback", "Checkpoint", "BaseFinetuning", "BasePredictionWriter", "ProgressBar", "Logger"}
#: What they need beside Lightning: any one of these packages.
_PACKAGES = {
    "TensorBoardLogger": ("tensorboard", "tensorboardX"),
    "WandbLogger": ("wandb",),
    "CometLogger": ("comet_ml",),
    "LitLogger": ("litlogger",),
    "RichModelSummary": ("rich",),
    "RichProgressBar": ("rich",),
}
#: Parameters that name where files go: a place in the run's folder, unless the recipe gives one.
FOLDERS = ("dirpath", "save_dir")
_TYPES = {
    **{name: getattr(typing, name) for name in ("Any", "Literal", "Optional", "Union")},
    **{kind.__name__: kind for kind in (bool, dict, float, int, list, str, tuple)},
    "Path": Path,
    "_PATH": str | Path,
    "List": list,
    "Dict": dict,
}


class _Unsaid:
    """Default that only the code says, or the run."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Extension(Part):
    """Annotates a parameter of the trainer that is a callback or a logger: `Extension("callback")`."""

    kind: Any

    def __post_init__(self) -> None:
        if self.kind not in HOMES:
            raise TypeError(f"an extension is one of {', '.join(HOMES)}")


@dataclass(frozen=True)
class Plugged(Component):
    """A class that the trainer takes, as a component: its parameters are those of its constructor."""

    @property
    def full_name(self) -> str:
        return self.name

    @property
    def title(self) -> str:
        return f"{self.what} {self.name}"

    @property
    def what(self) -> str:
        """What it is: "callback" or "logger"."""
        return self.plugin

    @cached_property
    def signature(self) -> dict[str, Parameter]:
        module, _, name = self.target.partition(":")
        found = definition(module, name)
        return {} if found is None else _parameters(found)

    @cached_property
    def takes_more(self) -> bool:
        """Whether it may take parameters that its signature does not name."""
        module, _, name = self.target.partition(":")
        found = definition(module, name)
        return found is None or found.args.kwarg is not None

    @property
    def missing(self) -> str:
        """The package to install for it, or ""."""
        packages = _PACKAGES.get(self.name, ())
        there = (importlib.util.find_spec(package) is not None for package in packages)
        return "" if not packages or any(there) else packages[0]


def find_extension(kind: str, name: str) -> Plugged:
    """The callback or logger of this name, or at `package.module:Class`.

    Raises:
        UnknownComponentError: there is none.
    """
    home, known = HOMES[kind], names_of(kind)
    module, colon, attribute = name.partition(":")
    if not colon and name in known:
        return Plugged(name, f"{home}:{name}", plugin=kind, doc=_doc(home, name))
    if not colon:
        hint = did_you_mean(name, known) or f"Lightning has {', '.join(known)}"
        raise UnknownComponentError(f"unknown {kind} {name!r}\n  {hint}\n  yours: package.module:Class")
    if not attribute or source_of(module) is None:
        raise UnknownComponentError(f"unknown {kind} {name!r}\n  there is no module {module!r} to import")
    return Plugged(name, name, plugin=kind, doc=_doc(module, attribute))


@cache
def names_of(kind: str) -> list[str]:
    """The names of Lightning's callbacks or loggers."""
    tree = module_tree(HOMES[kind])
    for node in tree.body if tree else ():
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return sorted(set(ast.literal_eval(node.value)) - _BASES)
    return []


def _doc(module: str, name: str) -> str:
    found = definition(module, name, whole=True)
    text = ast.get_docstring(found) if found is not None else ""
    return (text or "").split("\n\n")[0].replace("\n", " ").rstrip(".")


def _parameters(function: ast.FunctionDef) -> dict[str, Parameter]:
    given = function.args
    positional = [*given.posonlyargs, *given.args][1:]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(given.defaults))
    pairs = [*zip(positional, [*defaults, *given.defaults], strict=True)]
    pairs += zip(given.kwonlyargs, given.kw_defaults, strict=True)
    return {argument.arg: _parameter(argument, default) for argument, default in pairs}


def _parameter(argument: ast.arg, default: ast.expr | None) -> Parameter:
    value: Any = REQUIRED
    if argument.arg in FOLDERS:
        value = _Unsaid("a place in the run's folder")
    elif default is not None:
        try:
            value = ast.literal_eval(default)
        except ValueError:
            value = _Unsaid(ast.unparse(default))
    return Parameter(argument.arg, _type(argument.annotation), value, Param())


def _type(annotation: ast.expr | None) -> Any:
    """The type that an annotation means, if it is made of plain ones; else any."""
    if annotation is None:
        return Any
    try:
        return eval(ast.unparse(annotation), {"__builtins__": {}}, dict(_TYPES))
    except Exception:  # names that the module defines or imports
        return Any
