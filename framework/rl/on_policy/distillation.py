"""Teaching one policy what another knows ("Solving Rubik's Cube with a Robot Hand", section 6)."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import torch
from torch import Tensor
from torch.distributions import kl_divergence

from framework.errors import UserError
from framework.rl.batch import Batch, State
from framework.rl.on_policy.config import DistillationConfig, OnPolicyConfig, PPOConfig
from framework.rl.on_policy.ppo import PPO, masked_mean
from framework.rl.policy import Policy
from framework.rl.targets import frozen_copy
from framework.rl.trees import tree_map
from framework.runs.weights import load_weights

#: How hidden states of the teacher are told from the student's, in `Batch.state_in`.
_TEACHER = "teacher/"


class Distillation(PPO):
    """A student acts, and learns to do what a trained teacher would do where the student came to.

    That is DAgger (Ross et al. 2011): what is learnt from is what the student meets, mistakes included. The
    loss is the divergence of the student's actions from the teacher's, KL(teacher || student) in nats, plus
    the squared difference of their values. Teacher and student may be of any architecture, with or without
    memory, if they take the same observations and actions. Everything else is PPO's.

    Args:
        environment: a `VectorEnv` with SAME_STEP autoreset.
        model: the student, a policy with a critic.
        config: the parameters; the teacher's weights are read from `config.checkpoint`.

    Raises:
        UserError: the checkpoint does not fit, or teacher and student act in other ways.
    """

    shown = ("loss/kl", "train/return")

    def __init__(self, environment: Any, model: Policy, config: DistillationConfig) -> None:
        shared = {each.name: getattr(config, each.name) for each in fields(OnPolicyConfig)}
        super().__init__(environment, model, PPOConfig(**shared))
        teacher = config.teacher
        if not isinstance(teacher, Policy):
            raise UserError(
                f"teacher: {type(teacher).__name__} is no policy\n  rl/actor_critic, for instance, is one"
            )
        load_weights(teacher, config.checkpoint)
        self.teacher = (frozen_copy(teacher),)  # in a tuple: it is no part of what is learned
        self._known: State | None = None

    def absorb(self, experience: tuple[Batch, list[tuple[Any, int]]]) -> Mapping[str, float]:
        found = super().absorb(experience)
        batch = self.buffer.batch
        assert batch is not None
        if state := self._known or self.teacher[0].initial_state(*batch.reward.shape[1:]):
            known, self._known = self._remembered(batch, state)
            self.buffer.batch = replace(batch, state_in={**batch.state_in, **known})
        return found

    @torch.no_grad()
    def _remembered(self, batch: Batch, state: State) -> tuple[State, State]:
        """What the teacher would remember before each sequence of a fragment, and after it."""
        length, before = self.config.sequence_length, []
        for first in range(0, len(batch.reward), length):
            before.append(state)
            rows = slice(first, first + length)
            seen = tree_map(operator.itemgetter(rows), batch.observation)
            state = self.teacher[0](seen, state, batch.is_first[rows])[2]
        return {_TEACHER + name: torch.stack([each[name] for each in before]) for name in state}, state

    def loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        teacher = self.teacher[0].to(self.device)
        known = {
            name.removeprefix(_TEACHER): held
            for name, held in batch.state_in.items()
            if name.startswith(_TEACHER)
        }
        with torch.no_grad():
            asked, worth, _ = teacher(batch.observation, known, batch.is_first)
        done, value, _ = self.model(batch.observation, batch.state_in, batch.is_first)
        pairs = zip(asked.parts, done.parts, strict=True)
        each = torch.stack([kl_divergence(*pair).sum(-1) for pair in pairs]).sum(0)
        loss = masked_mean(each, batch.chosen)
        parts = {"kl": loss.detach()}
        if worth is not None and value is not None:
            error = masked_mean((value - worth).square(), batch.own)
            loss = loss + self.config.value_weight * error
            parts["value"] = error.detach()
        return loss, parts

    def cycle_state(self) -> dict[str, Any]:
        return super().cycle_state() | {"teacher": self._known}

    def load_cycle_state(self, state: dict[str, Any]) -> None:
        super().load_cycle_state(state)
        self._known = state["teacher"]
