"""Going on with a run by other values: which may change, why the rest may not, and a record of it."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framework.component import Parameter, describe_dataclass
from framework.errors import UserError
from framework.recipe import CheckpointRef, Recipe, RecipeError, Stage, Use, load_text
from framework.recipe.checkpoint import fill
from framework.recipe.resolve import STAGE_KEYS
from framework.reference import SECTIONS, nested
from framework.runs import provenance
from framework.runs.folder import Run, StageState, write_atomically

_WHY = {
    "seed": "everything random in it follows from the seed",
    "environment": "what it has learned so far, it has learned there",
    "model": "its checkpoints hold this model",
    "algorithm": "what it has learned so far, it has learned by this value",
    "trainer": "its checkpoints were made by this value",
    "tracking": "it is recorded by this value",
}


@dataclass(frozen=True)
class Change:
    """Other values for a run to go on with.

    Attributes:
        before, after: the recipe without and with them.
        overrides: `key=value`, of the stages they are meant for.
        values: key -> before and after, as plain values; None of what is not there.
    """

    before: Recipe
    after: Recipe
    overrides: tuple[str, ...]
    values: Mapping[str, tuple[Any, Any]]


def recipe_of(run: Run) -> Recipe:
    """What a run goes by: its recipe as resolved, with all that has been changed since.

    Raises:
        UserError: it cannot be read, or the plugins of today refuse it.
    """
    return load_text(_text(run), name=run.state.name)


def propose(run: Run, overrides: Sequence[str]) -> Change:
    """Check what a run is to go on with; nothing is written.

    Args:
        run: the run.
        overrides: `key=value`. In a recipe with stages, a key without `stages.NAME.` is of those
            that are not finished, or of the last if all are.

    Raises:
        UserError: some may not change (the message says why of each), or are wrong.
    """
    before = recipe_of(run)
    old = dict(_leaves(before.resolved()))
    given = tuple(_of_stages(before, run, overrides))
    try:
        after = load_text(_text(run), run.state.name, given)
    except RecipeError:
        keys = [key for key in (one.partition("=")[0] for one in given) if _is_there(key, old)]
        # Another component has other parameters, which says less than that it cannot be another.
        _refuse(run, before, {key: why for key in keys if (why := _why_not(before, run, key))}, {})
        raise
    new = dict(_leaves(after.resolved()))
    values = {key: (old.get(key), new.get(key)) for key in {**old, **new} if old.get(key) != new.get(key)}
    refused = {key: _why_not(before, run, key, *both) for key, both in values.items()}
    _refuse(run, before, {key: why for key, why in refused.items() if why}, values)
    return Change(before, after, given, values)


def apply(run: Run, change: Change | None) -> None:
    """Write down a change of a run that this process has claimed, and what has to be done again for it."""
    _settle(run)
    if change is None or not change.values:
        return
    for key, state in run.state.stages.items():
        changed = [one for one in (_within(each, key) for each in change.values) if one]
        if state.checkpoint and any(_trains(one, state) for one in changed):
            again = StageState(state.run_id, produced=state.produced, longer=True)
            run.state.stages[key] = again
        elif any(one.startswith("evaluators") for one in changed):
            judges = [_stage(recipe, key).judges for recipe in (change.before, change.after)]
            was, now = ({name: use.resolved() for name, use in each.items()} for each in judges)
            state.reports = {
                name: found for name, found in state.reports.items() if was[name] == now.get(name)
            }
            state.finished = False
    run.state.changes.append(
        {
            "time": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "overrides": list(change.overrides),
            "values": {key: list(both) for key, both in change.values.items()},
            "commit": provenance.git_commit(Path.cwd()),
        }
    )
    # Which of the two files counts follows from the state: a crash leaves all of a change, or nothing.
    write_atomically(_next(run), "".join(f"# {line}\n" for line in history(run)) + change.after.to_yaml())
    run.save()
    _settle(run)


def history(run: Run) -> list[str]:
    """What was changed in a run, and when, a line for each value."""
    return [
        f"{change['time']}: {key} {json.dumps(before)} -> {json.dumps(after)}"
        + (f" (at commit {change['commit'][:12]})" if change["commit"] else "")
        for change in run.state.changes
        for key, (before, after) in change["values"].items()
    ]


def cut_short(run: Run) -> list[str]:
    """What to tell of trainings that something ended before their budget, and how to go on with them."""
    told = []
    for key, state in run.state.stages.items():
        if state.limit:
            recipe, setting = recipe_of(run), f"stages.{key}.{state.limit}" if key else state.limit
            what = f"the training of stage {key}" if key else "the training"
            value = getattr(_stage(recipe, key).trainer, state.limit.rpartition(".")[2])
            told.append(f"{what} was ended by {state.limit}={value}, before its budget")
            if not _why_not(recipe, run, setting):
                told[-1] += f"; longer: framework resume {run.state.run_id[:8]} {setting}=DD:HH:MM:SS"
    return told


def _text(run: Run) -> str:
    path = _next(run) if _next(run).exists() else run.folder / "resolved.yaml"
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None


def _next(run: Run) -> Path:
    return run.folder / f"resolved-{len(run.state.changes)}.yaml"


def _settle(run: Run) -> None:
    if _next(run).exists():
        _next(run).replace(run.folder / "resolved.yaml")


def _stage(recipe: Recipe, key: str) -> Stage:
    return recipe.stages[key] if key else next(iter(recipe.stages.values()))


def _of_stages(recipe: Recipe, run: Run, overrides: Iterable[str]) -> Iterator[str]:
    """A resolved recipe gives every stage sections of its own, over which those at the top say nothing."""
    left = [name for name in recipe.stages if not run.state.stages.get(name, StageState()).finished]
    for one in overrides:
        if recipe.staged and re.split(r"[.=]", one, maxsplit=1)[0] in STAGE_KEYS:
            yield from (f"stages.{name}.{one}" for name in left or [list(recipe.stages)[-1]])
        else:
            yield one


def _leaves(value: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys and values; a list is a value, unless there are sections in it."""
    items = value if isinstance(value, dict) else {}
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        items = dict(enumerate(value))
    for key, item in items.items():
        yield from _leaves(item, f"{above}.{key}".lstrip("."))
    if not items:
        yield above, value


