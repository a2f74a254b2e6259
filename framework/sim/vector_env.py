"""VectorEnv: many MuJoCo simulations as one `gymnasium.vector.VectorEnv`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from framework.contracts import EnvironmentParameter
from framework.sim.arrays import Flags, Floats, Ids, Info, Observation, Rows, State
from framework.sim.checks import ActionCheck, array_spaces, checked_mask
from framework.sim.endings import final_info
from framework.sim.engine import mujoco
from framework.sim.randomisation import Effect, Effects, Parameter, Randomisation
from framework.sim.render import Camera, Renderer
from framework.sim.streams import Streams
from framework.sim.world import World

ALL = slice(None)


class VectorEnv(gymnasium.vector.VectorEnv[Any, Any, NDArray[Any]], ABC):
    """Many simulations of one MuJoCo model, as one environment.

    A subclass writes actions and first states into `self.batch`, reads observations and
    rewards out of it, all as NumPy over `(num_envs, ...)`, and registers with `remember`
    every array of its own that outlives a step. `step` and `reset` keep gymnasium's
    contract; the observations they return are the caller's to keep.

    A simulation that diverges, or in which MuJoCo raises, costs its own episode only: the
    episode is truncated at its last good observation with `info["diverged"]` set, and
    the environment starts anew like any other that ended.

    Args:
        model: an `MjModel`; it is copied.
        num_envs: number of simulations, at least 1.
        observation_space: of a single environment: arrays of any type, or a Dict of them.
        action_space: of a single environment: Box, Discrete or MultiDiscrete.
        substeps: physics steps per environment step.
        stage: the `mjtStage` computed after the last substep, which decides whether derived
            fields such as `xpos` describe the new state or lag it by one substep.
        threads: native threads; 0 for one per core. Results do not depend on it.
        max_episode_steps: steps after which an episode is truncated; None for never.
        autoreset: when an environment that ended starts anew.
        seed: of the first `reset` that is given none; None for the operating system's.
        size: height and width of rendered frames, in pixels.
        parameters: what can be set and randomised while episodes run.
        effects: what acts between the simulations and whoever acts in them, in this order;
            objects that no other environment has. Their parameters follow the others.
        agents: names of those who act in each simulation, if several do: their observations and
            actions have an agent axis, `(num_envs, agents, ...)`, which both spaces begin with, and
            rewards are `(num_envs, agents)`. Their episodes start and end together.

    Attributes:
        camera: where frames are seen from.
        world: the simulations, without episodes.
        batch: its `mujoco.batch.Batch`.
        streams: one random stream per environment; first states and goals come from here.
        randomisation: what `parameters` are now, with random streams of its own.
        observed: shape and type of what a single environment observes, by key; "" where it has none.
        agents: names of the agents, in the order of their axis; empty where there is no such axis.
        diverged: how many episodes ended by divergence so far.

    Raises:
        UserError: no environments, a negative number of threads, a space of another kind.
    """

    camera: Camera | str = Camera()

    def __init__(
        self,
        model: Any,
        num_envs: int,
        *,
        observation_space: gymnasium.Space[Any],
        action_space: gymnasium.Space[Any],
        substeps: int = 1,
        stage: Any = mujoco.mjtStage.mjSTAGE_VEL,
        threads: int = 0,
        max_episode_steps: int | None = None,
        autoreset: AutoresetMode | str = AutoresetMode.SAME_STEP,
        seed: int | None = None,
        size: tuple[int, int] = (480, 480),
        parameters: Sequence[Parameter] = (),
        effects: Sequence[Effect] = (),
        agents: Sequence[str] = (),
    ) -> None:
        self.observed = spaces = array_spaces(observation_space)
        self.agents = tuple(agents)
        self._checked_actions = ActionCheck(action_space, self.agents)
        self.world = World(model, num_envs, threads)
        self.batch = self.world.batch
        self.num_envs = num_envs
        self.single_observation_space = observation_space
        self.single_action_space = action_space
        self.observation_space = batch_space(observation_space, num_envs)
        self.action_space = batch_space(action_space, num_envs)
        self.autoreset = AutoresetMode(autoreset)
        self.substeps = substeps
        self.max_episode_steps = max_episode_steps
        self.render_mode = "rgb_array"
        self.size = size
        self.metadata = {
            "render_modes": ["rgb_array"],
            "render_fps": round(1 / (substeps * model.opt.timestep)),
            "autoreset_mode": self.autoreset,
        }
        self.streams: Streams = self.world.streams("streams")
        self._effects = Effects(self, effects)
        self.randomisation = Randomisation(self.world, [*parameters, *self._effects.parameters])
        self._effects.attach(self)
        if seed is not None:
            self._reseed(seed)
        self._stage = int(stage)
        self._renderer: Renderer | None = None
        self._elapsed = self.remember("elapsed", np.zeros(num_envs, np.int64))
        # True: this environment has to be reset before it can be stepped.
        self._ended = self.remember("ended", np.ones(num_envs, np.bool_))
        self._diverged = self.remember("diverged", np.zeros(1, np.int64))
        self._plain = not isinstance(observation_space, gymnasium.spaces.Dict)
        self._last: Observation = {
            key: self.remember(f"last/{key}", np.zeros((num_envs, *shape), dtype))
            for key, (shape, dtype) in spaces.items()
        }
        self._everyone: Ids = np.arange(num_envs)

    # What a subclass says -----------------------------------------------------------------

    @abstractmethod
    def _start(self, ids: Ids) -> None:
        """Write the first state of a new episode of `ids` into `batch`, and draw their goals.

        Derived fields are computed afterwards.
        """

    def _command(self, actions: NDArray[Any]) -> Floats:
        """Make numbers of actions `(k, n)`: those that effects disturb on their way to `_act`."""
        return actions

    @abstractmethod
    def _act(self, actions: Floats, rows: Rows) -> None:
        """Write actions `(k, n)`, already within the bounds of the action space, into `batch`.

        They are what `_command` made and effects left of them.
        """

    def _stepped(self, rows: Rows) -> None:
        """Change the state after the substeps, before it is observed."""

    def _refresh(self, rows: Rows) -> None:
        """Copy derived fields that the next step reads into remembered arrays."""

    @abstractmethod
    def _observe(self, rows: Rows) -> Observation | NDArray[Any]:
        """Return a new array `(k, ...)`, or one per key of a Dict space, of the space's type.

        Narrower numbers are made where none is lost but precision: float64 to float32.
        """

    @abstractmethod
    def _judge(self, observation: Any, actions: Floats) -> tuple[Floats, Flags | bool, Flags | bool, Info]:
        """Return rewards, terminations, truncations and info of a transition, `(num_envs, ...)`.

        Truncations are those by rules other than `max_episode_steps`; False stands for none.
        What info says, such as why an episode ended, is in `final_info` too. Environments that
        were reset in this step are among them and do not count: keep clocks and tallies in
        `_stepped` and `_advance`, which know whom they are about.

        Args:
            observation: after the step, without what effects do to it.
            actions: as they were given.
        """

    def _advance(self, rows: Rows) -> Ids | None:
        """Prepare the next step once this one was judged: a new goal where one was reached.

        Args:
            rows: the environments that were stepped.

        Returns:
            Those to observe again, in rising order; None for none.
        """
        return None

    def _decorate(self, data: Any, env: int) -> None:
        """Move what is only shown, such as a goal, in an `MjData` about to be drawn."""

    def remember(self, name: str, array: NDArray[Any]) -> NDArray[Any]:
        """Make an array, changed only in place, part of `get_state` and `set_state`; return it."""
        return self.world.remember(name, array)

    # gymnasium ----------------------------------------------------------------------------

    @property
    def diverged(self) -> int:
        return int(self._diverged[0])

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Any, Info]:
        """Start new episodes.

        Args:
            seed: one number for all (environment `i` gets its `i`-th spawned seed, whatever
                `num_envs` is), or one for each environment, None leaving its stream as it is.
            options: `{"reset_mask": (num_envs,) bool}` resets only those.

        Returns:
            Observations of all environments, and an empty info.
        """
        ids = self._everyone
        mask = (options or {}).get("reset_mask")
        if mask is not None:
            ids = np.flatnonzero(checked_mask(mask, self.num_envs))
        if seed is not None:
            self._reseed(seed, ids)
        self._restart(ids)
        return self._public({key: value.copy() for key, value in self._last.items()}), {}

    def step(self, actions: Any) -> tuple[Any, Floats, Flags, Flags, Info]:
        """Step every environment once.

        Args:
            actions: `(num_envs, ...)`; clipped to the bounds of a Box.

        Returns:
            Observations, rewards `(num_envs,)` float64 (with an agent axis `(num_envs, agents)`),
            terminations, truncations and info. Info has `diverged` and what the subclass adds,
            each `(num_envs,)`. As in gymnasium, with SAME_STEP the observations of environments
            that ended are those of the new episode, and `final_obs` and `final_info` hold the old one's last;
            `final_info` also has the `parameters` of the old one, `(num_envs, parameters)`.

        Raises:
            ValueError: actions of another shape, not finite, or choices that there are not.
            gymnasium.error.ResetNeeded: before the first `reset`, or with autoreset
                disabled for an environment that ended.
        """
        waiting = self._waiting()
        rows: Rows = ALL if waiting is None else np.flatnonzero(~self._ended)
        actions = self._checked_actions(actions, self.num_envs, rows)
        if waiting is not None:
            self._restart(waiting)
        failed = self._simulate(actions, rows)
        observation = self._named(self._observe(ALL))
        if failed is not None:
            self._hold(observation, failed)
        reward, terminated, truncated, info = self._judge(self._public(observation), actions)
        none = np.zeros(self.num_envs, np.bool_)
        terminated, truncated = none | terminated, none | truncated
        changed = self._advance(rows)
        if changed is not None and len(changed):
            for key, value in self._named(self._observe(changed)).items():
                observation[key][changed] = value
        self._disturb(observation, rows)
        self._elapsed += 1
        if self.max_episode_steps is not None:
            truncated |= self._elapsed >= self.max_episode_steps
        if failed is not None:
            self._hold(observation, failed)
            truncated |= failed
            self._diverged += int(failed.sum())
        if waiting is not None:
            self._elapsed[waiting] = 0
            reward[waiting], terminated[waiting], truncated[waiting] = 0.0, False, False
        info["diverged"] = np.zeros(self.num_envs, np.bool_) if failed is None else failed
        stepped = np.ones(self.num_envs, np.bool_)
        if waiting is not None:
            stepped[waiting] = False
        info |= {f"_{key}": stepped.copy() for key in info}
        np.logical_or(terminated, truncated, out=self._ended)
        for key, value in observation.items():
            self._last[key][...] = value
        if self.autoreset is AutoresetMode.SAME_STEP and self._ended.any():
            ids = np.flatnonzero(self._ended)
            final = final_info(self._ended, self._public(observation), info)
            if self.randomisation.values.size:
                final["final_info"]["parameters"] = self.randomisation.values.copy()
            info |= final
            self._restart(ids)
            for key, value in observation.items():
                value[ids] = self._last[key][ids]
        return self._public(observation), reward, terminated, truncated, info

    def render(self, envs: Sequence[int] | None = None) -> tuple[NDArray[np.uint8], ...]:
        """Draw environments as they are now.

        Args:
            envs: their indices; by default all.

        Returns:
            One frame each, `(height, width, 3)`.

        Raises:
            UserError: OpenGL does not work here.
        """
        if self._renderer is None:
            self._renderer = Renderer(self.batch.get_model(0), self.size, self.camera)
        chosen = range(self.num_envs) if envs is None else envs
        return tuple(self._renderer.draw(self.batch, i, self._decorate) for i in chosen)

    def close_extras(self, **kwargs: Any) -> None:
        """Free what drawing took."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    # Saving -------------------------------------------------------------------------------

    def get_state(self) -> State:
        """Return everything that the future depends on, as arrays that are copies.

        Physics, episode clocks, last observations, random streams and what the subclass
        remembers: after `set_state`, here or in another object of the same class and
        `num_envs`, the same actions give the same results bit for bit.
        """
        return self.world.get_state()

    def set_state(self, state: State) -> None:
        """Continue from what `get_state` returned.

        Raises:
            UserError: it is the state of another environment or another number of them.
        """
        self.world.set_state(state)

    # Parameters ---------------------------------------------------------------------------

    def parameters(self) -> dict[str, EnvironmentParameter]:
        """Return what can be set while episodes run; see `framework.contracts.Parametrised`."""
        return self.randomisation.describe()

    def set_parameters(self, values: Mapping[str, Any], ids: Ids | None = None) -> None:
        """Set parameters, from the next step on and for all episodes to come.

        Args:
            values: name -> one number for all, or `(len(ids),)`.
            ids: the environments; all by default.

        Raises:
            UserError: an unknown name, a value out of range, a wrong shape or index. Nothing is
                changed then.
        """
        self.randomisation.set(values, ids)

    def ranges(self) -> dict[str, tuple[Floats, Floats]]:
        """Return what new episodes draw parameters from: name -> low and high, `(num_envs,)`."""
        return self.randomisation.ranges()

    def set_ranges(self, ranges: Mapping[str, tuple[Any, Any]], ids: Ids | None = None) -> None:
        """Draw parameters anew for every episode, from the next one on.

        Args:
            ranges: name -> low and high, each one number for all, or `(len(ids),)`.
            ids: the environments; all by default.

        Raises:
            UserError: as `set_parameters`, or low above high.
        """
        self.randomisation.set_ranges(ranges, ids)

    # Inside -------------------------------------------------------------------------------

    def _simulate(self, actions: Floats, rows: Rows) -> Flags | None:
        ids = None if isinstance(rows, slice) else rows
        if ids is not None and not len(ids):
            return None  # all start anew in this step
        if self.randomisation.periodic:
            self.randomisation.draw(self._everyone if ids is None else ids, self._elapsed)
        self._effects.draw(rows)
        self._act(self._effects.command(self._command(actions[rows]), rows), rows)
        self._effects.push(rows)
        failed = self.world.step(ids, self.substeps, self._stage)
        self._stepped(rows)
        self._refresh(rows)
        return failed

    def _restart(self, ids: Ids) -> None:
        """Begin new episodes of `ids` and keep their observations in `_last`."""
        if not len(ids):
            return
        self.randomisation.draw(ids)
        self._effects.start(ids)
        self._start(ids)
        self.world.forward(ids, self._stage or mujoco.mjtStage.mjSTAGE_VEL)
        self._refresh(ids)
        self._elapsed[ids] = 0
        self._ended[ids] = False
        observation = self._named(self._observe(ids))
        self._effects.observe(observation, ids)
        for key, value in observation.items():
            self._last[key][ids] = value

    def _reseed(self, seed: int | Sequence[int | None], ids: Ids | None = None) -> None:
        self.streams.reseed(seed, ids)
        self.randomisation.streams.reseed(seed, ids)
        self._effects.reseed(seed, ids)

    def _disturb(self, observation: Observation, rows: Rows) -> None:
        """Let effects act on what was observed; who waited has the observation of its reset."""
        if isinstance(rows, slice):
            self._effects.observe(observation, rows)
            return
        seen = {key: value[rows] for key, value in observation.items()}
        self._effects.observe(seen, rows)
        for key, value in observation.items():
            value[...] = self._last[key]
            value[rows] = seen[key]

    def _hold(self, observation: Observation, where: Flags) -> None:
        """Put the last observations in place of those of some environments."""
        for key, value in observation.items():
            value[where] = self._last[key][where]

    def _named(self, observation: Any) -> Observation:
        """Arrays by key, of the space's types; a plain observation is one without a name."""
        named = {"": observation} if self._plain else observation
        return {
            key: named[key].astype(last.dtype, casting="same_kind", copy=False)
            for key, last in self._last.items()
        }

    def _public(self, observation: Observation) -> Any:
        return observation[""] if self._plain else observation

    def _waiting(self) -> Ids | None:
        """Environments that this step resets instead of stepping, or None."""
        ids = np.flatnonzero(self._ended)
        if not len(ids):
            return None
        if self.autoreset is AutoresetMode.NEXT_STEP and self._elapsed[ids].all():
            return ids
        raise ResetNeeded(f"environments {ids.tolist()} have to be reset before they are stepped")
