"""Hindsight Experience Replay: algorithm 1 of Andrychowicz et al. 2017.

In the order of the paper: the algorithm's "Given", an off-policy learner, is the constructor; the
loop over episodes with its actions is its `EpisodeExplorer`; storing transitions and choosing further goals
is `absorb` and `relabel.py`; the loop over t = 1 ... N, "Sample a minibatch B from R", is
`minibatches`. "Perform one step of optimization" is the learner's, in `framework.rl.off_policy`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from framework.errors import UserError
from framework.rl.buffers.episodes import EpisodeReplay
from framework.rl.collect.local import Episode
from framework.rl.curiosity.counts import Counts
from framework.rl.off_policy.base import OffPolicy
from framework.rl.off_policy.ddpg import DDPGLearner
from framework.rl.off_policy.explorer import EpisodeExplorer
from framework.rl.off_policy.learner import Learner, Transitions
from framework.rl.off_policy.sac import SACLearner
from framework.rl.off_policy.td3 import TD3Learner
from framework.rl.off_policy.tqc import TQCLearner
from framework_her.actor_critic import ActorCritic
from framework_her.config import HindsightConfig
from framework_her.demonstrations.learn import GuidedDDPG, replay_of, start_from
from framework_her.demonstrations.load import load
from framework_her.relabel import Relabel

LEARNERS: dict[str, type[Learner]] = {
    "ddpg": DDPGLearner,
    "td3": TD3Learner,
    "sac": SACLearner,
    "tqc": TQCLearner,
}


class Hindsight(OffPolicy):
    """Off-policy learning of many goals from sparse rewards.

    Beyond the paper: targets move after every update rather than once per cycle; what is
    collected in one cycle is learnt from in the next (`overlap`); and, if asked for, episodes
    in which the achieved goal moved are replayed more often (`moved_weight`) and transitions
    that start at their goal less often (`keep_reached`). Of an episode of T steps all T
    transitions are replayed. With `demonstrations` a share of each minibatch is theirs, relabelled
    like all others.

    Args:
        environment: a batched goal environment with `compute_reward`.
        model: policy and action value.
        config: the parameters.

    Raises:
        UserError: what is asked for does not go together; or, when training starts, demonstrations
            cannot be read, or the buffer does not fit into memory.
    """

    explorer_class = EpisodeExplorer
    shown = ("episodes", "train/success_rate")
    model: ActorCritic

    def __init__(self, environment: Any, model: ActorCritic, config: HindsightConfig) -> None:
        super().__init__(environment, model, config, _learner(config))
        self.learner.highest = config.bonus
        self.bonus = Counts(config.bonus, config.bonus_cell) if config.bonus else None
        self.relabel = Relabel(
            environment, config.strategy, config.k, config.discount, config.keep_reached, self.bonus
        )

    @cached_property
    def replay(self) -> EpisodeReplay:
        return EpisodeReplay.of(self.environment, self.config.capacity)

    def setup(self, stage: str) -> None:
        super().setup(stage)
        shown = self.config.demonstrations
        if stage != "fit" or shown is None:
            return
        found = load(shown.path, self.environment)
        self.demonstrated = replay_of(found, self.environment)
        if shown.starts and self.workers is not None:
            raise UserError(
                "workers start from no demonstrated states\n"
                "  give demonstrations.starts: 0, or collectors: {use: local}"
            )
        if shown.starts:
            start_from(found, self.environment, shown.starts)
        assert self.model.normalizer is not None
        everything = self.demonstrated.newest(self.demonstrated.episodes)
        relabelled = self.relabel.all_of(self.demonstrated, everything, self.random)
        self.model.normalizer.update(torch.from_numpy(relabelled.inputs))

    # store the transitions in R; sample a set of additional goals --------------------------

    def absorb(self, experience: list[Episode]) -> Mapping[str, float]:
        normalizer = self.model.normalizer
        assert normalizer is not None
        for episode in experience:
            self.replay.add(episode, self._weight(episode))
            if self.bonus is not None:
                way = np.subtract(
                    episode.steps["achieved_goal"][1:],
                    episode.steps["desired_goal"][:-1],
                    dtype=np.float64,
                )
                self.bonus.visit(way)
        self.counters.episodes += len(experience) * self.processes
        if not experience:
            # The other processes wait for this one's share.
            normalizer.update(torch.empty(0, len(normalizer.mean)))
            return {}
        # The normaliser is fed what the networks will be: relabelled transitions.
        newest = self.replay.newest(len(experience))
        relabelled = self.relabel.all_of(self.replay, newest, self.random)
        normalizer.update(torch.from_numpy(relabelled.inputs))
        low, high = float(relabelled.reward.min()), float(relabelled.reward.max())
        clips = self.config.clip_targets and not self.learner.stochastic
        if clips and not -1 <= low <= high <= self.config.bonus:
            raise UserError(
                f"{type(self.environment).__name__} gives rewards from {low:g} to {high:g}, and values are "
                f"clipped to what rewards in [-1, {self.config.bonus:g}] can add up to\n"
                "  give algorithm.clip_targets: false"
            )
        return {
            "train/success_rate": float(np.mean([episode.success for episode in experience])),
            "train/return": float(np.mean([episode.ret for episode in experience])),
        }

    def _weight(self, episode: Episode) -> float:
        achieved = episode.steps["achieved_goal"]
        moved = np.linalg.norm(achieved - achieved[0], axis=-1).max() > self.config.moved_distance
        return self.config.moved_weight if moved else 1.0

    # for t = 1, N: sample a minibatch B from R ----------------------------------------------

    def minibatches(self) -> Iterator[Transitions[Tensor]]:
        updates, size, shown = (
            self.config.updates_per_cycle,
            self.config.batch_size,
            self.config.demonstrations,
        )
        sources = [(self.replay, size)]
        if shown is not None and shown.per_batch:
            sources = [(self.demonstrated, shown.per_batch), (self.replay, size - shown.per_batch)]
        # One draw for all of them: R does not change in between.
        drawn = [(self._sample(replay, updates * rows), rows) for replay, rows in sources]
        for i in range(updates):
            parts = [[each[i * rows : (i + 1) * rows] for each in batch] for batch, rows in drawn]
            yield Transitions(*(parts[0] if len(parts) == 1 else map(torch.cat, zip(*parts, strict=True))))

    def _sample(self, replay: EpisodeReplay, count: int) -> Transitions[Tensor]:
        """Draw transitions, with hindsight goals and normalised inputs."""
        drawn = self.relabel.draw(replay, count, self.random)
        batch = Transitions(*(torch.from_numpy(each).to(self.device) for each in drawn))
        normalized = self.model.normalized
        return batch._replace(inputs=normalized(batch.inputs), next_inputs=normalized(batch.next_inputs))

    def cycle_state(self) -> dict[str, Any]:
        return super().cycle_state() | {"bonus": self.bonus and self.bonus.state_dict()}

    def load_cycle_state(self, state: dict[str, Any]) -> None:
        super().load_cycle_state(state)
        if self.bonus is not None:
            self.bonus.load_state_dict(state["bonus"])

    # What others use ----------------------------------------------------------------------

    def export_npz(self, path: Path) -> None:
        """Write the policy as plain arrays (see `ActorCritic.export_npz`)."""
        self.model.export_npz(path)


def _learner(config: HindsightConfig) -> type[Learner]:
    shown = config.demonstrations
    if shown is None:
        return LEARNERS[config.learner]
    if shown.per_batch >= config.batch_size:
        raise UserError(
            f"demonstrations.per_batch: {shown.per_batch} leave nothing of batch_size: {config.batch_size}\n"
            "  give fewer, or a larger batch_size"
        )
    if not shown.cloning_weight * shown.per_batch:
        return LEARNERS[config.learner]
    if config.learner != "ddpg":
        raise UserError(
            f"actions are cloned by DDPG's policy, not by that of learner: {config.learner}\n"
            "  give learner: ddpg, or demonstrations.cloning_weight: 0 to replay demonstrations alone"
        )
    return GuidedDDPG
