"""Proximal policy optimisation against oneself, as one is and as one was."""

from __future__ import annotations

from typing import Any

from framework.errors import UserError
from framework.rl.on_policy.ppo import PPO
from framework.rl.policy import Policy
from framework.rl.selfplay.config import SelfPlayConfig
from framework.rl.selfplay.opponents import Opponents


class SelfPlay(PPO):
    """`PPO` where teams play each other, in a share of the games against a team of the past.

    What a past team did is not learnt from; what was done against it is. Every `past_every` steps a copy
    of the policy is kept, in the checkpoint too.

    Args:
        environment: a `VectorEnv` with an agent axis and teams; see `framework.rl.selfplay.teams`.
        model: a policy with a critic, for one agent's spaces, or `TeamPolicies`.
        config: the parameters.

    Raises:
        UserError: there are no two teams.
    """

    def __init__(self, environment: Any, model: Policy, config: SelfPlayConfig) -> None:
        self.share, self.every, self.kept = config.past_share, config.past_every, config.past_kept
        if self.share and config.collectors.use != "local":
            raise UserError(
                "workers play against the present policy alone\n"
                "  give past_share: 0, or collectors: {use: local}"
            )
        super().__init__(environment, model, config)
        if len(self.teams) < 2:
            raise UserError(
                f"{type(environment).__name__} has no two teams that could play each other\n"
                "  rl/self_play needs them, as hide_seek/game has them; for others: rl/ppo"
            )

    def behaviour(self, seed: int) -> Policy:
        """What acts: a copy of what learns and, in some games, what that was in the past."""
        # Which environments makes no difference: they are all alike.
        games = range(round(self.share * self.environment.num_envs))
        past = Opponents(self.acting[0], self.teams, games, kept=self.kept, seed=seed)
        self.past = (past,)  # in a tuple: it is no part of what is learned
        return past if games else self.acting[0]

    def begin_cycle(self) -> None:
        super().begin_cycle()
        past = self.past[0]
        if past.games and self.counters.env_steps >= self.every * (past.taken + 1):
            past.take()

    def cycle_state(self) -> dict[str, Any]:
        return {**super().cycle_state(), "past": self.past[0].save_games()}

    def load_cycle_state(self, state: dict[str, Any]) -> None:
        super().load_cycle_state(state)
        self.past[0].load_games(state["past"])
