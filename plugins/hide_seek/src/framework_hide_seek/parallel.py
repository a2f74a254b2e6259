"""The game for people who bring their own trainer: a parallel environment of PettingZoo."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode

from framework.errors import UserError
from framework.sim import State
from framework_hide_seek.config import GameConfig
from framework_hide_seek.game import Game

try:
    from pettingzoo import ParallelEnv
except ImportError as error:
    raise UserError(
        f"a parallel environment needs PettingZoo: {error}\n"
        "  to install: pip install 'framework-hide-seek[pettingzoo]'"
    ) from error


class HideAndSeek(ParallelEnv):  # type: ignore[misc]
    """One game; agents are `hider_0` and so on, then `seeker_0` and so on.

    What an agent observes and does is one row of what `framework_hide_seek.spaces` describes. Who does not
    play in an episode is not among its `agents`. Episodes end by truncation, for all at once.

    Args:
        render_mode: None, or "rgb_array" to be drawn from above.
        parameters: of the game; see `framework_hide_seek.config.GameConfig`.
    """

    metadata = {"render_modes": ["rgb_array"], "name": "hide_seek_v0", "is_parallelizable": True}  # noqa: RUF012

    def __init__(self, render_mode: str | None = None, **parameters: Any) -> None:
        config = GameConfig(**parameters | {"num_envs": 1})
        self.game = Game(config, autoreset=AutoresetMode.DISABLED)
        self.render_mode = render_mode
        self.metadata = {**self.metadata, "render_fps": self.game.metadata["render_fps"]}
        self.possible_agents = list(self.game.agents)
        self.agents: list[str] = []
        self._rows = {name: i for i, name in enumerate(self.possible_agents)}
        space = self.game.single_observation_space
        assert isinstance(space, spaces.Dict)
        self.observation_spaces = {
            name: spaces.Dict({key: _row_space(part) for key, part in space.items()})
            for name in self.possible_agents
        }
        choices = self.game.single_action_space
        assert isinstance(choices, spaces.MultiDiscrete)
        self.action_spaces = {name: spaces.MultiDiscrete(choices.nvec[0]) for name in self.possible_agents}

    def observation_space(self, agent: str) -> spaces.Space[Any]:
        """What `agent` may observe."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> spaces.Space[Any]:
        """What `agent` may do."""
        return self.action_spaces[agent]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Start an episode; with a seed, the same one every time."""
        observation, _ = self.game.reset(seed=seed)
        playing = self.game.exists[0]
        self.agents = [name for name, row in self._rows.items() if playing[row]]
        return self._each(observation), {name: {} for name in self.agents}

    def step(self, actions: dict[str, Any]) -> tuple[dict[str, Any], ...]:
        """Let all agents act at once.

        Args:
            actions: five choices of each agent that plays.

        Raises:
            ValueError: an agent without an action, or an action that there is not.
        """
        if set(actions) != set(self.agents):
            missing, unknown = set(self.agents) - set(actions), set(actions) - set(self.agents)
            raise ValueError(
                "; ".join(
                    f"{what}: {', '.join(sorted(names))}"
                    for what, names in (("no action of", missing), ("no such agent plays", unknown))
                    if names
                )
            )
        everybody = np.zeros((1, *self.game.single_action_space.shape), np.int64)  # type: ignore[misc]
        for name, action in actions.items():
            one = np.asarray(action)
            if not self.action_spaces[name].contains(one.astype(np.int64) if one.dtype.kind in "iu" else one):
                raise ValueError(f"action of {name} is {action!r}, not in {self.action_spaces[name]}")
            everybody[0, self._rows[name]] = one
        observation, reward, terminated, truncated, info = self.game.step(everybody)
        told = {key: value[0] for key, value in info.items() if not key.startswith("_")}
        agents = self.agents
        result = (
            self._each(observation),
            {name: float(reward[0, self._rows[name]]) for name in agents},
            dict.fromkeys(agents, bool(terminated[0])),
            dict.fromkeys(agents, bool(truncated[0])),
            {name: dict(told) for name in agents},
        )
        if terminated[0] or truncated[0]:
            self.agents = []
        return result

    def render(self) -> Any:
        """A frame, `(height, width, 3)` uint8, if `render_mode` is "rgb_array"."""
        return self.game.render([0])[0] if self.render_mode == "rgb_array" else None

    def get_state(self) -> State:
        """Everything the next steps depend on; see `framework.sim.VectorEnv.get_state`."""
        return self.game.get_state()

    def set_state(self, state: State) -> None:
        """Continue from what `get_state` returned, in the middle of a game, too."""
        self.game.set_state(state)
        ended = self.game.step_number[0] >= self.game.config.steps
        self.agents = [] if ended else [name for name, row in self._rows.items() if self.game.exists[0, row]]

    def close(self) -> None:
        """Free what the game took."""
        self.game.close()

    def _each(self, observation: dict[str, Any]) -> dict[str, Any]:
        return {
            name: {key: value[0, self._rows[name]] for key, value in observation.items()}
            for name in self.agents
        }


def _row_space(space: spaces.Space[Any]) -> spaces.Space[Any]:
    """Space of one agent's part; whether it plays is one number."""
    if isinstance(space, spaces.Box):
        return spaces.Box(space.low[0], space.high[0], dtype=np.float32)
    assert isinstance(space, spaces.MultiBinary)
    assert space.shape is not None
    return spaces.MultiBinary(space.shape[1:]) if len(space.shape) > 1 else spaces.Discrete(2, dtype=np.int8)
