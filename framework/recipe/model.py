"""Recipe, Stage, Use and the core's own sections: a checked recipe, to be built and to be recorded."""

from __future__ import annotations

import copy
import dataclasses
import enum
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from framework import building
from framework.component import Component, Kind, Param, Parameter
from framework.errors import UserError
from framework.recipe.checkpoint import CheckpointRef, Deferred, fill
from framework.recipe.convert import At, convert
from framework.recipe.elsewhere import Elsewhere
from framework.recipe.extensions import Extension
from framework.recipe.problems import INVALID, Findings, KeyPath, Reference
from framework.recipe.variables import put
from framework.recipe.words import word_of
from framework.recipe.yaml import dump

Precision = Literal[
    "32-true", "64-true", "16-true", "bf16-true", "16-mixed", "bf16-mixed", "transformer-engine"
]

#: NumPy's and Lightning's seeds are unsigned 32-bit numbers.
Seed = Annotated[int, Param("seed of Python, NumPy, torch and every environment", ge=0, le=2**32 - 1)]


@dataclass(frozen=True, kw_only=True)
class TrainerConfig:
    """How Lightning trains, and when checkpoints are saved."""

    accelerator: Annotated[
        Literal["auto", "cpu", "gpu", "cuda", "mps", "tpu"], Param("hardware to train on", may_change=True)
    ] = "auto"
    devices: Annotated[
        int | str | list[int], Param("number of devices, a list of them ([0, 2]), 'auto', or -1 for all")
    ] = 1
    num_nodes: Annotated[int, Param("number of machines that train together", ge=1)] = 1
    strategy: Annotated[str, Param("how devices share the work, by Lightning's names: ddp, fsdp, ...")] = (
        "auto"
    )
    precision: Annotated[Precision, Param("floating-point precision of the model and its arithmetic")] = (
        "32-true"
    )
    threads: Annotated[
        int,
        Param(
            "maximum number of CPU threads of torch; fewer where OMP_NUM_THREADS is less, or, without it, "
            "where other work takes the processors when a stage begins",
            ge=1,
            may_change=True,
        ),
    ] = 1
    deterministic: Annotated[
        bool | Literal["warn"], Param("use deterministic operations only: fail, or warn, where there is none")
    ] = False
    gradient_clip_val: Annotated[
        float | None,
        Param(
            "clip gradients to this before each optimiser step, in place of the algorithm's own limit", gt=0
        ),
    ] = None
    gradient_clip_algorithm: Annotated[
        Literal["norm", "value"],
        Param("clip the norm of each optimiser's whole gradient, or the size of each element"),
    ] = "norm"
    max_epochs: Annotated[
        int,
        Param(
            "passes over the data; the algorithm's own budget may end earlier; -1 for no limit",
            ge=-1,
            may_change=True,
        ),
    ] = 1
    max_time: Annotated[
        str | None, Param("stop after this time of training, as DD:HH:MM:SS", may_change=True)
    ] = None
    checkpoint_seconds: Annotated[
        float, Param("time between two checkpoints", unit="s", gt=0, may_change=True)
    ] = 60.0
    checkpoint_every: Annotated[
        int | None,
        Param(
            "training steps between two checkpoints, in place of checkpoint_seconds", ge=1, may_change=True
        ),
    ] = None
    keep: Annotated[int, Param("number of checkpoints to keep, the newest ones", ge=1, may_change=True)] = 2
    callbacks: Annotated[
        list[Annotated[Any, Extension("callback")]],
        Param(
            "further Lightning callbacks; what a ModelCheckpoint keeps as the best is what is judged",
            may_change=True,
        ),
    ] = field(default_factory=list)
    loggers: Annotated[
        list[Annotated[Any, Extension("logger")]],
        Param("further Lightning loggers, beside MLflow", may_change=True),
    ] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.devices in (0, []) or (isinstance(self.devices, int) and self.devices < -1):
            raise ValueError("devices has to be at least 1, or -1 for all of them")
        if self.max_time is not None and not re.fullmatch(r"\d+:\d\d:\d\d:\d\d", self.max_time):
            raise ValueError(f"max_time has to be DD:HH:MM:SS, such as 00:12:00:00, not {self.max_time!r}")


