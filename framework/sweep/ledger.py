"""Which runs of a sweep wait, run, are done or failed: an Optuna study.

A child is one trial, WAITING until it is begun, RUNNING, then COMPLETE or FAIL; a failed
child that is tried again gets another trial. `optuna-dashboard sqlite:///optuna.db` shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from framework.errors import UserError
from framework.sweep.axes import Axes, Axis
from framework.sweep.plan import Goal

try:
    import optuna
    from optuna.distributions import (
        BaseDistribution,
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )
    from optuna.trial import TrialState
except ImportError:
    raise UserError("sweeps need Optuna: pip install optuna") from None

FILE = "optuna.db"
_CHILD = "child"
_SWEEP = "sweep"


@dataclass(frozen=True)
class Entry:
    """The newest trial of a child.

    Attributes:
        trial: its number in the study.
        child: the child's number.
        state: "WAITING", "RUNNING", "COMPLETE" or "FAIL".
        error: why it failed.
        user_error: whether that is the user's to mend.
    """

    trial: int
    child: int
    state: str
    error: str = ""
    user_error: bool = False


class Ledger:
    """The record of one sweep.

    Args:
        path: of the SQLite file, which several sweeps may share.
        name: of the study, which is the sweep's.
    """

    def __init__(self, path: Path, name: str) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.path = path
        self.name = name
        try:
            # Two processes that both find no tables would both make them.
            with FileLock(f"{path}.lock"):
                self._storage = optuna.storages.RDBStorage(
                    f"sqlite:///{path}", engine_kwargs={"connect_args": {"timeout": 60}}
                )
        except Exception as error:
            raise UserError(
                f"the record of sweeps {path} cannot be used: {str(error).splitlines()[0]}"
            ) from error

    def facts(self) -> dict[str, Any] | None:
        """What the sweep was created with, or None if there is none of this name."""
        if self.name not in self.names():
            return None
        # A study without it was being made when its process was killed.
        found: dict[str, Any] | None = self._study().user_attrs.get(_SWEEP)
        return found

    def names(self) -> list[str]:
        """The sweeps in this file."""
        return list(optuna.get_all_study_names(self._storage))

    def create(
        self,
        goal: Goal | None,
        children: Mapping[int, Mapping[str, str]],
        facts: Mapping[str, Any],
    ) -> None:
        """Make the study, every child waiting.

        Args:
            goal: of a search.
            children: number -> choices, of a grid.
            facts: remembered with it.
        """
        if self.name in self.names():
            optuna.delete_study(study_name=self.name, storage=self._storage)
        study = optuna.create_study(
            study_name=self.name, storage=self._storage, direction=goal.direction if goal else None
        )
        for number, choices in children.items():
            study.enqueue_trial(dict(choices), user_attrs={_CHILD: number})
        self.remember(facts)  # last: see `facts`

    def remember(self, facts: Mapping[str, Any]) -> None:
        """Replace what is remembered with the sweep."""
        self._study().set_user_attr(_SWEEP, dict(facts))

    def entries(self) -> dict[int, Entry]:
        """Child -> its newest trial."""
        found = {}
        for trial in self._study().get_trials(deepcopy=False):
            known = trial.user_attrs
            if _CHILD in known:
                found[known[_CHILD]] = Entry(
                    trial.number,
                    known[_CHILD],
                    trial.state.name,
                    known.get("error", ""),
                    known.get("user_error", False),
                )
        return found

    def begin(self, axes: Axes, seed: int | None) -> tuple[int, int | None, dict[str, str]]:
        """Begin the next trial: one that waits, else in a search a new one.

        Returns:
            Its number, its child's number or None for a new one, and its choices as written.
        """
        study = self._study(seed)
        trial = study.ask({axis.key: _distribution(axis) for axis in axes.varying})
        choices = {
            axis.key: axis.range.text(trial.params[axis.key]) if axis.range else trial.params[axis.key]
            for axis in axes.varying
        }
        return trial.number, trial.user_attrs.get(_CHILD), choices

    def note(self, trial: int, **attributes: Any) -> None:
        """Set user attributes of a trial that is not finished."""
        for key, value in attributes.items():
            self._storage.set_trial_user_attr(self._id(trial), key, value)

    def wait(self, trial: int) -> None:
        """Let a trial that was interrupted wait to be gone on with."""
        self._storage.set_trial_state_values(self._id(trial), TrialState.WAITING)

    def complete(self, trial: int, value: float = 0.0) -> None:
        """Finish a trial; a grid has no objective, and its values mean nothing."""
        self._study().tell(trial, value)

    def fail(self, trial: int) -> None:
        self._study().tell(trial, state=TrialState.FAIL)

    def drop_unborn(self) -> None:
        """Fail trials of a search whose process was killed before it made a child of them."""
        for trial in self._study().get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if _CHILD not in trial.user_attrs:
                self.fail(trial.number)

    def retry(self, entry: Entry) -> None:
        """Let a failed child wait once more."""
        failed = self._study().get_trials(deepcopy=False)[entry.trial]
        params = failed.system_attrs.get("fixed_params", failed.params)
        self._study().enqueue_trial(params, user_attrs={_CHILD: entry.child})

    def best(self) -> int | None:
        """The child with the best value in a search, None before any is complete."""
        try:
            number: int = self._study().best_trial.user_attrs[_CHILD]
        except ValueError:
            return None
        return number

    def _study(self, seed: int | None = None) -> optuna.Study:
        sampler = optuna.samplers.TPESampler(seed=seed)
        return optuna.load_study(study_name=self.name, storage=self._storage, sampler=sampler)

    def _id(self, trial: int) -> int:
        study = self._storage.get_study_id_from_name(self.name)
        return int(self._storage.get_trial_id_from_study_id_trial_number(study, trial))


def _distribution(axis: Axis) -> BaseDistribution:
    if axis.range is None:
        return CategoricalDistribution(axis.values)
    low, high, log = axis.range.low, axis.range.high, axis.range.log
    if axis.range.whole:
        return IntDistribution(int(low), int(high), log=log)
    return FloatDistribution(low, high, log=log)
