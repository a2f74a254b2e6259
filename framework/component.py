"""Component: how a plugin describes a thing it can build, without importing it."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

from framework.errors import PluginError

Kind: TypeAlias = Literal["environment", "model", "algorithm", "evaluator"]
KINDS: tuple[Kind, ...] = typing.get_args(Kind)

# What a builder receives from the core before its own parameters.
CONTEXT: dict[Kind, tuple[Kind, ...]] = {
    "environment": (),
    "model": ("environment",),
    "algorithm": ("environment", "model"),
    "evaluator": (),
}

# What a part of a component of this kind can be built from.
INSIDE: dict[Kind, tuple[Kind, ...]] = {**CONTEXT, "evaluator": ("environment",)}

#: What a component may need of the recipe it is used in.
NEEDS = ("environment", "model", "algorithm", "output")

#: Default of a parameter that has none: the recipe has to give it.
REQUIRED: Any = dataclasses.MISSING


@dataclass(frozen=True, kw_only=True)
class Param:
    """What a parameter means, for `Annotated[float, Param("discount", ge=0, lt=1)]`.

    Args:
        doc: one line, shown by `framework info`.
        unit: physical unit or what is counted ("m", "rad", "env steps"); empty if none.
        ge, gt, le, lt: bounds a recipe's value has to keep (of each element, for a list).
        may_change: whether a run may be gone on with by another value, as with more budget. What
            a training has reached must not become wrong by it.
        settable: whether a mapping's keys name what can be set in the environment: see `Component.settable`.
    """

    doc: str = dataclasses.field(default="", kw_only=False)
    unit: str = ""
    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None
    may_change: bool = False
    settable: bool = False


@dataclass(frozen=True)
class Part:
    """A parameter that is itself a component, which the core checks, seeds, records and builds.

        wrapped: Annotated[Part["algorithm"], Param("what is wrapped")]

    The recipe writes a section, `wrapped: {use: her/hindsight, k: 4}`, and the builder gets what
    that describes, built: a model from the environment, an algorithm from the same environment
    and model as its wrapper. Lists, dictionaries and `| None` of parts work as of anything else.

    `Part["algorithm"]` is `Annotated[Any, Part("algorithm")]`; written like that, type checkers
    and linters read it too.

    Args:
        kind: of the component.
        base: the class, "package.module:Class", that what is built has to derive from. Recipes with
            another are refused as far as the source of its builder tells.
    """

    kind: Kind
    base: str = dataclasses.field(default="", kw_only=True)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise TypeError(f"Part[{self.kind!r}]: a part is one of {', '.join(KINDS)}")

    def __class_getitem__(cls, kind: Kind) -> Any:
        return typing.Annotated[Any, cls(kind)]


@dataclass(frozen=True)
class Parameter:
    """One parameter of a component, as `framework info` shows it and a recipe is checked.

    Attributes:
        name: the key in the recipe.
        type: the annotation without `Annotated`; `Any` if there is none.
        default: the default, or `REQUIRED`.
        param: documentation, unit and bounds.
    """

    name: str
    type: Any
    default: Any
    param: Param

    @property
    def required(self) -> bool:
        return self.default is REQUIRED


@dataclass(frozen=True)
class Component:
    """A thing a plugin can build: a name, where it is, its parameters and its doc.

    Nothing is imported when a Component is made: `target` and a textual
    `parameters` are imported on first use.

    Args:
        name: the name within the plugin, `fetch_push` for `her/fetch_push`.
        target: `"package.module:attribute"`, the callable that builds it. It is called
            with the context of its kind (see `CONTEXT`) and then the parameters.
        parameters: a dataclass, or `"package.module:Dataclass"`. The builder then gets one
            instance of it as its last positional argument. Keep it in a module that
            imports nothing heavy, so that recipes are checked fast. Without it the typed
            signature of `target` describes the parameters, and they arrive by keyword.
        doc: one line for `framework list`.
        source: where it comes from, such as "Andrychowicz et al. 2017, section 4.5".
        needs: what has to be in a recipe that uses it: "environment", "model", "algorithm". By
            default what its builder takes (an evaluator's call), and neither leaves unused nor
            allows to be None; of an algorithm to judge, a model alone will then do. An evaluator
            of what a stage produced needs "output".
        produces: whether the environment is a `Producer`, which a stage runs without an algorithm.
        settable: of a `Parametrised` environment, every name that `set_parameters` may know. Where a
            recipe names others, it is refused; without any, the environment alone can tell. Or where they
            are, as a tuple: `"package.module:NAMES"`.
        plugin, kind, distribution, version: filled in when the component is registered.
    """

    name: str
    target: str
    parameters: str | type | None = None
    doc: str = ""
    source: str = ""
    needs: tuple[str, ...] | None = dataclasses.field(default=None, kw_only=True)
    produces: bool = dataclasses.field(default=False, kw_only=True)
    settable: tuple[str, ...] | str = dataclasses.field(default=(), kw_only=True)
    plugin: str = dataclasses.field(default="", kw_only=True)
    kind: Kind | Literal[""] = dataclasses.field(default="", kw_only=True)
    distribution: str = dataclasses.field(default="", kw_only=True)
    version: str = dataclasses.field(default="", kw_only=True)

    def __post_init__(self) -> None:
        unknown = set(self.needs or ()) - set(NEEDS)
        if unknown:
            raise ValueError(f"needs of {self.name!r}: {sorted(unknown)} is none of {', '.join(NEEDS)}")

    @property
    def title(self) -> str:
        """`model her/actor_critic (framework-her 0.1)`, as messages name it."""
        by = f"{self.distribution or 'unknown distribution'} {self.version}".rstrip()
        return f"{self.kind or 'component'} {self.full_name} ({by})"

    @property
    def context(self) -> tuple[Kind, ...]:
        """What its kind is built from, besides its parameters."""
        return CONTEXT[self.kind] if self.kind else ()

    @property
    def full_name(self) -> str:
        """`plugin/name`, as recipes write it."""
        return f"{self.plugin}/{self.name}"

    @cached_property
    def builder(self) -> Callable[..., Any]:
        """The callable behind `target`; imports it."""
        return typing.cast("Callable[..., Any]", self._import(self.target, "target"))

    @cached_property
    def settable_names(self) -> tuple[str, ...]:
        """What can be set in the environment, where it is known."""
        if isinstance(self.settable, str):
            return tuple(self._import(self.settable, "settable"))
        return self.settable

    @cached_property
    def parameter_class(self) -> type | None:
        """The dataclass of parameters, or None where the signature describes them."""
        if self.parameters is None:
            return None
        cls = self.parameters
        if isinstance(cls, str):
            cls = self._import(cls, "parameters")
        if not (isinstance(cls, type) and dataclasses.is_dataclass(cls)):
            raise PluginError(f"component {self.full_name}: parameters {cls!r} is not a dataclass")
        return cls

    @cached_property
    def signature(self) -> dict[str, Parameter]:
        """The parameters by name, in the order they are written."""
        cls = self.parameter_class
        try:
            return describe_dataclass(cls) if cls else describe_callable(self.builder, len(self.context))
        except (NameError, TypeError, ValueError) as error:
            raise PluginError(
                f"component {self.full_name} ({self.distribution or 'unknown distribution'}): "
                f"cannot read its parameters: {type(error).__name__}: {error}"
            ) from error

    @cached_property
    def section(self) -> dict[str, Parameter]:
        """What a recipe may write in its section: the parameters, and where an evaluator judges."""
        if self.kind != "evaluator" or "environment" in self.signature:
            return self.signature
        return {**self.signature, "environment": ELSEWHERE}

    def _import(self, path: str, what: str) -> Any:
        try:
            return import_attribute(path)
        except Exception as error:  # whatever a plugin's module does when it is imported
            raise PluginError(
                f"component {self.full_name} ({self.distribution or 'unknown distribution'}): "
                f"cannot import its {what} {path!r}: {type(error).__name__}: {error}"
            ) from error


def import_attribute(path: str) -> Any:
    """Import `"package.module:attribute"`."""
    module, colon, attribute = path.partition(":")
    if not (module and colon and attribute):
        raise ValueError(f"{path!r} is not of the form 'package.module:attribute'")
    value: Any = importlib.import_module(module)
    for part in attribute.split("."):
        value = getattr(value, part)
    return value


def describe_dataclass(cls: type) -> dict[str, Parameter]:
    """Describe the fields of a dataclass that its constructor takes.

    Raises:
        PluginError: its annotations cannot be evaluated.
    """
    try:
        hints = typing.get_type_hints(cls, include_extras=True)
    except Exception as error:  # such as a type that only a type checker imports
        where = f"{cls.__module__}:{cls.__qualname__}"
        raise PluginError(
            f"cannot read the parameters of {where}: {type(error).__name__}: {error}"
        ) from error
    found = {}
    for field in dataclasses.fields(cls):
        if not field.init:
            continue
        default: Any = field.default
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        found[field.name] = _parameter(field.name, hints[field.name], default)
    return found


def describe_callable(function: Callable[..., Any], skip: int = 0) -> dict[str, Parameter]:
    """Describe a callable's parameters after the first `skip` positional ones."""
    target: Any = function.__init__ if inspect.isclass(function) else function
    hints = typing.get_type_hints(target, include_extras=True)
    found = {}
    for name, value in list(inspect.signature(function).parameters.items())[skip:]:
        if value.kind in (value.VAR_POSITIONAL, value.VAR_KEYWORD):
            continue
        default = REQUIRED if value.default is value.empty else value.default
        found[name] = _parameter(name, hints.get(name, Any), default)
    return found


def _parameter(name: str, annotation: Any, default: Any) -> Parameter:
    annotation, param = unwrap(annotation, Param())
    return Parameter(name, annotation, default, param)


def unwrap(annotation: Any, param: Param) -> tuple[Any, Param]:
    """Take `Annotated` off; a `Param` inside it wins over the one outside, a `Part` is the type."""
    while typing.get_origin(annotation) is typing.Annotated:
        annotation, *extras = typing.get_args(annotation)
        param = next((extra for extra in extras if isinstance(extra, Param)), param)
        annotation = next((extra for extra in extras if isinstance(extra, Part)), annotation)
    if isinstance(annotation, typing.NewType):
        return unwrap(annotation.__supertype__, param)
    return annotation, param


ELSEWHERE = Parameter(
    "environment",
    typing.Annotated[Any, Part("environment")] | None,
    None,
    Param("judge in this one instead of the recipe's"),
)
