"""Does an environment keep its contract, and repeat itself?"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from framework.contracts import Parametrised, Producer
from framework.testing.equality import assert_same
from framework.testing.parametrised import (
    check_parameters,
    disturb_fields,
    disturb_nothing,
    disturb_parameters,
)
from framework.testing.producer import check_producer
from framework.testing.sections import Section, build, title, use
from framework.testing.vector import (
    Step,
    check_autoreset,
    check_observation,
    check_rewards,
    check_spaces,
    check_step,
)


def check_environment(environment: Section, *, seed: int = 0, steps: int = 120) -> None:
    """Check an environment.

    Interactive: spaces, shapes, dtypes and values of what it returns; autoreset as its
    metadata declares it; the same trajectory from the same seed; rewards that
    `compute_reward` agrees with, exact `get_state` and `set_state`, whatever model fields and
    parameters were changed before, and parameters that keep their contract, where it has them.
    Recorded: `datasets` that are not empty and can be read. Generated: see `check_producer`.

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
    if isinstance(first, Producer) and not hasattr(first, "step"):
        check_producer(environment, seed=seed)
        return
    if isinstance(first, dict) or hasattr(first, "column_names"):
        _check_dataset(first, name)
        return
    check_spaces(first, name)
    trajectory = _roll(first, name, seed, steps)
    _check_repeats(make, trajectory, name, seed)
    check_autoreset(first, trajectory[1], name)
    check_rewards(first, trajectory[1], name)
    if isinstance(first, Parametrised):
        declared = use("environment", environment).component.settable_names
        unknown = set(first.parameters()) - set(declared or first.parameters())
        assert not unknown, f"{name}: parameters {sorted(unknown)} are not in its component's `settable`"
        _check_parameters(make, trajectory, name, seed)
    if hasattr(first, "get_state"):
        _check_state(first, make, name, seed, steps)
    first.close()


def _roll(environment: Any, name: str, seed: int, steps: int) -> tuple[Any, list[Step]]:
    environment.action_space.seed(seed)
    observation, info = environment.reset(seed=seed)
    assert isinstance(info, dict), f"{name}: reset returns info {info!r}, not a dict"
    check_observation(environment, observation, name, "reset")
    start = copy.deepcopy(observation)
    found = []
    for _ in range(steps):
        action = environment.action_space.sample()
        step = Step(action, environment.step(action))
        check_step(environment, step, name)
        found.append(step)
    return start, found


def _check_repeats(
    make: Callable[[], Any],
    trajectory: tuple[Any, list[Step]],
    name: str,
    seed: int,
    touch: Callable[[Any], object] = disturb_nothing,
) -> None:
    environment = make()
    start, steps = trajectory
    observation, _ = environment.reset(seed=seed)
    touch(environment)
    assert_same(observation, start, f"{name}: the observation of a second reset(seed={seed})")
    for index, step in enumerate(steps):
        _same_step(Step(step.action, environment.step(step.action)), step, f"{name}: repeated step {index}:")
    environment.close()


def _same_step(found: Step, expected: Step, what: str) -> None:
    for part in ("observation", "reward", "terminated", "truncated"):
        assert_same(getattr(found, part), getattr(expected, part), f"{what} {part}")


def _check_parameters(
    make: Callable[[], Any], trajectory: tuple[Any, list[Step]], name: str, seed: int
) -> None:
    """Parameters keep their contract; those that are not drawn, set to what they are, change nothing."""
    environment = make()
    environment.reset(seed=seed)
    first = environment.parameters()
    environment.reset()
    kept = [key for key, p in environment.parameters().items() if (p.values == first[key].values).all()]
    check_parameters(environment, name)
    environment.close()

    def touch(fresh: Any) -> None:
        found = fresh.parameters()
        fresh.set_parameters({key: found[key].values for key in kept})

    _check_repeats(make, trajectory, f"{name}, with its parameters set to what they are", seed, touch)


def _check_state(environment: Any, make: Callable[[], Any], name: str, seed: int, steps: int) -> None:
    """A state taken in the middle leads to the same future, here and in a new instance.

    Whatever differs between simulations when it is taken, and where it is restored.
    """
    environment.action_space.seed(seed + 1)
    for _ in range(steps // 3):
        environment.step(environment.action_space.sample())
    futures: list[tuple[str, Any, list[Step]]] = []
    for disturb in (disturb_nothing, disturb_parameters, disturb_fields):
        what = disturb(environment)
        if futures and not what:
            continue
        state = copy.deepcopy(environment.get_state())
        actions = [environment.action_space.sample() for _ in range(steps)]
        futures.append((what, state, [Step(action, environment.step(action)) for action in actions]))
    fresh = make()
    fresh.reset(seed=seed + 2)
    for target, where in ((environment, "the same environment"), (fresh, "a new one")):
        for what, state, future in reversed(futures):
            target.set_state(copy.deepcopy(state))
            assert_same(target.get_state(), state, f"{name}{what}: get_state after set_state in {where}:")
            for index, step in enumerate(future):
                found = Step(step.action, target.step(step.action))
                _same_step(found, step, f"{name}{what}: step {index} after set_state in {where}:")
    fresh.close()


def _check_dataset(dataset: Any, name: str) -> None:
    splits = dataset if isinstance(dataset, dict) else {"": dataset}
    assert splits, f"{name}: the dataset has no splits"
    for split, rows in splits.items():
        row = next(iter(rows), None)  # of a stream, too
        assert row is not None, f"{name}: the dataset {split} is empty"
        assert set(row) == set(rows.column_names), f"{name}: a row of {split} lacks columns"