def _is_there(key: str, values: Mapping[str, Any]) -> bool:
    """Whether there are such values, or the key is of a stage that there is not."""
    name = _stage_of(key)
    new = name and not any(_stage_of(one) == name for one in values)
    return bool(new) or any(one == key or one.startswith(f"{key}.") for one in values)


def _refuse(
    run: Run, recipe: Recipe, refused: Mapping[str, str], values: Mapping[str, tuple[Any, Any]]
) -> None:
    """Raise if something is refused, with one line for each key of it."""
    # With another component come other parameters.
    components = tuple(key.removesuffix("use") for key in refused if key.endswith(".use"))
    told = {
        key: why for key, why in refused.items() if key.endswith(".use") or not key.startswith(components)
    }
    if not told:
        return
    lines = [f"run {run.state.run_id[:8]} cannot go on with other values of these"]
    for key, why in told.items():
        before, after = map(json.dumps, values.get(key, ("", "")))
        lines.append(f"  {key}{f' ({before} -> {after})' if key in values else ''}: {why}")
    stages = {key.split(".")[1] for key in told if key.startswith("stages.")}
    own = [key for key, _ in _leaves(recipe.resolved()) if not stages or _stage_of(key) in stages]
    may = [key for key in own if not _why_not(recipe, run, key) and ".evaluators." not in f".{key}"]
    lines.append(f"  what may change: evaluators, {', '.join(may)}")
    raise UserError("\n".join(lines))


def _stage_of(key: str) -> str:
    return key.split(".")[1] if key.startswith("stages.") else ""


def _within(key: str, stage: str) -> str:
    """A key of a stage without its beginning; "" if it is of another."""
    prefix = f"stages.{stage}." if stage else ""
    return key.removeprefix(prefix) if key.startswith(prefix) else ""


def _trains(key: str, state: StageState) -> bool:
    """Whether a stage that is trained has to be trained again because of this key."""
    return key.startswith("algorithm.") or key == "trainer.max_epochs" or (key == state.limit)


def _why_not(recipe: Recipe, run: Run, key: str, before: Any = None, after: Any = None) -> str:
    """Why a value may not change, or ""."""
    stage, path = _stage_of(key) if recipe.staged else "", key
    if recipe.staged and not key.startswith("tracking"):
        path = _within(key, stage) if stage in recipe.stages else ""
        if not path:
            return f"a run keeps the stages it began with: {', '.join(recipe.stages)}"
    section, *rest = path.split(".")
    if section == "evaluators":
        return ""
    if section in SECTIONS:
        free = _may_change(describe_dataclass(SECTIONS[section]), None, rest)
    else:
        use = getattr(_stage(recipe, stage), section, None)
        free = isinstance(use, Use) and _may_change(use.component.section, use.arguments, rest)
    if not free:
        return _WHY.get(section, "a run keeps its sections")
    state = run.state.stages.get(stage, StageState())
    if not state.checkpoint or not _trains(path, state):
        return ""
    if state.trimmed:
        return "what it needs to be trained longer has been trimmed (framework rm --trim)"
    if isinstance(before, (int, float)) and isinstance(after, (int, float)) and 0 <= after < before:
        return "it has been trained that long already"
    for name, other in recipe.stages.items():
        if stage in _earlier(other) and run.state.stages.get(name, StageState()).run_id:
            return f"stage {name!r} has begun with what it has learned"
    return ""


def _may_change(parameters: Mapping[str, Parameter], values: Any, path: Sequence[str]) -> bool:
    """Whether the parameter at a path, or one above it, may; parts of parts are looked into."""
    if not path or path[0] not in parameters:
        return False
    parameter, rest = parameters[path[0]], list(path[1:])
    if parameter.param.may_change:
        return True
    value = values.get(path[0]) if isinstance(values, Mapping) else getattr(values, path[0], None)
    while rest and isinstance(value, (list, tuple, Mapping)):
        items = value if isinstance(value, Mapping) else {str(i): item for i, item in enumerate(value)}
        value = items.get(rest.pop(0))
    if isinstance(value, Use):
        return _may_change(value.component.section, value.arguments, rest)
    return _may_change(nested(parameter), value, rest)


def _earlier(stage: Stage) -> set[str]:
    """The stages whose checkpoint or output a stage is built from."""
    found: set[str] = set()

    def look(value: Any) -> None:
        if isinstance(value, CheckpointRef):
            found.add(value.name)
        elif isinstance(value, Use):
            fill(value.arguments, look)
            fill(value.environment, look)

    fill([stage.environment, stage.model, stage.algorithm, *stage.evaluators], look)
    return found
