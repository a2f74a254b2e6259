"""Runs that differ only in their seed belong together; what else differs names them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from framework.compare.source import Subject
from framework.sweep.axes import short_names

_MOST_KEYS = 4  # in a label


@dataclass
class Group:
    """Runs of the same recipe, apart from seeds.

    Attributes:
        label: what tells it from the other groups.
        runs: its members.
    """

    label: str
    runs: list[Subject]


def grouped(runs: Iterable[Subject]) -> list[Group]:
    """Group runs, in the order of their first members."""
    found: dict[tuple[tuple[str, str], ...], list[Subject]] = defaultdict(list)
    for run in runs:
        key = tuple(sorted(_without_seeds(run).items()))
        # A run without settings is comparable with itself only.
        found[key or (("run", run.run_id),)].append(run)
    groups = list(found.values())
    return [Group(label, group) for label, group in zip(_labels(groups), groups, strict=True)]


def _labels(groups: list[list[Subject]]) -> list[str]:
    """The shortest way to call each group by a name of its own."""
    if len(groups) == 1:
        return [_name(groups[0]) or groups[0][0].sweep or groups[0][0].name]
    settings = [_without_seeds(group[0]) for group in groups]
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


def _without_seeds(run: Subject) -> dict[str, str]:
    return {
        key: value
        for key, value in run.settings.items()
        if key.rpartition(".")[2] != "seed" and not key.startswith("tracking.")
    }


def _name(group: Sequence[Subject]) -> str:
    """The name all have without their seed, as the runs of a sweep do: "k=4 seed=1"."""
    names = {re.sub(r"(^| )[\w.]*seed=\S+", "", run.name).strip() for run in group}
    return names.pop() if len(names) == 1 else ""


def _settings_labels(settings: Sequence[Mapping[str, str]], keys: Sequence[str]) -> list[str]:
    """The values of some settings, if they are few: "k=4 lr=0.001"."""
    if len(keys) > _MOST_KEYS:
        return []
    names = short_names(keys)
    return [" ".join(f"{names[key]}={one.get(key, 'none')}" for key in keys) for one in settings]
