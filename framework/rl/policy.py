"""Policy: one contract for feed-forward and recurrent, symmetric and asymmetric policies."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import gymnasium
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn

from framework.errors import UserError
from framework.rl.batch import State
from framework.rl.encoders import Encoder, Trunk, check_groups
from framework.rl.heads import Distribution, Head
from framework.rl.normalizer import ObservationNormalizer
from framework.rl.trees import Tree, batched, leaves, to_tensors, tree_map


class Step(NamedTuple):
    """What a policy does at one step.

    Attributes:
        action: in the policy's units, a tree of `(*batch, ...)`.
        log_prob: of the action, `(*batch)`.
        value: of the observation, `(*batch)`; None without a critic.
        state: hidden states for the next step.
        own: whether it was this policy that chose, `(*batch)`, where others choose too; None for everywhere.
    """

    action: Tree
    log_prob: Tensor
    value: Tensor | None
    state: State
    own: Tensor | None = None


class Evaluation(NamedTuple):
    """What a policy makes of sequences.

    Attributes:
        log_prob, entropy: `(T, *batch)`.
        value: `(T, *batch)`; None without a critic.
        distribution: over the actions.
        state: hidden states after the last step.
    """

    log_prob: Tensor
    entropy: Tensor
    value: Tensor | None
    distribution: Distribution
    state: State


class Policy(nn.Module, ABC):
    """Observation, hidden state and reset mask in; action, log-probability, value, hidden state out.

    Batches have leading dimensions of any rank: `(N)` environments, or `(N, agents)`, whose rows
    know nothing of each other. Feed-forward is the special case whose hidden state is `{}`.
    A subclass says what happens along sequences; one step is a sequence of one.

    Attributes:
        observation_space, action_space: of one observation, and one action, of one agent.
        agents: what the last axis of every batch has to be; None for any axes at all.
    """

    observation_space: gymnasium.Space[Any]
    action_space: gymnasium.Space[Any]
    agents: int | None = None

    @abstractmethod
    def initial_state(self, *batch: int) -> State:
        """Hidden states at the start of an episode, by network."""

    @abstractmethod
    def forward(
        self, observation: Tree, state: State | None = None, is_first: Tensor | None = None
    ) -> tuple[Distribution, Tensor | None, State]:
        """Go through sequences.

        Args:
            observation: a tree of tensors `(T, *batch, ...)`.
            state: before the first step; None for the initial one.
            is_first: `(T, *batch)` bool, where hidden states are reset; None for nowhere.

        Returns:
            The distribution over actions, values `(T, *batch)`, or None without a critic, and the
            hidden states after the last step.
        """

    @abstractmethod
    def to_environment(self, action: Tree) -> Tree:
        """Actions as the environment takes them: arrays, scaled, and inside the action space."""

    def normalize_by(self, observation: Tree) -> None:
        """Count observations `(*batch, ...)` for scaling those to come; a policy need not scale any."""

    def drop_critic(self) -> None:
        """Forget all that only values are read from."""

    def act(
        self,
        observation: Tree,
        state: State | None = None,
        is_first: Tensor | None = None,
        *,
        deterministic: bool = False,
        generator: Generator | None = None,
    ) -> Step:
        """Choose actions for one step; everything is `(*batch, ...)`.

        Args:
            observation: a tree of tensors.
            state: what the step before returned; None at the start.
            is_first: `(*batch)` bool, whose hidden state is reset; None for nobody's.
            deterministic: take the mode instead of drawing.
            generator: to draw from; torch's own if None.
        """
        distribution, value, after = self._step(observation, state, is_first)
        if deterministic:
            action = distribution.mode()
            log_prob = distribution.log_prob(action)
        else:
            action, log_prob = distribution.sample(generator)
        return Step(tree_map(lambda x: x[0], action), log_prob[0], None if value is None else value[0], after)

    def evaluate(
        self, observation: Tree, action: Tree, state: State | None = None, is_first: Tensor | None = None
    ) -> Evaluation:
        """Judge given actions along whole sequences as `act` would have, step by step."""
        distribution, value, after = self(observation, state, is_first)
        return Evaluation(distribution.log_prob(action), distribution.entropy(), value, distribution, after)

    def value(
        self, observation: Tree, state: State | None = None, is_first: Tensor | None = None
    ) -> Tensor | None:
        """The critic's value of one step's observations, `(*batch)`; None without a critic."""
        value = self._step(observation, state, is_first)[1]
        return None if value is None else value[0]

    def _step(
        self, observation: Tree, state: State | None, is_first: Tensor | None
    ) -> tuple[Distribution, Tensor | None, State]:
        first = None if is_first is None else is_first.unsqueeze(0)
        return self(tree_map(lambda x: x.unsqueeze(0), observation), state, first)  # type: ignore[no-any-return]


class ActorCritic(Policy):
    """An actor and, unless it is None, a critic, each with a trunk of its own or sharing one.

    Args:
        observation_space: of one observation.
        action_space: of one action.
        actor: from observations to the features that actions are chosen by.
        critic: from observations to the features that values are read from; may be `actor` itself.
        normalizer: what observations pass first, an `ObservationNormalizer` or another module with
            `update`; the algorithm feeds it.
        head: options of `Head`.
    """

    def __init__(
        self,
        observation_space: gymnasium.Space[Any],
        action_space: gymnasium.Space[Any],
        actor: Trunk,
        critic: Trunk | None,
        *,
        normalizer: nn.Module | None = None,
        **head: Any,
    ) -> None:
        super().__init__()
        self.observation_space, self.action_space = observation_space, action_space
        self.normalizer = normalizer
        trunks = {"actor": actor} if critic in (None, actor) else {"actor": actor, "critic": critic}
        self.trunks = nn.ModuleDict(trunks)
        self._sizes = {name: trunk.state_size for name, trunk in trunks.items()}
        self.head = Head(actor.features, action_space, **head)
        self.value_head = None if critic is None else nn.Linear(critic.features, 1)
        if self.value_head is not None:
            nn.init.orthogonal_(self.value_head.weight)
            nn.init.zeros_(self.value_head.bias)

    def initial_state(self, *batch: int) -> State:
        like = self.head.linear.weight
        return {name: like.new_zeros(*batch, size) for name, size in self._sizes.items() if size}

    def forward(
        self, observation: Tree, state: State | None = None, is_first: Tensor | None = None
    ) -> tuple[Distribution, Tensor | None, State]:
        seen = observation if self.normalizer is None else self.normalizer(observation)
        known, after = {}, {}
        for name, trunk in self.trunks.items():
            known[name], remembered = trunk(seen, (state or {}).get(name), is_first)
            if remembered is not None:
                after[name] = remembered
        value = None
        if self.value_head is not None:
            value = self.value_head(known.get("critic", known["actor"])).squeeze(-1)
        return self.head(known["actor"]), value, after

    def to_environment(self, action: Tree) -> Tree:
        return self.head.to_environment(action)

    def normalize_by(self, observation: Tree) -> None:
        if self.normalizer is not None:
            self.normalizer.update(observation)  # type: ignore[operator]

    @property
    def box(self) -> nn.Module:
        """What draws from the first, or only, action space."""
        return next(iter(self.head.parts))

    def drop_critic(self) -> None:
        self.value_head = None
        if "critic" in self.trunks:
            del self.trunks["critic"]


def actor_critic(
    observation_space: gymnasium.Space[Any],
    action_space: gymnasium.Space[Any],
    *,
    groups: Mapping[str, Sequence[str]] | None = None,
    normalize: bool = False,
    head: Mapping[str, Any] | None = None,
    **trunk: Any,
) -> ActorCritic:
    """An actor and a critic of their own from observations of any space to actions of any space.

    Args:
        observation_space: of one observation.
        action_space: of one action.
        groups: which parts of a `Dict` observation each network sees, `{actor: [...], critic:
            [...]}`; all for a network that is not named.
        normalize: put an `ObservationNormalizer` before them.
        trunk: how both networks are made, `hidden`, `memory`, `units` and `activation`; see `Trunk`.
        head: options of `Head`.

    Raises:
        UserError: a group names something that is not there, or a space is of no known kind.
    """
    groups = groups or {}
    check_groups(observation_space, groups, ["actor", "critic"])
    encoders = [Encoder(observation_space, groups.get(name)) for name in ("actor", "critic")]
    actor, critic = (Trunk(encoder, **trunk) for encoder in encoders)
    normalizer = ObservationNormalizer(observation_space) if normalize else None
    options: dict[str, Any] = {**(head or {}), "normalizer": normalizer}
    return ActorCritic(observation_space, action_space, actor, critic, **options)


class Player:
    """A policy at play: from observations to actions, arrays both, without gradients.

        player = Player(policy)
        while True:
            action = player(observation)
            ...
            if episode_is_over:
                player.ended()

    It remembers hidden states; whoever steps the environment says which episodes ended.

    Args:
        policy: whose mode is played.
        agents: size of the agent axis; None for no such axis.
        generator: what is drawn from, instead of playing the mode; None for the mode.
    """

    def __init__(self, policy: Policy, agents: int | None = None, generator: Generator | None = None) -> None:
        self.policy, self.agents, self.generator = policy, agents, generator
        self.remembers = bool(policy.initial_state(1))
        self._state: State | None = None
        self._is_first: Tensor | None = None
        self._count = 0

    def __call__(self, observation: Tree) -> Tree:
        """One observation to one action, or a batch `(n, ...)` to a batch; see `batched`.

        Raises:
            UserError: it is no observation; or another number of them than in the step before, whose
                hidden states would be mixed up.
        """
        lead = () if self.agents is None else (self.agents,)
        batch, single = batched(self.policy.observation_space, observation, lead)
        device = next(self.policy.parameters()).device
        tensors = to_tensors(batch, device)
        count = len(next(leaves(batch)))
        if self.remembers and self._state is not None and count != self._count:
            raise UserError(f"a player remembers {self._count} episodes, and is given {count} observations")
        self._count = count
        with torch.no_grad():
            drawn: Any = {"deterministic": self.generator is None, "generator": self.generator}
            step = self.policy.act(tensors, self._state, self._is_first, **drawn)
        self._state, self._is_first = step.state, None
        action = self.policy.to_environment(step.action)
        return tree_map(lambda x: x[0], action) if single else action

    @property
    def state(self) -> State | None:
        """Hidden states of the episodes by network, `(n, numbers)`; None where none has begun."""
        return self._state

    def ended(self, which: NDArray[np.bool_] | None = None) -> None:
        """Forget the episodes that ended, `(num_envs,)`, before the next call; all by default."""
        if which is None or which.all():
            self._state = self._is_first = None
            return
        flag = torch.from_numpy(which).to(next(self.policy.parameters()).device)
        flag = flag if self.agents is None else flag[:, None].expand(-1, self.agents)
        self._is_first = flag if self._is_first is None else self._is_first | flag
