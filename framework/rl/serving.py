"""A policy as a module of its own: named observations in, the environment's actions out.

One with a memory also takes its hidden state by name, and gives the next.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from keyword import iskeyword
from typing import Any, Final, TypeAlias, cast

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor, nn

from framework.contracts import Served
from framework.errors import UserError
from framework.rl.off_policy.model import ActorQ
from framework.rl.policy import ActorCritic
from framework.rl.targets import frozen_copy
from framework.rl.trees import tree_map

#: The input and the output of a policy with a memory: zeros `(n, size)` where an episode starts.
HIDDEN = "hidden_state"

#: Observations that are inputs.
_SEEN: Final = (spaces.Box, spaces.Discrete, spaces.MultiBinary, spaces.MultiDiscrete)

#: Policies that are exported.
Acting: TypeAlias = ActorCritic | ActorQ


def serve(policy: Acting) -> Served:
    """What `served` of an algorithm returns: the likeliest action, normaliser included.

    A part of an observation that is called as a word of Python's is an input with an underscore: `self_`.
    With a memory the answer is `{"action": ..., "hidden_state": ...}`, and the hidden state, zeros at
    the start of an episode, is an input beside the observations.

    Args:
        policy: of arrays, flags and choices, or a flat `Dict` of them; its actions are one `Box`, `Discrete`
            or `MultiDiscrete`.

    Raises:
        UserError: it is another policy.
    """
    if policy.agents is not None:
        raise UserError(
            f"a policy of {policy.agents} agents together is not exported; export one of its members"
        )
    seen, action = policy.observation_space, policy.action_space
    parts = dict(seen.spaces) if isinstance(seen, spaces.Dict) else {"observation": seen}
    flat = all(isinstance(part, _SEEN) and str(name).isidentifier() for name, part in parts.items())
    if not flat or not isinstance(action, spaces.Box | spaces.Discrete | spaces.MultiDiscrete):
        raise UserError(f"only policies from arrays to one action are exported, not from {seen} to {action}")
    example = {_argument(name): np.stack([_example(part)] * 2) for name, part in parts.items()}
    remembered = policy.initial_state(2).get("actor")
    if remembered is not None:
        if HIDDEN in example:
            raise UserError(f"an observation called {HIDDEN} is not exported: the memory's is called so")
        example[HIDDEN] = remembered.cpu().numpy()
    names = {_argument(name): name for name in parts} if isinstance(seen, spaces.Dict) else None
    return Served(_named([*example])(policy, names), example)


def _argument(name: str) -> str:
    """What a part of an observation is called as an argument: `self_`, `class_`."""
    return f"{name}_" if name == "self" or iskeyword(name) else name


def _example(space: spaces.Space[Any]) -> Any:
    """One observation, in the type in which it is asked: bytes and whole numbers as they are, or float32."""
    if isinstance(space, spaces.Box):
        return np.zeros(space.shape, np.uint8 if space.dtype == np.uint8 else np.float32)
    kind: Any = space.dtype
    return np.zeros(space.shape or (), kind) + np.asarray(getattr(space, "start", 0), kind)


class Deciding(nn.Module):
    """The actor of a policy, with what its actions mean in the environment.

    Args:
        policy: it is copied.
        names: what the policy calls each input, if its observations are a dict; else there is one,
            `observation`.
    """

    low: Tensor
    high: Tensor
    centre: Tensor
    reach: Tensor
    bounded: Tensor
    start: Tensor

    def __init__(self, policy: Acting, names: Mapping[str, str] | None) -> None:
        super().__init__()
        self.policy, self.names = frozen_copy(policy).cpu().eval(), names
        self.policy.drop_critic()
        space = self.policy.action_space
        self.continuous = isinstance(space, spaces.Box)
        if isinstance(space, spaces.Box):
            head: Any = self.policy.box
            bounds = {"low": space.low, "high": space.high, "centre": head.centre, "reach": head.reach}
            for name, values in bounds.items():
                array = np.broadcast_to(values, space.shape).astype(np.float32)
                self.register_buffer(name, torch.from_numpy(array))
            self.register_buffer("bounded", torch.from_numpy(np.array(head.bounded)))
            self.whole = space.dtype.kind != "f"
        else:
            start = np.asarray(getattr(space, "start", 0), np.int64)
            self.register_buffer("start", torch.from_numpy(start))

    def decide(self, **observation: Tensor) -> Tensor | dict[str, Tensor]:
        """Batches `(n, ...)` by name to actions `(n, ...)` in the environment's own units."""
        hidden = observation.pop(HIDDEN, None)
        seen: Any = observation.get("observation")
        if self.names is not None:
            seen = {self.names[argument]: value for argument, value in observation.items()}
        if hidden is None:
            return self._in_units(cast(Tensor, self.policy(seen)[0].mode()))
        sequence = tree_map(lambda x: x.unsqueeze(0), seen)
        distribution, _, after = self.policy(sequence, {"actor": hidden})
        action = cast(Tensor, distribution.mode())[0]
        return {"action": self._in_units(action), HIDDEN: after["actor"]}

    def _in_units(self, action: Tensor) -> Tensor:
        if not self.continuous:
            return action + self.start
        inside = torch.where(self.bounded, action.clamp(-1, 1), action)
        wanted = (self.centre + self.reach * inside).clamp(self.low, self.high)
        return wanted.round().long() if self.whole else wanted


def _named(names: list[str]) -> type[Deciding]:
    """Whose `forward` says what its inputs are called, which exporting asks of it."""

    def forward(self: Deciding, /, **observation: Tensor) -> Tensor | dict[str, Tensor]:
        return self.decide(**observation)

    given = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in ("self", *names)]
    forward.__signature__ = inspect.Signature(given)  # type: ignore[attr-defined]
    return type("Deciding", (Deciding,), {"forward": forward})
