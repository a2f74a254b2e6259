"""Demonstrations from files, checked against the task that is to be learned from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framework.errors import UserError
from framework.rl.collect.local import Episode
from framework.shards import MANIFEST, Shards
from framework_her.demonstrations.files import SEEN, Demonstration, read
from framework_her.demonstrations.teacher import task_of

Array = NDArray[Any]

#: An action may be this far out of its bounds, by rounding; it is cut to them.
ROUNDING = 1e-5


def load(path: Path, environment: Any) -> list[Demonstration]:
    """Read all demonstrations of a file, of a folder of files, or of one of Minari's data sets.

    Args:
        path: a Parquet file as `files` describes; a folder of such, as `her/demonstrations` makes it;
            or a folder that Minari wrote, `~/.minari/datasets/.../name-v0`.
        environment: the task.

    Returns:
        At least one; actions are within the environment's bounds.

    Raises:
        UserError: nothing is there, something is damaged, of another task, not finite or out of
            range; the message names file, episode and column.
    """
    data = path / "data" if (path / "data").is_dir() else path
    if (data / "metadata.json").exists() or (data / "main_data.hdf5").exists():
        from framework_her.demonstrations.minari import read_minari

        found = [_checked(one, f"{path}, episode {i}", environment) for i, one in read_minari(data)]
    else:
        found = []
        for file in _files(path):
            task, episodes = read(file)
            if task and task != task_of(environment):
                raise UserError(f"{file} holds demonstrations of {task}, not of {task_of(environment)}")
            found += [_checked(one, f"{file}, episode {i}", environment) for i, one in enumerate(episodes)]
    if not found:
        raise UserError(f"there are no demonstrations in {path}")
    return found


def episodes_of(demonstrations: list[Demonstration], environment: Any) -> list[Episode]:
    """As a replay buffer stores them: actions in [-1, 1], and the environment's own rewards."""
    box = environment.single_action_space
    centre, reach = (box.high + box.low) / 2, (box.high - box.low) / 2
    made = []
    for one in demonstrations:
        reward = environment.compute_reward(one.achieved_goal[1:], one.desired_goal[:-1], {})
        steps = {key: getattr(one, key).astype(np.float32) for key in SEEN}
        steps["action"] = _padded((one.action - centre) / reach)
        steps["reward"] = _padded(np.asarray(reward))
        made.append(Episode(steps, terminated=False, success=bool(one.success)))
    return made


def starts_of(demonstrations: list[Demonstration]) -> tuple[Array, Array] | None:
    """Exact states to start from, `(k, m)`, and goals, `(k, n)`: what each demonstration achieved at its end.

    None where a demonstration has no states.
    """
    states = [one.state for one in demonstrations]
    if any(state is None for state in states):
        return None
    goals = [np.repeat(one.achieved_goal[-1:], len(one.action), axis=0) for one in demonstrations]
    return np.concatenate([s for s in states if s is not None]), np.concatenate(goals)


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise UserError(
            f"there are no demonstrations at {path}\n  give a file, a folder, or ${{output:STAGE}}"
        )
    if (path / MANIFEST).exists() and (gone := Shards(path).missing()):
        raise UserError(f"{path} is not whole: {', '.join(gone)} is gone or cut")
    files = sorted(file for file in path.glob("*.parquet") if not file.name.startswith("."))
    if not files:
        raise UserError(f"there are no demonstrations in {path}: no *.parquet, and nothing of Minari's")
    return files


def _checked(one: Demonstration, where: str, environment: Any) -> Demonstration:
    spaces, box = environment.single_observation_space, environment.single_action_space
    steps = len(one.action)
    if not steps:
        raise UserError(f"{where} has no steps")
    columns = {key: (steps + 1, *spaces[key].shape) for key in SEEN} | {"action": (steps, *box.shape)}
    if one.state is not None:
        columns["state"] = (steps, one.state.shape[1])
    for name, (rows, numbers) in columns.items():
        value = getattr(one, name)
        if value.ndim != 2 or value.shape[1] != numbers:
            raise UserError(
                f"{where}: {name} has {value.shape[-1]} numbers, {task_of(environment)} has {numbers}\n"
                "  were they recorded in another task?"
            )
        if len(value) != rows:
            raise UserError(
                f"{where}: {name} has {len(value)} rows; with {steps} actions there have to be {rows}"
            )
        if not np.isfinite(value).all():
            raise UserError(f"{where}: {name} is not finite in step {_first(~np.isfinite(value))}")
    if hasattr(environment, "states") and one.state is not None:
        size = environment.states().shape[1]
        if one.state.shape[1] != size:
            raise UserError(
                f"{where}: state has {one.state.shape[1]} numbers, {task_of(environment)} has {size}\n"
                "  leave the column out, or record with the MuJoCo and framework that train"
            )
    outside = (one.action < box.low - ROUNDING) | (one.action > box.high + ROUNDING)
    if outside.any():
        step = _first(outside)
        raise UserError(
            f"{where}: the action in step {step} is {one.action[step].round(3).tolist()}, out of range\n"
            f"  actions are from {box.low.tolist()} to {box.high.tolist()}"
        )
    return Demonstration(**(vars(one) | {"action": np.clip(one.action, box.low, box.high)}))


def _first(wrong: Array) -> int:
    return int(wrong.any(axis=1).argmax())


def _padded(steps: Array) -> Array:
    """With a last row of zeros, for the final observation."""
    return np.concatenate([steps, np.zeros_like(steps[:1])]).astype(np.float32)
