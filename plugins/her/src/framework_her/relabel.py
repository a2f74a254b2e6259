"""Hindsight: replay transitions with goals that were achieved later (sections 4.2 and 4.5)."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from framework.rl.buffers.episodes import EpisodeReplay, Index, Sample
from framework.rl.curiosity.counts import Counts
from framework.rl.off_policy.learner import Transitions
from framework_her.actor_critic import join

Array = NDArray[np.float32]
Strategy: TypeAlias = Literal["final", "future", "episode", "random"]


class Relabel:
    """Substitutes goals in k of k + 1 transitions, drawn independently.

    The paper stores k further copies of each transition with other goals; drawing the goals
    when a transition is replayed is the same in expectation and needs no memory.

    Strategies (section 4.5), for the transition from s_t to s_{t+1} in an episode of T steps:

    - `final`: the goal achieved in s_T,
    - `future`: one of s_{t+1} ... s_T,
    - `episode`: one of s_0 ... s_T,
    - `random`: of any state in the whole buffer.

    A transition that starts at its goal has little to teach, and where the object is seldom
    touched most are of that kind. `keep_reached` is the share of them that is replayed; the
    choice depends on s_t and the goal alone, so values are not biased by it.

    Args:
        environment: its `compute_reward(achieved, desired, info)` judges relabelled transitions,
            and so does `compute_terminated`, if it has one.
        strategy: as above.
        k: as above; 0 leaves all goals as they are.
        discount: of a value one step later. Reaching a goal does not end an episode (section 4.1).
        keep_reached: as above, in (0, 1]; 1 replays all alike, as the paper does.
        bonus: rewards to add, for where a transition leads to.
    """

    def __init__(
        self,
        environment: Any,
        strategy: Strategy,
        k: int,
        discount: float,
        keep_reached: float = 1.0,
        bonus: Counts | None = None,
    ) -> None:
        self.environment = environment
        self.discount = np.float32(discount)
        self.strategy = strategy
        self.share = k / (k + 1)
        self.keep_reached = keep_reached
        self.bonus = bonus

    def draw(self, replay: EpisodeReplay, count: int, random: np.random.Generator) -> Transitions[Array]:
        """Draw `count` transitions, most of them in hindsight."""
        samples, goals, missing = [], [], count
        while missing:
            sample = replay.sample(2 * missing, random)
            goal = self._goals(replay, sample, random)
            reached = self.environment.compute_reward(replay["achieved_goal"][sample.row], goal, {}) == 0
            kept = np.flatnonzero(~reached | (random.random(len(goal)) < self.keep_reached))[:missing]
            samples.append(sample.at(kept))
            goals.append(goal[kept])
            missing -= len(kept)
        sample = Sample(*(np.concatenate(parts) for parts in zip(*samples, strict=True)))
        return self._transitions(replay, sample, np.concatenate(goals))

    def all_of(
        self, replay: EpisodeReplay, sample: Sample, random: np.random.Generator
    ) -> Transitions[Array]:
        """The transitions at `sample`, most of them in hindsight."""
        return self._transitions(replay, sample, self._goals(replay, sample, random))

    def _transitions(self, replay: EpisodeReplay, sample: Sample, goal: Array) -> Transitions[Array]:
        row, last = sample.row, sample.last
        achieved = replay["achieved_goal"][row + 1]
        reward = self.environment.compute_reward(achieved, goal, {})
        if self.bonus is not None:
            reward = reward + self.bonus(np.subtract(achieved, goal, dtype=np.float64))
        if hasattr(self.environment, "compute_terminated"):
            last = np.asarray(self.environment.compute_terminated(achieved, goal, {}))
        observation = replay["observation"]
        return Transitions(
            inputs=join(observation[row], goal),
            next_inputs=join(observation[row + 1], goal),
            action=replay["action"][row],
            reward=np.asarray(reward, np.float32)[:, None],
            discount=self.discount * ~last[:, None],
        )

    def _goals(self, replay: EpisodeReplay, sample: Sample, random: np.random.Generator) -> Array:
        """Goals to replay with: their own, or one that was achieved."""
        goal = replay["desired_goal"][sample.row]
        hindsight = np.flatnonzero(random.random(len(goal)) < self.share)
        at = self._choose(sample.at(hindsight), replay, random)
        goal[hindsight] = replay["achieved_goal"][at]
        return goal

    def _choose(self, sample: Sample, replay: EpisodeReplay, random: np.random.Generator) -> Index:
        """Rows of the states whose achieved goals become the goals."""
        row, start, end, _ = sample
        if self.strategy == "final":
            return end
        if self.strategy == "future":
            return random.integers(row + 1, end + 1)
        if self.strategy == "episode":
            return random.integers(start, end + 1)
        return replay.sample(len(row), random).row
