"""What the core asks of the things plugins build.

Everything below is optional except the calls themselves: a plain `LightningModule` with
a `train_dataloader` is an algorithm, a plain function that returns a `Report` is an
evaluator. What more they offer, the core uses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    import torch

    from framework.report import Report


class Progress(NamedTuple):
    """How far a training is, in the unit its budget is given in.

    Attributes:
        done: units finished so far; also the x axis of every logged metric.
        total: units in the whole budget.
        unit: what is counted: "env steps", "updates", "tokens", "images".
    """

    done: int
    total: int
    unit: str


class EnvironmentParameter(NamedTuple):
    """A parameter of a running environment: friction, the mass of a body, a delay.

    Attributes:
        values: of each simulation now, `(num_envs,)` float64; a copy.
        low, high: the range, ends included, that `set_parameters` accepts; infinite where open.
        unit: of the values; empty for a pure number.
        doc: one line.
    """

    values: np.ndarray
    low: float
    high: float
    unit: str = ""
    doc: str = ""


class Served(NamedTuple):
    """What is exported, and logged as the MLflow model.

    Attributes:
        module: maps a batch to its answer, a tensor or several by name; it is called with the inputs
            by name.
        example: the inputs by name, each for a batch of two, `(2, ...)`: the arguments of the
            module's `forward`. Exporting takes shapes and types from it. Of a module with one input
            without a name, that array alone.
    """

    module: torch.nn.Module
    example: Mapping[str, np.ndarray] | np.ndarray


@runtime_checkable
class HasProgress(Protocol):
    """An algorithm that counts its own units; otherwise Lightning's steps are counted."""

    def progress(self) -> Progress: ...


@runtime_checkable
class Servable(Protocol):
    """An algorithm whose trained model can answer requests."""

    def served(self) -> Served:
        """Return what is exported.

        Raises:
            UserError: this one cannot be; the run goes on without.
        """
        ...


@runtime_checkable
class Acts(Protocol):
    """An algorithm that has learned to act: `framework.load(RUN).act(observation)`."""

    def act(self, observation: Any) -> Any:
        """One observation to one action of the environment, or a batch to a batch."""
        ...


@runtime_checkable
class Playable(Protocol):
    """An algorithm that can show itself: `framework play RUN`."""

    def play(self, environment: Any, **options: Any) -> Report:
        """Return videos, images or samples; `options` come from the command line."""
        ...


@runtime_checkable
class Producer(Protocol):
    """An environment that is generated: a stage runs it without an algorithm.

    Its component is declared with `produces=True`. What it writes is `${output:<stage>}` to later
    stages; `framework.shards` writes it shard by shard.
    """

    def produce(self, folder: Path, progress: Callable[[Progress], None]) -> None:
        """Write what is not in the folder yet: it is called again after an interruption.

        Args:
            folder: the output of the stage, with everything that was finished before.
            progress: to be called after every shard with how far it is, earlier processes' work
                included. It raises when the run is to stop: let that pass.
        """
        ...


@runtime_checkable
class Parametrised(Protocol):
    """An environment whose parameters can be read and set, simulation by simulation, while it runs.

    Curricula, domain randomisation and tests of transfer need no more than this. Values belong
    to what `get_state` returns, and a reset keeps those that were set; others it may draw anew.
    """

    def parameters(self) -> Mapping[str, EnvironmentParameter]:
        """Return every parameter by name, in an order that does not change."""
        ...

    def set_parameters(self, values: Mapping[str, Any], ids: np.ndarray | None = None) -> None:
        """Set some parameters; the others, and other simulations', stay as they are.

        Args:
            values: name -> one number for all, or one each, `(len(ids),)`; in force from the next
                step on.
            ids: the simulations, `(n,)` integers; all by default.

        Raises:
            UserError: an unknown name, a value that is not finite or out of range, a wrong shape
                or index. Nothing is changed then.
        """
        ...


@runtime_checkable
class DrawsParameters(Parametrised, Protocol):
    """A `Parametrised` environment that draws parameters itself as episodes begin."""

    def set_ranges(self, ranges: Mapping[str, tuple[Any, Any]], ids: np.ndarray | None = None) -> None:
        """Set what is drawn, uniformly, from the next episode on; parameters of the present one stay.

        Args:
            ranges: name -> low and high, each one number for all or one each, `(len(ids),)`; equal ones
                are a value that is set, for that episode and those that follow.
            ids: the simulations, `(n,)` integers; all by default.

        Raises:
            UserError: as `set_parameters`, or low above high. Nothing is changed then.
        """
        ...


class Evaluator(Protocol):
    """Judges a trained algorithm."""

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        """Evaluate and report.

        Args:
            algorithm: what the stage made: the trained module, in eval mode, without gradients;
                the model where nothing is trained; the folder of what a `Producer` wrote.
            environment: an environment of its own, built from the same recipe or from the
                evaluator's own section; what is done to it does not touch training.
        """
        ...


@runtime_checkable
class KeepsWork(Protocol):
    """An evaluator that works long enough to keep what it has done so far.

    Attributes:
        folder: set before the evaluator is called; shared by the evaluators of a stage. What is
            written there survives the end of the process and is found again by `resume` and
            `evaluate`.
    """

    folder: Path | None


@runtime_checkable
class Monitor(Protocol):
    """An evaluator that also watches the training.

    Attributes:
        every: units of `Progress` between two looks; 0 for never.

    Its state is part of every checkpoint.
    """

    every: int

    def monitor(self, algorithm: Any, environment: Any) -> Mapping[str, float]:
        """Return metrics of this moment, logged at the current progress."""
        ...

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: dict[str, Any]) -> None: ...
