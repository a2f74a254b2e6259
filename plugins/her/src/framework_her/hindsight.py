"""DDPG with Hindsight Experience Replay: algorithm 1 of Andrychowicz et al. 2017.

In the order of the paper: the algorithm's "Given" is the constructor; the loop over episodes
with its actions is `collect`; storing transitions and choosing further goals is `absorb`
and `relabel.py`; the loop over t = 1 ... N, "Perform one step of optimization", is `learn`,
whose losses are in `ddpg.py` (section 2.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from gymnasium.spaces import Dict
from lightning.pytorch.core.optimizer import LightningOptimizer
from numpy.typing import NDArray
from torch import Tensor

from framework.contracts import Served
from framework.errors import UserError
from framework.report import Report
from framework.rl.buffers.episodes import EpisodeReplay
from framework.rl.collect.local import Episode, EpisodeCollector
from framework.rl.cycle import CycleAlgorithm
from framework.rl.film import film
from framework.rl.targets import frozen_copy, polyak_update
from framework.rl.trees import batched
from framework_her.actor_critic import ActorCritic, Controller
from framework_her.config import HindsightConfig
from framework_her.counting import CountBonus
from framework_her.ddpg import Ddpg
from framework_her.exploration import Exploration
from framework_her.relabel import Relabel, Transitions

Array = NDArray[Any]


class Hindsight(CycleAlgorithm):
    """Off-policy learning of many goals from sparse rewards.

    Beyond the paper: targets move after every update rather than once per cycle; what is
    collected in one cycle is learnt from in the next (`overlap`); and, if asked for, episodes
    in which the achieved goal moved are replayed more often (`moved_weight`) and transitions
    that start at their goal less often (`keep_reached`). Of an episode of T steps all T
    transitions are replayed.

    Args:
        environment: a batched goal environment with `compute_reward`.
        model: policy and action value.
        config: the parameters.
    """

    shown = ("episodes", "train/success_rate")

    def __init__(self, environment: Any, model: ActorCritic, config: HindsightConfig) -> None:
        super().__init__(
            budget=config.budget,
            env_steps_per_cycle=config.steps_per_cycle * environment.num_envs,
            updates_per_cycle=config.updates_per_cycle,
            overlap=config.overlap,
            matmul=config.matmul,
        )
        self.config = config
        self.model = model
        self.target = frozen_copy(model)
        self._target, self._source = list(self.target.parameters()), list(model.parameters())
        self.losses = Ddpg(
            model, self.target, config.discount, config.action_l2, config.clip_targets, config.bonus
        )
        self.bonus = CountBonus(config.bonus, config.bonus_cell) if config.bonus else None
        self.relabel = Relabel(environment, config.strategy, config.k, config.keep_reached, self.bonus)
        self.replay = EpisodeReplay(config.capacity)
        self.environment = environment
        seen = environment.single_observation_space
        self._seen = Dict({key: seen[key] for key in ("observation", "desired_goal")})
        self._seed(process=0)

    def _seed(self, process: int) -> None:
        """Give each process, and each of its parts, a stream of random numbers of its own."""
        streams = np.random.SeedSequence([self.config.seed, process]).spawn(3)
        self.random = np.random.default_rng(streams[0])
        config = self.config
        self.exploration = Exploration(self.model, config.random_action, config.noise, streams[1])
        self.collector = EpisodeCollector(self.environment, int(streams[2].generate_state(1)[0]))

    def setup(self, stage: str) -> None:
        super().setup(stage)
        if self.global_rank > 0:
            self._seed(self.global_rank)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        networks = [*self.model.actor.parameters(), *self.model.critic.parameters()]
        return torch.optim.Adam(networks, lr=self.config.learning_rate, fused=True)

    # for episode = 1, M: sample a goal and an initial state, act, observe ------------------

    def begin_cycle(self) -> None:
        self.exploration.refresh(self.model)

    def collect(self) -> list[Episode]:
        return self.collector.collect(self.config.steps_per_cycle, self.exploration)

    # store the transitions in R; sample a set of additional goals --------------------------

    def absorb(self, experience: list[Episode]) -> Mapping[str, float]:
        for episode in experience:
            self.replay.add(episode, self._weight(episode))
            if self.bonus is not None:
                self.bonus.visit(episode.steps["achieved_goal"][1:], episode.steps["desired_goal"][:-1])
        self.counters.episodes += len(experience) * self.processes
        if not experience:
            # The other processes wait for this one's share.
            self.model.normalizer.update(torch.empty(0, len(self.model.normalizer.mean)))
            return {}
        # The normaliser is fed what the networks will be: relabelled transitions.
        newest = self.replay.newest(len(experience))
        relabelled = self.relabel.all_of(self.replay, newest, self.random)
        self.model.normalizer.update(torch.from_numpy(relabelled.inputs))
        low, high = float(relabelled.reward.min()), float(relabelled.reward.max())
        if self.config.clip_targets and not -1 <= low <= high <= self.config.bonus:
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

    def ready(self) -> bool:
        return len(self.replay) > 0

    # for t = 1, N: sample a minibatch B from R, perform one step of optimization ----------

    def learn(self) -> Mapping[str, float | Tensor]:
        config = self.config
        optimizer = cast(LightningOptimizer, self.optimizers())
        # One draw for all minibatches: R does not change between them.
        minibatches = self._sample(config.updates_per_cycle * config.batch_size)
        totals = torch.zeros(3, device=self.device)
        for i in range(config.updates_per_cycle):
            rows = slice(i * config.batch_size, (i + 1) * config.batch_size)
            batch = Transitions(*(each[rows] for each in minibatches))
            losses = self.losses(batch)
            self.optimise(losses.total, optimizer)
            polyak_update(self._target, self._source, config.tau)
            totals += torch.stack(losses[1:])
        critic, actor, q = (totals / config.updates_per_cycle).tolist()
        return {"loss/critic": critic, "loss/actor": actor, "value/mean": q}

    def _sample(self, count: int) -> Transitions[Tensor]:
        """Draw transitions, with hindsight goals and normalised inputs."""
        drawn = self.relabel.draw(self.replay, count, self.random)
        batch = Transitions(*(torch.from_numpy(each).to(self.device) for each in drawn))
        normalize = self.model.normalizer
        return batch._replace(inputs=normalize(batch.inputs), next_inputs=normalize(batch.next_inputs))

    # What the core and others use --------------------------------------------------------

    def act(self, observation: Mapping[str, Any]) -> Array:
        """The policy without exploration, as the environment takes its actions.

        Args:
            observation: `observation` and `desired_goal`, of one environment or `(n, ...)` of many.

        Returns:
            The action `(actions,)`, or `(n, actions)`.

        Raises:
            UserError: it is no observation of this environment's.
        """
        batch, single = batched(self._seen, observation)
        action = self.collector.to_environment(self.model.policy(batch))
        return action[0] if single else action

    def cycle_state(self) -> dict[str, Any]:
        return {
            "collector": self.collector.state_dict(),
            "exploration": self.exploration.random.bit_generator.state,
            "replay": self.replay.state_dict(),
            "random": self.random.bit_generator.state,
            "bonus": self.bonus and self.bonus.state_dict(),
        }

    def load_cycle_state(self, state: dict[str, Any]) -> None:
        self.collector.load_state_dict(state["collector"])
        self.exploration.random.bit_generator.state = state["exploration"]
        self.replay.load_state_dict(state["replay"])
        self.random.bit_generator.state = state["random"]
        if self.bonus is not None:
            self.bonus.load_state_dict(state["bonus"])

    def served(self) -> Served:
        """The policy with its normaliser: `observation` and `desired_goal` to actions, see `Controller`."""
        actions = self.environment.single_action_space
        example = {key: np.zeros((2, *part.shape), np.float32) for key, part in self._seen.items()}  # type: ignore[misc]
        return Served(Controller(self.model, actions.low, actions.high), example)

    def export_npz(self, path: Path) -> None:
        """Write the policy as plain arrays (see `ActorCritic.export_npz`)."""
        self.model.export_npz(path)

    def play(self, environment: Any, episodes: int = 3) -> Report:
        """Film a few episodes.

        Args:
            environment: one with `render`.
            episodes: how many.
        """
        return film(environment, self.act, episodes, self.config.seed)
