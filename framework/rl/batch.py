"""Batch: what was experienced, in the one form that collectors, buffers and algorithms share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TypeAlias

import torch
from torch import Tensor

from framework.rl.trees import Tree, tree_map

#: Hidden states by network, each `(*batch, size)`; empty where nothing is remembered.
State: TypeAlias = Mapping[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Experience of shape S: fragments `(T, N)` or `(T, N, agents)`, or drawn transitions `(n,)`.

    Row t of a fragment holds the observation before action t and what the action led to.
    Observations and actions are trees of tensors `(*S, ...)`; everything else is `(*S)`.

    Attributes:
        observation, action, reward: of each step.
        terminated: whether the step led to a terminal state, whose value is 0.
        truncated: whether the episode was cut off after the step, by a time limit for instance.
        is_first: whether the observation is the first of its episode.
        final_observation: what the steps led to that are `cut`, before any reset, `(cuts, ...)`
            in the order of `cut.nonzero()`; one per transition where they were drawn.
        state_in: hidden states before the first row of each sequence. Fragments of c sequences
            hold `(c, N, ..., size)`.
        log_prob, value: of the policy that acted, at the time.
        next_value: of what each step led to, from the same critic; of no meaning if terminated.
        advantage, target: of the action, and for the value.
        own: whether the policy that learns chose the action, and not another one; None for everywhere.
            Nothing is learnt where it did not.
        can_act: whether the action had any effect; None for everywhere. Where it had none, only values
            are learnt.
        discount: of the value of what a transition led to; 0 if terminated.
    """

    observation: Tree
    action: Tree
    reward: Tensor
    terminated: Tensor
    truncated: Tensor
    is_first: Tensor
    final_observation: Tree = None
    state_in: State = field(default_factory=dict)
    log_prob: Tensor | None = None
    value: Tensor | None = None
    next_value: Tensor | None = None
    advantage: Tensor | None = None
    target: Tensor | None = None
    own: Tensor | None = None
    can_act: Tensor | None = None
    discount: Tensor | None = None

    @property
    def ended(self) -> Tensor:
        """Whether an episode ended with the step."""
        return self.terminated | self.truncated

    @property
    def cut(self) -> Tensor:
        """Whether what a step of a fragment led to is not in its next row: ended, or in the last."""
        cut = self.ended
        cut[-1] = True
        return cut

    @property
    def chosen(self) -> Tensor | None:
        """Whether the policy that learns chose an action that had an effect; None for everywhere."""
        if self.own is None or self.can_act is None:
            return self.can_act if self.own is None else self.own
        return self.own & self.can_act

    def next_observation(self) -> Tree:
        """What each step of a fragment led to, before any reset; a tree of `(*S, ...)`."""

        def following(observation: Tensor, final: Tensor) -> Tensor:
            after = observation.roll(-1, 0)
            after[self.cut] = final
            return after

        return tree_map(following, self.observation, self.final_observation)

    def map(self, function: Callable[..., Tensor], *others: Batch) -> Batch:
        """Apply a function to what has shape S, of this and of other batches alike.

        `final_observation` and `state_in`, which have another shape, are left out.
        """

        def one(name: str) -> Tree:
            held = [getattr(batch, name) for batch in (self, *others)]
            return None if held[0] is None else tree_map(function, *held)

        left_out = ("final_observation", "state_in")
        return Batch(**{each.name: one(each.name) for each in fields(self) if each.name not in left_out})


def beside(batches: Sequence[Batch]) -> Batch:
    """Fragments of the same length, of different environments, as one fragment with all of them.

    Args:
        batches: each `(T, N_i)` or `(T, N_i, agents)`.

    Returns:
        A fragment `(T, N)` or `(T, N, agents)`, with the environments in the order of the batches.
    """
    first, *others = batches
    if not others:
        return first
    join = lambda *each: torch.cat(each, 1)  # noqa: E731
    batch = first.map(join, *others)
    # Each has its last observations in the order of its own rows; now they are in that of all rows.
    number = torch.arange(batch.reward.numel()).reshape(batch.reward.shape)
    parts = torch.split(number, [each.reward.shape[1] for each in batches], 1)
    order = torch.cat([part[each.cut] for part, each in zip(parts, batches, strict=True)]).argsort()
    return replace(
        batch,
        final_observation=tree_map(
            lambda *each: torch.cat(each)[order], *(each.final_observation for each in batches)
        ),
        state_in=tree_map(join, *(each.state_in for each in batches)),
    )