@dataclass(frozen=True, kw_only=True)
class TrackingConfig:
    """Where MLflow records the runs of this recipe, and what it records."""

    uri: Annotated[
        str | None, Param("MLflow tracking store; by default MLFLOW_TRACKING_URI, else sqlite:///mlflow.db")
    ] = None
    experiment: Annotated[
        str | None, Param("MLflow experiment of the runs; by default the recipe's name")
    ] = None
    run_name: Annotated[str | None, Param("name of the run; by default recipe, overrides and seed")] = None
    tags: Annotated[dict[str, str], Param("tags of the run")] = field(default_factory=dict)
    artifact_location: Annotated[
        str | None,
        Param("where a new experiment stores its files; by default mlartifacts/ beside a SQLite store"),
    ] = None
    system_metrics: Annotated[bool, Param("record the use of CPU, memory and GPU", may_change=True)] = True
    log_model: Annotated[
        bool, Param("log the trained model, so that `mlflow models serve` can serve it", may_change=True)
    ] = True


@dataclass(frozen=True)
class Use(Deferred):
    """A component and the parameters the recipe gives it.

    Attributes:
        component: what is built.
        arguments: the parameters that were given, converted to their types; parts are `Use`s.
        environment: where an evaluator judges, if not in its stage's environment.
    """

    component: Component
    arguments: dict[str, Any]
    environment: Use | None = None

    @property
    def name(self) -> str:
        """`plugin/name`."""
        return self.component.full_name

    def build(
        self,
        *context: Any,
        seed: int | None = None,
        resolve: Callable[[CheckpointRef], Path] | None = None,
        near: Callable[[Kind], Any] | None = None,
    ) -> Any:
        """Build the component, the parts it is made of first.

        Args:
            context: what its kind is built from (`framework.component.CONTEXT`).
            seed: for a parameter called `seed` that the recipe does not give, also of parts.
            resolve: finds the file of a checkpoint.
            near: what parts are built from; by default the context.

        Raises:
            UserError: a parameter is a checkpoint, and there is no `resolve`; or see
                `framework.building.build`.
        """
        given = near or dict(zip(self.component.context, context, strict=False)).get
        built: dict[int, Any] = {}

        def found(value: Deferred) -> Any:
            if isinstance(value, CheckpointRef):
                path = (resolve or _unknown)(value)
                return str(path) if value.text else path
            assert isinstance(value, Use)
            if id(value) not in built:
                part = value.build(
                    *map(around, value.component.context), seed=seed, resolve=resolve, near=around
                )
                own = value.environment
                make = own and partial(own.build, seed=seed, resolve=resolve)
                built[id(value)] = Elsewhere(part, make) if make else part
            return built[id(value)]

        def around(kind: Kind) -> Any:
            """What parts are built from: the same as this, or else a part beside them."""
            value = given(kind)
            beside = (part for part in self.arguments.values() if _is_of(part, kind)) if value is None else ()
            return next(map(found, beside), value)

        arguments = fill(self.arguments, found)
        if seed is not None and "seed" in self.component.signature:
            arguments.setdefault("seed", seed)
        return building.build(self.component, *context, **arguments)

    def resolved(self) -> dict[str, Any]:
        """The section with every parameter, defaults too, as plain values.

        Left out are a `seed` that was not given, and defaults a recipe cannot express.
        """
        section: dict[str, Any] = {"use": self.name}
        for name, parameter in self.component.signature.items():
            if name in self.arguments:
                section[name] = plain(self.arguments[name])
            elif name != "seed" and _is_expressible(parameter):
                section[name] = plain(parameter.default)
        return section if self.environment is None else {**section, "environment": plain(self.environment)}


