"""The contract of `gymnasium.vector.VectorEnv`: spaces, what a step returns, how episodes restart."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from framework.testing.equality import assert_same

if TYPE_CHECKING:
    from gymnasium.vector import VectorEnv


class Step:
    """What one call of `step` was given and returned; arrays are copied."""

    def __init__(self, action: Any, returned: tuple[Any, ...]) -> None:
        self.action = action
        self.observation, self.reward, self.terminated, self.truncated, self.info = copy.deepcopy(returned)

    @property
    def done(self) -> np.ndarray:
        return np.asarray(self.terminated | self.truncated)


def check_spaces(environment: VectorEnv[Any, Any, Any], name: str) -> None:
    """Check that it is a vector environment whose batched spaces follow from the single ones."""
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


def check_observation(environment: Any, observation: Any, name: str, where: str) -> None:
    """Check that observations are in their space, dtypes included."""
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


def check_step(environment: Any, step: Step, name: str) -> None:
    """Check shapes, dtypes and values of what one step returned; `agents` are names of an agent axis."""
    shape = (environment.num_envs,)
    check_observation(environment, step.observation, name, "step")
    reward = np.asarray(step.reward)
    agents = len(getattr(environment, "agents", ()))
    earners = (*shape, agents) if agents else shape
    assert reward.shape == earners, f"{name}: rewards have shape {reward.shape}, not {earners}"
    assert reward.dtype.kind == "f", f"{name}: rewards have dtype {reward.dtype}, not a floating one"
    assert np.isfinite(reward).all(), f"{name}: a reward is not finite: {reward}"
    for what, value in (("terminations", step.terminated), ("truncations", step.truncated)):
        assert isinstance(value, np.ndarray), f"{name}: {what} are a {type(value).__name__}, not an array"
        assert value.dtype == np.bool_, f"{name}: {what} have dtype {value.dtype}, not bool"
        assert value.shape == shape, f"{name}: {what} have shape {value.shape}, not {shape}"
    assert isinstance(step.info, dict), f"{name}: step returns info {step.info!r}, not a dict"


def check_autoreset(environment: Any, steps: list[Step], name: str) -> None:
    """Check that episodes restart the way its metadata says."""
    from gymnasium.vector import AutoresetMode

    mode = environment.metadata["autoreset_mode"]
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


def _check_final(environment: Any, step: Step, name: str) -> None:
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
        for path, space, value in _leaves(environment.single_observation_space, final):
            assert value.dtype == space.dtype, (
                f"{name}: final_obs{path} has dtype {value.dtype}, not {space.dtype}"
            )


def check_rewards(environment: Any, steps: list[Step], name: str) -> None:
    """Check that `compute_reward`, where there is one, agrees with the rewards of every step."""
    from gymnasium.vector import AutoresetMode

    if not hasattr(environment, "compute_reward"):
        return
    before_done = np.zeros(environment.num_envs, bool)
    for step in steps:
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
