"""Runs that differ only in their seed belong together; what else differs names them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from framework.compare.source import Subject
from framework.errors import UserError, did_you_mean
from framework.runs.names import short_names

_MOST_KEYS = 4  # in a label


@dataclass
class Group:
    """Runs of the same recipe, apart from seeds.

    Attributes:
        label: what tells it from the other groups.
        strata: its members by task, if a comparison goes across tasks; else all in one.
    """

    label: str
    strata: list[list[Subject]]

    @property
    def runs(self) -> list[Subject]:
        return [run for stratum in self.strata for run in stratum]


def grouped(runs: Sequence[Subject], across: str = "") -> list[Group]:
    """Group runs, in the order of their first members.

    Args:
        runs: at least one.
        across: a key of the recipe that tells tasks apart, such as `environment`: runs that
            differ in it, or in keys below it, belong together.

    Raises:
        UserError: no run has the key.
    """
    keys = {key for run in runs for key in run.settings}
    if across and not any(_is_below(key, across) for key in keys):
        known = {".".join(key.split(".")[:length]) for key in keys for length in (1, 2, 3)}
        hint = did_you_mean(across, known) or "such as environment, or environment.use"
        raise UserError(f"these runs have no setting {across!r} to go across\n  {hint}")
    found: dict[tuple[tuple[str, str], ...], list[Subject]] = defaultdict(list)
    for run in runs:
        key = tuple(sorted(_compared(run, across).items()))
        # A run without settings is comparable with itself only.
        found[key or (("run", run.run_id),)].append(run)
    labels = _labels(list(found.values()), across)
    return [
        Group(label, _strata(members, across)) for label, members in zip(labels, found.values(), strict=True)
    ]


def _strata(runs: Sequence[Subject], across: str) -> list[list[Subject]]:
    tasks: dict[tuple[tuple[str, str], ...], list[Subject]] = defaultdict(list)
    for run in runs:
        task = {key: value for key, value in run.settings.items() if across and _is_below(key, across)}
        tasks[tuple(sorted(task.items()))].append(run)
    return list(tasks.values())


def _is_below(key: str, above: str) -> bool:
    return key == above or key.startswith(f"{above}.")


def _labels(groups: list[list[Subject]], across: str) -> list[str]:
    """The shortest way to call each group by a name of its own."""
    if len(groups) == 1:
        return [_name(groups[0]) or groups[0][0].sweep or groups[0][0].name]
    settings = [_compared(group[0], across) for group in groups]
    keys = sorted({key for one in settings for key in one})
    differing = [key for key in keys if len({one.get(key) for one in settings}) > 1]
    for labels in (
        [_name(group) for group in groups],
        # Other components have other parameters: their names may say enough.
        _settings_labels(settings, [key for key in differing if key.endswith("use")]),
        _settings_labels(settings, differing),
        [f"{group[0].sweep} {_name(group)}".strip() for group in groups],
    ):
        if all(labels) and len(set(labels)) == len(groups):
            return labels
    return [f"{group[0].name} {group[0].run_id[:8]}" for group in groups]


def _compared(run: Subject, across: str) -> dict[str, str]:
    """The settings in which groups differ: not seeds, not the task, not the tracking."""
    return {
        key: value
        for key, value in run.settings.items()
        if key.rpartition(".")[2] != "seed"
        and not _is_below(key, "tracking")
        and not (across and _is_below(key, across))
    }


def _name(group: Sequence[Subject]) -> str:
    """The name all have without their seed: "k=4 seed=1" in a sweep, "her-k=4-seed=1" alone."""
    names = {re.sub(r"(^|[- ])[\w.]*seed=\d+", "", run.name).strip() for run in group}
    return names.pop() if len(names) == 1 else ""


def _settings_labels(settings: Sequence[Mapping[str, str]], keys: Sequence[str]) -> list[str]:
    """The values of some settings, if they are few: "k=4 lr=0.001"."""
    if len(keys) > _MOST_KEYS:
        return []
    names = short_names(keys)
    return [" ".join(f"{names[key]}={one.get(key, 'none')}" for key in keys) for one in settings]
