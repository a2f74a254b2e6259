"""Environments with parameters and with model fields that pass the checks, and with one fault each."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

from framework.contracts import EnvironmentParameter
from framework.errors import UserError
from framework.sim import ActionDelay, Field, ObservationNoise, Parameter
from tests.sim.conftest import Cart
from tests.testing.parts import Walk

WIND = {"wind": (-2.0, 2.0, "m"), "slope": (0.0, np.inf, "m")}


class Windy(Walk):
    """A walk in which wind and slope push."""

    def __init__(self, num_envs: int = 3) -> None:
        super().__init__(num_envs)
        self.push = {name: np.zeros(num_envs) for name in WIND}

    def step(self, actions: Any) -> Any:
        self.place += sum(self.push.values())[:, None]
        return super().step(actions)

    def parameters(self) -> dict[str, EnvironmentParameter]:
        return {name: EnvironmentParameter(self.push[name].copy(), *ends) for name, ends in WIND.items()}

    def set_parameters(self, values: Any, ids: Any = None) -> None:
        rows = np.arange(self.num_envs) if ids is None else ids
        checked = {name: self.checked(name, value, rows) for name, value in values.items()}
        for name, value in checked.items():
            self.push[name][rows] = value

    def checked(self, name: str, value: Any, rows: Any) -> Any:
        try:
            low, high, _ = WIND[name]
            numbers = np.broadcast_to(np.asarray(value, float), rows.shape)
        except (KeyError, ValueError):
            raise UserError(name) from None
        good = np.isfinite(numbers) & (low <= numbers) & (numbers <= high) & (rows < self.num_envs)
        if not good.all():
            raise UserError(name)
        return numbers

    def get_state(self) -> dict[str, Any]:
        return super().get_state() | {name: values.copy() for name, values in self.push.items()}

    def set_state(self, state: dict[str, Any]) -> None:
        super().set_state(state)
        self.push = {name: state[name].copy() for name in WIND}


class Shared(Windy):
    def parameters(self) -> Any:
        return {name: p._replace(values=self.push[name]) for name, p in super().parameters().items()}


class Scalar(Windy):
    def parameters(self) -> Any:
        return {name: p._replace(values=p.values[0]) for name, p in super().parameters().items()}


class OutOfRange(Windy):
    def parameters(self) -> Any:
        return {name: p._replace(low=1.0) for name, p in super().parameters().items()}


class ForAll(Windy):
    def set_parameters(self, values: Any, ids: Any = None) -> None:
        super().set_parameters(values, ids)
        super().set_parameters({name: np.max(value) for name, value in values.items()})


class Together(Windy):
    def set_parameters(self, values: Any, ids: Any = None) -> None:
        super().set_parameters(values, ids)
        super().set_parameters({"slope": np.abs(self.push["wind"])})


class Calms(Windy):
    def begin(self, which: Any) -> None:
        super().begin(which)
        self.push["wind"][which] = 0


class TakesNan(Windy):
    def checked(self, name: str, value: Any, rows: Any) -> Any:
        return super().checked(name, np.nan_to_num(value), rows)


class TakesMore(Windy):
    def checked(self, name: str, value: Any, rows: Any) -> Any:
        return super().checked(name, np.clip(value, -2, 2), rows)


class HalfSet(Windy):
    def set_parameters(self, values: Any, ids: Any = None) -> None:
        for name, value in values.items():
            super().set_parameters({name: value}, ids)


class Drifts(Windy):
    """Setting a parameter to what it is moves the walker."""

    def set_parameters(self, values: Any, ids: Any = None) -> None:
        super().set_parameters(values, ids)
        self.np_random.random()


class ForgetsWind(Windy):
    def set_state(self, state: dict[str, Any]) -> None:
        super().set_state({**state, "wind": self.push["wind"]})


class Randomised(Cart):
    """A cart that is heavier or lighter in every episode, and rolls on rails of which each is as rough."""

    def __init__(self, num_envs: int = 3) -> None:
        rough = Field("dof_frictionloss")
        super().__init__(
            num_envs,
            parameters=[
                Parameter(
                    name="weight",
                    fields=(Field("body_mass", 1), Field("body_inertia", 1)),
                    low=0.5,
                    high=2,
                    log=True,
                ),
                Parameter(name="rail", fields=(rough,), mode="set", each=True, low=0, high=1),
                Parameter(name="grip", fields=(rough,), mode="add", noise="normal", each=True, low=0, high=1),
            ],
            effects=[ActionDelay(), ObservationNoise("place", "state")],
        )
        self.set_ranges({"weight": (0.5, 1.9), "rail": (0, 0.5), "grip": (0.1, 0.1)})
        self.set_ranges({"action_delay": (0.5, 0.5), "place_noise": (0, 0.1), "place_bias": (0.1, 0.1)})


class Plain(Cart):
    """A cart that is seen as bytes, in an array rather than a dictionary."""

    SPACES = gymnasium.spaces.Box(0, 255, (2,), np.uint8), Cart.SPACES[1]

    def _observe(self, rows: Any) -> Any:
        return np.clip(128 + 100 * self.qpos[rows], 0, 255).astype(np.uint8)

    def _judge(self, observation: Any, actions: Any) -> Any:
        x = self.qpos[:, 0]
        return -np.abs(x), np.abs(x) > 1, False, {}


class ForgetsFields(Plain):
    def get_state(self) -> dict[str, Any]:
        return {name: value for name, value in super().get_state().items() if not name.startswith("field/")}


class NarrowFinal(Cart):
    def step(self, actions: Any) -> Any:
        *rest, info = super().step(actions)
        for env in np.flatnonzero(info.get("_final_obs", [])):
            info["final_obs"][env]["goal"] = info["final_obs"][env]["goal"].astype(np.float32)
        return *rest, info
