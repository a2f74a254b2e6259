"""Proximal policy optimisation (Schulman et al. 2017), for any spaces, with or without memory."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final, cast

import numpy as np
import torch
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor, nn

from framework.clipping import unscale
from framework.contracts import Served
from framework.rl.acting import Plays
from framework.rl.batch import Batch
from framework.rl.buffers.rollout import RolloutBuffer
from framework.rl.collect.remote import Workers
from framework.rl.collect.rollout import Chunk, RolloutCollector
from framework.rl.cycle import CycleAlgorithm
from framework.rl.normalizer import Normalizer, RewardNormalizer
from framework.rl.on_policy.config import PPOConfig
from framework.rl.policy import ActorCritic, Policy
from framework.rl.selfplay.teams import agents_of, teams_of
from framework.rl.serving import serve
from framework.rl.targets import frozen_copy
from framework.rl.trees import tree_map

#: The metric of returns; that of a team is below it.
_RETURN: Final = "train/return"


class PPO(Plays, CycleAlgorithm):
    """Proximal policy optimisation with clipped probability ratios and GAE.

    A cycle collects `steps` steps in every environment and goes through them `epochs` times, in
    `minibatches` updates each. Time limits are bootstrapped from the true final observation. A
    recurrent policy is trained on sequences, from the hidden states they were collected with.
    Where many agents act at once (`framework.rl.selfplay.teams`), each is one more row of the batch: one
    policy learns from what all of them do, or `TeamPolicies` do for theirs.

    Undiscounted returns of episodes that end are logged as `train/return`; those of two teams or more as
    `train/return/TEAM` alone, the mean over its agents, since that over all is 0 in a zero-sum game.

    Args:
        environment: a `VectorEnv` with SAME_STEP autoreset.
        model: a policy with a critic.
        config: the parameters.

    Raises:
        UserError: `sequence_length` does not divide `steps`, or the environment resets otherwise.
    """

    shown: tuple[str, ...] = ("episodes", _RETURN)

    def __init__(self, environment: Any, model: Policy, config: PPOConfig) -> None:
        super().__init__(
            budget=config.budget,
            env_steps_per_cycle=config.steps * environment.num_envs * config.collectors.workers,
            updates_per_cycle=config.epochs * config.minibatches,
            overlap=config.overlap,
            matmul=config.matmul,
        )
        self.config, self.environment, self.model = config, environment, model
        self.agents, self.teams = agents_of(environment), teams_of(environment)
        if len(self.teams) > 1:
            teams = [f"{_RETURN}/{team}" for team in self.teams]
            self.shown = tuple(name for each in self.shown for name in (teams if each == _RETURN else [each]))
        # Acts on the CPU, where environments are, and beside the learner.
        self.acting = (frozen_copy(model),)  # in a tuple: it is no part of what is learned
        # In a tuple, since in distributed training each process has running returns of its own.
        rows = environment.num_envs * config.collectors.workers
        self.axes = (rows,) if self.agents is None else (rows, self.agents)
        self.rewards = (RewardNormalizer(self.axes, config.gamma),)
        # Weights of old targets fall to 1/e in 100,000 steps, so that the scale follows what is learnt.
        options = {"eps": 1e-4, "clip": math.inf, "input_clip": math.inf, "ema": 1 - 1e-5}
        self.values = Normalizer(1, **options) if config.normalize_values else None
        self._seed(process=0)

    def _seed(self, process: int) -> None:
        """Give each process, and each of its parts, a stream of random numbers of its own."""
        seeds = np.random.SeedSequence([self.config.seed, process]).generate_state(3).tolist()
        collecting, order, behaving = seeds
        config = self.config
        make = partial(RolloutCollector, agents=self.agents, sequence_length=config.sequence_length)
        behaviour = self.behaviour(behaving)
        self.collector: RolloutCollector | Workers
        if config.collectors.use == "local":
            self.collector = make(self.environment, behaviour, collecting)
        else:
            self.collector = self.workers = Workers(
                config.collectors, self.environment, behaviour, make, RolloutCollector.join, collecting
            )
        self.buffer = RolloutBuffer(
            config.steps, config.sequence_length, gamma=config.gamma, lam=config.lam, seed=order
        )

    def behaviour(self, seed: int) -> Policy:
        """What acts in the environment: a copy of what learns; a subclass may let others act beside it.

        Args:
            seed: of whatever is drawn besides actions.
        """
        return self.acting[0]

    def setup(self, stage: str) -> None:
        super().setup(stage)
        if self.global_rank > 0:
            self._seed(self.global_rank)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.model.parameters(), lr=self.config.learning_rate, eps=1e-5)

    # One cycle ----------------------------------------------------------------------------

    def begin_cycle(self) -> None:
        self.acting[0].load_state_dict(self.model.state_dict())
        if self.workers is not None:
            self.workers.broadcast(self.acting[0])

    def collect(self) -> Chunk:
        return self.collector.chunk(self.config.steps)

    def absorb(self, experience: Chunk) -> Mapping[str, float]:
        batch, finished = experience
        if self.config.normalize_rewards:
            batch = replace(batch, reward=self.rewards[0](batch.reward, batch.ended))
        if self.values is not None:
            batch = _in_units(batch, self.values)
        self.buffer.clear()
        self.buffer.add(batch)
        if self.values is not None:
            self._scale(self.values)
        self.counters.episodes += len(finished) * self.processes
        if not finished:
            return {}
        returns, lengths = zip(*finished, strict=True)
        found = {"train/length": float(np.mean(lengths))}
        if len(self.teams) < 2:
            found[_RETURN] = float(np.mean(returns))
        for team, places in self.teams.items():
            found[f"{_RETURN}/{team}"] = float(np.mean([each[list(places)] for each in returns]))
        return found

    def _scale(self, values: Normalizer) -> None:
        """Count targets, and say them and values as the critic does."""
        held = self.buffer.batch
        assert held is not None
        assert held.target is not None
        values.update((held.target if held.own is None else held.target[held.own]).reshape(-1, 1))
        scaled = {name: values(getattr(held, name)[..., None])[..., 0] for name in ("target", "value")}
        self.buffer.batch = replace(held, **scaled)

    def ready(self) -> bool:
        return self.buffer.batch is not None

    def learn(self) -> Mapping[str, float | Tensor]:
        config = self.config
        optimizer = cast(LightningOptimizer, self.optimizers())
        rate = self.scheduled(config.learning_rate, config.final_learning_rate)
        self.set_learning_rate(rate)
        everything = self.buffer.batch
        assert everything is not None
        sums: dict[str, Tensor] = defaultdict(lambda: torch.zeros((), device=self.device))
        updates = 0
        for _ in range(config.epochs):
            moved = torch.zeros((), device=self.device)
            for part in self.buffer.minibatches(config.minibatches):
                loss, of_part = self.loss(self._here(part))
                self.optimise(loss, optimizer)
                updates += 1
                moved += of_part["kl"] / config.minibatches
                for name, value in of_part.items():
                    sums[name] += value
            if self._too_far(moved):
                break
        # Fed now, so that what was collected is judged as it was collected.
        self.model.normalize_by(everything.observation)
        if not config.overlap:
            self.buffer.clear()  # no checkpoint need hold what will not be learnt from again
        return {
            **{f"loss/{name}": value / updates for name, value in sums.items()},
            "value/explained": _explained(everything),
            "learning_rate": rate,
        }

    def loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of one minibatch (equations 7 and 9), and what it is made of; a subclass may add to both.

        Args:
            batch: `(sequence_length, n)`, with advantages and targets, on the device that learns.

        Returns:
            A scalar, and scalars without gradients to be logged as `loss/NAME`.
        """
        config = self.config
        judged = self.model.evaluate(batch.observation, batch.action, batch.state_in, batch.is_first)
        assert batch.advantage is not None
        assert batch.log_prob is not None
        assert judged.value is not None
        advantage, chosen, own = batch.advantage, batch.chosen, batch.own
        kept = advantage if chosen is None else advantage[chosen]
        if config.normalize_advantages and kept.numel() > 1:
            advantage = (advantage - kept.mean()) / (kept.std() + 1e-8)
        log_ratio = judged.log_prob - batch.log_prob
        ratio = log_ratio.exp()
        clipped = ratio.clamp(1 - config.clip, 1 + config.clip)
        policy = -masked_mean(torch.minimum(ratio * advantage, clipped * advantage), chosen)
        value = masked_mean(self._value_error(judged.value, batch), own)
        entropy = masked_mean(judged.entropy, chosen)
        weight = self.scheduled(config.entropy_weight, config.final_entropy_weight)
        loss = policy + config.value_weight * value - weight * entropy
        with torch.no_grad():
            parts = {
                "policy": policy.detach(),
                "value": value.detach(),
                "entropy": entropy.detach(),
                "kl": masked_mean(
                    ratio - 1 - log_ratio, chosen
                ),  # Schulman 2020, Approximating KL divergence
                "clipped": masked_mean(((ratio - 1).abs() > config.clip).float(), chosen),
            }
        return loss, parts

    def _value_error(self, value: Tensor, batch: Batch) -> Tensor:
        """Squared errors of values."""
        assert batch.target is not None
        error = (value - batch.target).square()
        if self.config.clip_value is None:
            return error
        assert batch.value is not None
        near = batch.value + (value - batch.value).clamp(-self.config.clip_value, self.config.clip_value)
        return torch.maximum(error, (near - batch.target).square())

    def _too_far(self, moved: Tensor) -> bool:
        """Whether the policy has left what its data can tell about it; all processes agree."""
        if self.config.target_kl is None:
            return False
        far = bool(moved > self.config.target_kl)
        if self.processes > 1:
            far = self.trainer.strategy.reduce_boolean_decision(far, all=False)
        return far

    def _here(self, batch: Batch) -> Batch:
        """A minibatch on the device that learns."""
        if self.device.type == "cpu":
            return batch
        move = lambda x: x.to(self.device)  # noqa: E731
        return replace(batch.map(move), state_in=tree_map(move, batch.state_in))

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        if self.config.max_gradient_norm is not None:
            unscale(self.trainer, optimizer)
            nn.utils.clip_grad_norm_(self.model.parameters(), self.config.max_gradient_norm)

    # What the core and others use ---------------------------------------------------------

    @property
    def policy(self) -> Policy:  # type: ignore[override]
        """What acts: `act`, `player` and `play` are with it."""
        return self.model

    def served(self) -> Served:
        """The policy with its normaliser: observations by name to actions; see `serving.serve`."""
        return serve(cast(ActorCritic, self.model))

    def cycle_state(self) -> dict[str, Any]:
        return {
            "collector": self.collector.state_dict(),
            "buffer": self.buffer.state_dict(),
            "rewards": self.rewards[0].state_dict(),
        }

    def load_cycle_state(self, state: dict[str, Any]) -> None:
        self.collector.load_state_dict(state["collector"])
        self.buffer.load_state_dict(state["buffer"])
        self.rewards[0].load_state_dict(state["rewards"])


def _in_units(batch: Batch, scale: Normalizer) -> Batch:
    """What the critic said of zero mean and unit variance, in the units of rewards."""
    assert batch.value is not None
    assert batch.next_value is not None
    now, after = (scale.inverse(x.unsqueeze(-1)).squeeze(-1) for x in (batch.value, batch.next_value))
    return replace(batch, value=now, next_value=after)


def masked_mean(values: Tensor, where: Tensor | None) -> Tensor:
    """The mean of some, or of all; 0 of none."""
    if where is None:
        return values.mean()
    # Multiplying would keep what is not finite, and a mean of none is no number.
    return values.where(where, 0).sum() / where.sum().clamp(min=1)


def _explained(batch: Batch) -> float:
    """Share of the variance of returns that the critic had foreseen; 1 at best."""
    assert batch.target is not None
    assert batch.value is not None
    target, value = batch.target, batch.value
    if batch.own is not None:
        target, value = target[batch.own], value[batch.own]
    variance = target.var()
    return float(1 - (target - value).var() / variance) if variance > 0 else 0.0
