"""Does an environment keep the contract of `gymnasium.vector.VectorEnv`, and repeat itself?"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from framework.testing.equality import assert_same
from framework.testing.sections import Section, build, title

if TYPE_CHECKING:
    from gymnasium.vector import VectorEnv


def check_environment(environment: Section, *, seed: int = 0, steps: int = 120) -> None:
    """Check an environment.

    Interactive: spaces, shapes, dtypes and values of what it returns; autoreset as its
    metadata declares it; the same trajectory from the same seed; rewards that
    `compute_reward` agrees with, and exact `get_state` and `set_state`, where it has them.
    Recorded: `datasets` that are not empty and can be read.

    Args:
        environment: its name, or a section of a recipe: `{"use": "her/fetch_reach",
            "num_envs": 2}`. Give parameters that end episodes within `steps` steps, or
            autoreset is not looked at.
        seed: of resets and actions.
        steps: how far to go.

    Raises:
        AssertionError: it does not; the message says what.
    """
    name = title(environment)

    def make() -> Any:
        return build("environment", environment, seed=seed)

    first = make()
    if hasattr(first, "column_names"):
        _check_dataset(first, name)
        return
    _check_spaces(first, name)
    trajectory = _roll(first, name, seed, steps)
    _check_repeats(make, trajectory, name, seed)
    _check_autoreset(first, trajectory, name)
    _check_rewards(first, trajectory, name)
    if hasattr(first, "get_state"):
        _check_state(first, make, name, seed, steps)
    first.close()


class _Step:
    """What one call of `step` was given and returned; arrays are copied."""

    def __init__(self, action: Any, returned: tuple[Any, ...]) -> None:
        self.action = action
        self.observation, self.reward, self.terminated, self.truncated, self.info = copy.deepcopy(returned)

    @property
    def done(self) -> np.ndarray:
        return np.asarray(self.terminated | self.truncated)


def _check_spaces(environment: VectorEnv[Any, Any, Any], name: str) -> None:
    from gymnasium.vector import AutoresetMode, VectorEnv
    from gymnasium.vector.utils import batch_space

    assert isinstance(environment, VectorEnv), (
        f"{name} builds a {type(environment).__name__}, which is not a gymnasium.vector.VectorEnv"
    )
    count = environment.num_envs
    assert isinstance(count, int), f"{name}: num_envs is {count!r}, not an int"
    assert count >= 1, f"{name}: num_envs is {count}"
    for kind in ("observation", "action"):
        single = getattr(environment, f"single_{kind}_space")
        batched = getattr(environment, f"{kind}_space")
        assert batched == batch_space(single, count), (
            f"{name}: {kind}_space is not single_{kind}_space for {count} environments (see batch_space)"
        )
    mode = environment.metadata.get("autoreset_mode")
    assert isinstance(mode, AutoresetMode), (
        f"{name}: metadata['autoreset_mode'] is {mode!r}, not a gymnasium.vector.AutoresetMode"
    )


def _roll(environment: Any, name: str, seed: int, steps: int) -> tuple[Any, list[_Step]]:
    environment.action_space.seed(seed)
    observation, info = environment.reset(seed=seed)
    assert isinstance(info, dict), f"{name}: reset returns info {info!r}, not a dict"
    _check_observation(environment, observation, name, "reset")
    start = copy.deepcopy(observation)
    found = []
    for _ in range(steps):
        action = environment.action_space.sample()
        step = _Step(action, environment.step(action))
        _check_step(environment, step, name)
        found.append(step)
    return start, found


def _check_observation(environment: Any, observation: Any, name: str, where: str) -> None:
    assert environment.observation_space.contains(observation), (
        f"{name}: {where} returns an observation outside observation_space: "
        f"{_describe(observation)} is not in {environment.observation_space}"
    )
    # `contains` lets a narrower type pass
    for path, space, value in _leaves(environment.observation_space, observation):
        assert value.dtype == space.dtype, (
            f"{name}: {where} returns observations{path} that have dtype {value.dtype}, not {space.dtype}"
        )


def _leaves(space: Any, value: Any, path: str = "") -> Iterator[tuple[str, Any, np.ndarray]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(space[key], inner, f"{path}[{key!r}]")
    elif isinstance(value, np.ndarray) and value.dtype != object:
        yield path, space, value


def _check_step(environment: Any, step: _Step, name: str) -> None:
    shape = (environment.num_envs,)
    _check_observation(environment, step.observation, name, "step")
    reward = np.asarray(step.reward)
    assert reward.shape == shape, f"{name}: rewards have shape {reward.shape}, not {shape}"
    assert reward.dtype.kind == "f", f"{name}: rewards have dtype {reward.dtype}, not a floating one"
    assert np.isfinite(reward).all(), f"{name}: a reward is not finite: {reward}"
    for what, value in (("terminations", step.terminated), ("truncations", step.truncated)):
        assert isinstance(value, np.ndarray), f"{name}: {what} are a {type(value).__name__}, not an array"
        assert value.dtype == np.bool_, f"{name}: {what} have dtype {value.dtype}, not bool"
        assert value.shape == shape, f"{name}: {what} have shape {value.shape}, not {shape}"
    assert isinstance(step.info, dict), f"{name}: step returns info {step.info!r}, not a dict"


def _check_repeats(
    make: Callable[[], Any], trajectory: tuple[Any, list[_Step]], name: str, seed: int
) -> None:
    environment = make()
    start, steps = trajectory
    observation, _ = environment.reset(seed=seed)
    assert_same(observation, start, f"{name}: the observation of a second reset(seed={seed})")
    for index, step in enumerate(steps):
        _same_step(_Step(step.action, environment.step(step.action)), step, f"{name}: repeated step {index}:")
    environment.close()


def _same_step(found: _Step, expected: _Step, what: str) -> None:
    for part in ("observation", "reward", "terminated", "truncated"):
        assert_same(getattr(found, part), getattr(expected, part), f"{what} {part}")


def _check_autoreset(environment: Any, trajectory: tuple[Any, list[_Step]], name: str) -> None:
    from gymnasium.vector import AutoresetMode

    mode = environment.metadata["autoreset_mode"]
    steps = trajectory[1]
    for step, following in itertools.pairwise(steps):
        if not step.done.any():
            continue
        if mode is AutoresetMode.SAME_STEP:
            _check_final(environment, step, name)
        elif mode is AutoresetMode.NEXT_STEP:
            assert not following.done[step.done].any(), f"{name}: done again in the step that only resets"
            assert not np.asarray(following.reward)[step.done].any(), (
                f"{name}: a reward for the step that only resets (autoreset NEXT_STEP)"
            )


def _check_final(environment: Any, step: _Step, name: str) -> None:
    """SAME_STEP: info holds the last observation of the episodes that ended, with a mask."""
    for key in ("final_obs", "_final_obs", "final_info", "_final_info"):
        assert key in step.info, f"{name}: an episode ended and info has no {key!r} (autoreset SAME_STEP)"
    for key in ("_final_obs", "_final_info"):
        assert_same(np.asarray(step.info[key]), step.done, f"{name}: info[{key!r}]")
    for index in np.flatnonzero(step.done):
        final = _row(step.info["final_obs"], int(index))
        assert environment.single_observation_space.contains(final), (
            f"{name}: final_obs of environment {index} is outside single_observation_space: "
            f"{_describe(final)}"
        )


def _check_rewards(environment: Any, trajectory: tuple[Any, list[_Step]], name: str) -> None:
    from gymnasium.vector import AutoresetMode

    if not hasattr(environment, "compute_reward"):
        return
    before_done = np.zeros(environment.num_envs, bool)
    for step in trajectory[1]:
        achieved, desired = (
            np.array(step.observation[key], copy=True) for key in ("achieved_goal", "desired_goal")
        )
        if environment.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP:
            for index in np.flatnonzero(step.done):
                final = _row(step.info["final_obs"], int(index))
                achieved[index], desired[index] = final["achieved_goal"], final["desired_goal"]
        expected = np.asarray(environment.compute_reward(achieved, desired, step.info))
        counted = ~before_done
        assert_same(
            np.asarray(step.reward, np.float64)[counted],
            expected.astype(np.float64)[counted],
            f"{name}: rewards, against compute_reward:",
        )
        if environment.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP:
            before_done = step.done


def _check_state(environment: Any, make: Callable[[], Any], name: str, seed: int, steps: int) -> None:
    """A state taken in the middle leads to the same future, here and in a new instance."""
    environment.action_space.seed(seed + 1)
    for _ in range(steps // 3):
        environment.step(environment.action_space.sample())
    state = copy.deepcopy(environment.get_state())
    future = []
    for _ in range(steps):
        action = environment.action_space.sample()
        future.append(_Step(action, environment.step(action)))
    fresh = make()
    fresh.reset(seed=seed + 2)
    for target, where in ((environment, "the same environment"), (fresh, "a new one")):
        target.set_state(copy.deepcopy(state))
        assert_same(target.get_state(), state, f"{name}: get_state after set_state in {where}:")
        for index, step in enumerate(future):
            found = _Step(step.action, target.step(step.action))
            _same_step(found, step, f"{name}: step {index} after set_state in {where}:")
    fresh.close()


def _check_dataset(dataset: Any, name: str) -> None:
    splits = dataset if isinstance(dataset.column_names, dict) else {"": dataset}
    assert splits, f"{name}: the dataset has no splits"
    for split, rows in splits.items():
        assert len(rows) > 0, f"{name}: the dataset {split} is empty"
        assert set(rows[0]) == set(rows.column_names), f"{name}: a row of {split} lacks columns"


def _row(batch: Any, index: int) -> Any:
    """One environment's part of a batch, whichever of gymnasium's ways it is kept in."""
    if isinstance(batch, dict):
        return {key: _row(value, index) for key, value in batch.items()}
    return batch[index]


def _describe(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_describe(item)}" for key, item in value.items()) + "}"
    if isinstance(value, np.ndarray):
        return f"array of {value.dtype} {value.shape} from {value.min(initial=0)} to {value.max(initial=0)}"
    return repr(value)