@dataclass(frozen=True)
class Stage:
    """One training: what is built and how it is trained and judged.

    Attributes:
        name: "main" in a recipe without `stages:`.
        seed: of everything random in it.
        environment, model, algorithm: None if the recipe does not name one.
        evaluators: in the order of the recipe.
        trainer: Lightning's settings.
        references: what is recorded of values that came from environment variables.
    """

    name: str
    seed: int = 0
    environment: Use | None = None
    model: Use | None = None
    algorithm: Use | None = None
    evaluators: list[Use] = field(default_factory=list)
    trainer: TrainerConfig = field(default_factory=TrainerConfig)
    references: dict[KeyPath, Reference] = field(default_factory=dict)

    @property
    def produces(self) -> bool:
        """Whether it makes data, in a folder, rather than a trained model."""
        return self.environment is not None and self.environment.component.produces and not self.algorithm

    @property
    def judges(self) -> dict[str, Use]:
        """The evaluators by name; `success_rate-2` is a second one of the same component."""
        named: dict[str, Use] = {}
        for use in self.evaluators:
            base = use.name.rpartition("/")[2]
            name, count = base, 1
            while name in named:
                count += 1
                name = f"{base}-{count}"
            named[name] = use
        return named

    def resolved(self) -> dict[str, Any]:
        """The stage's sections as plain values."""
        section: dict[str, Any] = {"seed": self.seed}
        for kind in ("environment", "model", "algorithm"):
            use: Use | None = getattr(self, kind)
            if use is not None:
                section[kind] = use.resolved()
        section["evaluators"] = [use.resolved() for use in self.evaluators]
        section["trainer"] = plain(self.trainer)
        put(section, self.references)
        return section


@dataclass(frozen=True)
class Recipe:
    """A checked recipe.

    Attributes:
        name: the file's name without its suffix.
        path: the file, or None if it was read from a text.
        written: the text as written.
        files: the text of every file read, by path, `extends` included; the recipe first.
        overrides: as given.
        stages: by name, in the order they run; one called "main" without `stages:`.
        tracking: where it is recorded.
        staged: whether the recipe has `stages:`.
        references: what is recorded of tracking settings that came from environment variables.
    """

    name: str
    path: Path | None
    written: str
    files: dict[str, str]
    overrides: tuple[str, ...]
    stages: dict[str, Stage]
    tracking: TrackingConfig
    staged: bool
    references: dict[KeyPath, Reference] = field(default_factory=dict)

    def resolved(self) -> dict[str, Any]:
        """The whole recipe as plain values: nothing inherited, interpolated or left to a default.

        `load_text(recipe.to_yaml(), name=recipe.name)` builds the same things.
        """
        tracking = {"tracking": plain(self.tracking)}
        put(tracking, self.references)
        if self.staged:
            return {"stages": {name: stage.resolved() for name, stage in self.stages.items()}, **tracking}
        (stage,) = self.stages.values()
        return {**stage.resolved(), **tracking}

    def to_yaml(self) -> str:
        """`resolved()` as text."""
        return dump(self.resolved())

    @property
    def tracking_names(self) -> TrackingConfig:
        """`tracking` as everybody may see it: without the values of secret environment variables."""
        settings = {"tracking": copy.deepcopy(vars(self.tracking))}
        put(settings, self.references, secret_only=True)
        return TrackingConfig(**settings["tracking"])

    def tracked_as(self, **names: str) -> Recipe:
        """The recipe with other settings of `tracking`."""
        references = {path: found for path, found in self.references.items() if path[1] not in names}
        tracking = dataclasses.replace(self.tracking, **names)  # type: ignore[arg-type]
        return dataclasses.replace(self, tracking=tracking, references=references)


def _is_of(value: Any, kind: Kind) -> bool:
    return isinstance(value, Use) and value.component.kind == kind


def _unknown(reference: CheckpointRef) -> Path:
    raise UserError(f"{reference} can only be used in a run")


def plain(value: Any) -> Any:
    """Return a converted value as a recipe writes it.

    Raises:
        TypeError: a recipe cannot express it.
    """
    match value:
        case enum.Enum():
            return word_of(value)
        case None | bool() | int() | float():
            return value
        case str():
            return _ESCAPE.sub(r"\1\1\\${", value)
        case Path():
            return plain(str(value))
        case CheckpointRef():
            return str(value)
        case Use():
            return value.resolved()
        case list() | tuple():
            return [plain(item) for item in value]
        case dict():
            return {key: plain(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value) if f.init}
    raise TypeError(f"a recipe cannot hold {value!r}")


_MISSING = "???"  # means in a recipe that somebody has to give the value
# A literal "${" is written "\${", and every backslash before it twice.
_ESCAPE = re.compile(r"(\\*)\$\{")


def _is_expressible(parameter: Parameter) -> bool:
    if parameter.required:
        return False
    try:
        written = plain(parameter.default)
    except TypeError:
        return False
    read = convert(written, parameter.type, parameter.param, At((), "", "", Findings()))
    return read is not INVALID and written != _MISSING and bool(plain(read) == written)
