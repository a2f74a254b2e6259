"""Small components that pass the checks, and the same with one fault each."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import lightning.pytorch as pl
import numpy as np
import torch
from gymnasium.spaces import Box, Dict, Discrete
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from torch import nn
from torch.utils.data import DataLoader

from framework import Report
from framework.contracts import Progress, Served
from framework.shards import Shards

LENGTH = 7


class Walk(VectorEnv[Any, Any, Any]):
    """A walk on a line to a goal; episodes last `LENGTH` steps."""

    metadata: ClassVar[dict[str, Any]] = {"autoreset_mode": AutoresetMode.SAME_STEP}

    def __init__(self, num_envs: int = 3) -> None:
        self.num_envs = num_envs
        goal = Box(-np.inf, np.inf, (1,), np.float64)
        self.single_observation_space = Dict(
            {"observation": goal, "achieved_goal": goal, "desired_goal": goal}
        )
        self.single_action_space = Discrete(2)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.place = np.zeros((num_envs, 1))
        self.goal = np.zeros((num_envs, 1))
        self.steps = np.zeros(num_envs, np.int64)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        super().reset(seed=seed)
        self.begin(np.ones(self.num_envs, bool))
        return self.observe(), {}

    def step(self, actions: Any) -> Any:
        self.place += 2 * actions[:, None] - 1
        self.steps += 1
        reward = self.compute_reward(self.place, self.goal)
        done = self.steps >= LENGTH
        info = {}
        if done.any():
            info = {"final_obs": self.observe(), "_final_obs": done, "final_info": {}, "_final_info": done}
            self.begin(done)
        return self.observe(), reward, np.zeros_like(done), done, info

    def begin(self, which: Any) -> None:
        self.place[which] = self.np_random.normal(size=(int(which.sum()), 1))
        self.goal[which] = self.np_random.normal(size=(int(which.sum()), 1))
        self.steps[which] = 0

    def observe(self) -> Any:
        return {
            "observation": self.place.copy(),
            "achieved_goal": self.place.copy(),
            "desired_goal": self.goal.copy(),
        }

    def compute_reward(self, achieved: Any, desired: Any, info: Any = None) -> Any:
        return -np.abs(achieved - desired)[:, 0]

    def get_state(self) -> dict[str, Any]:
        random = self.np_random.bit_generator.state
        return {
            "place": self.place.copy(),
            "goal": self.goal.copy(),
            "steps": self.steps.copy(),
            "random": random,
        }

    def set_state(self, state: dict[str, Any]) -> None:
        self.place, self.goal = state["place"].copy(), state["goal"].copy()
        self.steps = state["steps"].copy()
        self.np_random.bit_generator.state = state["random"]


class NextStepWalk(Walk):
    """The same with gymnasium's other way to restart."""

    metadata: ClassVar[dict[str, Any]] = {"autoreset_mode": AutoresetMode.NEXT_STEP}

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        self.over = np.zeros(self.num_envs, bool)
        return super().reset(seed=seed)

    def step(self, actions: Any) -> Any:
        restart = self.over
        self.place[~restart] += 2 * actions[~restart, None] - 1
        self.steps[~restart] += 1
        self.begin(restart)
        reward = np.where(restart, 0.0, self.compute_reward(self.place, self.goal))
        self.over = self.steps >= LENGTH
        return self.observe(), reward, np.zeros_like(restart), self.over.copy(), {}

    def get_state(self) -> dict[str, Any]:
        return {**super().get_state(), "over": self.over.copy()}

    def set_state(self, state: dict[str, Any]) -> None:
        super().set_state(state)
        self.over = state["over"].copy()


class NotVector:
    """Not an environment at all."""


class Unbatched(Walk):
    def __init__(self) -> None:
        super().__init__()
        self.action_space = self.single_action_space


class NoMode(Walk):
    metadata: ClassVar[dict[str, Any]] = {}


class WrongType(Walk):
    def observe(self) -> Any:
        return {key: value.astype(np.float32) for key, value in super().observe().items()}


class FlatReward(Walk):
    def step(self, actions: Any) -> Any:
        observation, reward, *rest = super().step(actions)
        return observation, reward[:, None], *rest


class InfiniteReward(Walk):
    def step(self, actions: Any) -> Any:
        observation, reward, *rest = super().step(actions)
        return observation, reward / 0.0, *rest


class CountedEnds(Walk):
    def step(self, actions: Any) -> Any:
        observation, reward, terminated, truncated, info = super().step(actions)
        return observation, reward, terminated, truncated.astype(int), info


class OtherReward(Walk):
    def step(self, actions: Any) -> Any:
        observation, reward, *rest = super().step(actions)
        return observation, reward + 1e-9, *rest


class Unseeded(Walk):
    def begin(self, which: Any) -> None:
        super().begin(which)
        self.goal[which] += np.random.default_rng().normal()


class NoFinal(Walk):
    def step(self, actions: Any) -> Any:
        return *super().step(actions)[:4], {}


class WrongFinal(Walk):
    def step(self, actions: Any) -> Any:
        *rest, info = super().step(actions)
        if info:
            info["_final_obs"] = ~info["_final_obs"]
        return *rest, info


class ForgetsRandom(Walk):
    def get_state(self) -> dict[str, Any]:
        return {**super().get_state(), "random": None}

    def set_state(self, state: dict[str, Any]) -> None:
        super().set_state({**state, "random": self.np_random.bit_generator.state})


class ForgetsClock(Walk):
    def set_state(self, state: dict[str, Any]) -> None:
        self.place, self.goal = state["place"].copy(), state["goal"].copy()
        self.np_random.bit_generator.state = state["random"]


class RewardForReset(NextStepWalk):
    def step(self, actions: Any) -> Any:
        observation, reward, *rest = super().step(actions)
        return observation, reward - 1.0, *rest

    def compute_reward(self, achieved: Any, desired: Any, info: Any = None) -> Any:
        return super().compute_reward(achieved, desired) - (0.0 if info is None else 1.0)


class Numbers:
    """Makes a file of numbers."""

    def produce(self, folder: Path, progress: Callable[[Progress], None]) -> None:
        shards = Shards(folder)
        if not shards.finished():
            with shards.write("numbers.txt") as path:
                path.write_text("1 2 3")
        progress(Progress(1, 1, "files"))


# Models


class Line(nn.Linear):
    def __init__(self, environment: Any) -> None:
        super().__init__(1, environment.single_action_space.n)


class WarmLine(Line):
    def __init__(self, environment: Any, weights: Path | None = None) -> None:
        super().__init__(environment)
        assert weights is None


class UnseededLine(Line):
    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        nn.init.constant_(self.bias, float(np.random.default_rng().normal()))


class Frozen(nn.Identity):
    def __init__(self, environment: Any) -> None:
        super().__init__()


class Steps(Line):
    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        environment.step(np.zeros(environment.num_envs, int))


class NanLine(Line):
    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        nn.init.constant_(self.weight, torch.nan)


# Algorithms


class Descent(pl.LightningModule):
    """Learns where the goals are; draws from a generator of its own and steps its environment."""

    def __init__(self, environment: Any, model: nn.Module, updates: int = 8, seed: int = 0) -> None:
        super().__init__()
        self.environment = environment
        self.model = model
        self.updates = updates
        self.done = 0
        self.random = np.random.default_rng(seed)
        environment.reset(seed=seed)

    def train_dataloader(self) -> Any:
        return DataLoader(range(self.updates), batch_size=None)

    def configure_optimizers(self) -> Any:
        return torch.optim.Adam(self.model.parameters(), lr=0.1)

    def loss(self) -> torch.Tensor:
        actions = self.random.integers(2, size=self.environment.num_envs)
        observation, *_ = self.environment.step(actions)
        inputs = torch.as_tensor(observation["observation"], dtype=torch.float32)
        goal = torch.as_tensor(observation["desired_goal"], dtype=torch.float32)
        self.done += 1
        return ((self.model(inputs) - goal) ** 2).mean()

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        return self.loss()

    def progress(self) -> Progress:
        return Progress(self.done, self.updates, "updates")

    def served(self) -> Served:
        return Served(self.model, np.zeros((2, 1), np.float32))

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        random, environment = self.random.bit_generator.state, self.environment.get_state()
        checkpoint["own"] = {
            "done": self.done,
            "random": random,
            "environment": environment,
            "loop_seconds": id(self),
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.done = checkpoint["own"]["done"]
        self.random.bit_generator.state = checkpoint["own"]["random"]
        self.environment.set_state(checkpoint["own"]["environment"])


class ForgetsGenerator(Descent):
    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        random = self.random.bit_generator.state
        super().on_load_checkpoint(checkpoint)
        self.random.bit_generator.state = random


class ForgetsEnvironment(Descent):
    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.done = checkpoint["own"]["done"]
        self.random.bit_generator.state = checkpoint["own"]["random"]


class OnData(pl.LightningModule):
    """Any LightningModule: knows nothing of checkpoints."""

    def __init__(self, environment: Any, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.rows = torch.linspace(-1, 1, 6)[:, None]

    def train_dataloader(self) -> Any:
        return DataLoader(self.rows, batch_size=2, shuffle=True)

    def configure_optimizers(self) -> Any:
        return torch.optim.Adam(self.model.parameters(), lr=0.1)

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        return ((self.model(batch + torch.rand_like(batch)) - batch) ** 2).mean()


#: What no checkpoint holds; each pass over the data begins elsewhere.
_PASSES = itertools.count()


class OnUnknownOrder(OnData):
    def train_dataloader(self) -> Any:
        class Shuffled:
            def __iter__(self) -> Any:
                return iter(rows.roll(next(_PASSES), 0))

            def __len__(self) -> int:
                return len(rows)

        rows = self.rows
        return Shuffled()


class NeverCounted(Descent):
    def __init__(self, environment: Any, model: nn.Module) -> None:
        super().__init__(environment, model)
        self.automatic_optimization = False

    def training_step(self, batch: Any, batch_idx: int) -> None:
        optimizer: Any = self.optimizers()
        optimizer.optimizer.zero_grad()
        self.loss().backward()
        optimizer.optimizer.step()


class BeyondTotal(Descent):
    def progress(self) -> Progress:
        return Progress(self.done, 1, "updates")


class Diverges(Descent):
    def training_step(self, batch: Any, batch_idx: int) -> Any:
        return super().training_step(batch, batch_idx) * torch.inf


class OneInput(Descent):
    def served(self) -> Served:
        return Served(self.model, np.zeros((1, 1), np.float32))


def not_lightning(environment: Any, model: nn.Module) -> nn.Module:
    return model


# Evaluators


class MeanGoal:
    """Reports what the model says of one place."""

    def __init__(self, every: int = 2) -> None:
        self.every = every
        self.seen: list[float] = []

    def __call__(self, algorithm: Any, environment: Any) -> Any:
        observation, _ = environment.reset(seed=0)
        said = algorithm.model(torch.as_tensor(observation["observation"], dtype=torch.float32))
        return Report(metrics={"said": float(said.mean())})

    def monitor(self, algorithm: Any, environment: Any) -> dict[str, float]:
        self.seen.append(1.0)
        return {"looks": float(len(self.seen))}

    def state_dict(self) -> dict[str, Any]:
        return {"seen": list(self.seen)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.seen = list(state["seen"])


class NoReport(MeanGoal):
    def __call__(self, algorithm: Any, environment: Any) -> Any:
        return {"said": 1.0}


class NoMetrics(MeanGoal):
    def __call__(self, algorithm: Any, environment: Any) -> Any:
        return Report()


class NanMetric(MeanGoal):
    def __call__(self, algorithm: Any, environment: Any) -> Any:
        return Report(metrics={"said": float("nan")})


class ChangesWeights(MeanGoal):
    def __call__(self, algorithm: Any, environment: Any) -> Any:
        report = super().__call__(algorithm, environment)
        algorithm.model.bias += 1
        return report


class Guesses(MeanGoal):
    def __call__(self, algorithm: Any, environment: Any) -> Any:
        return Report(metrics={"said": float(np.random.default_rng().normal())})


class ForgetsCurve(MeanGoal):
    def load_state_dict(self, state: dict[str, Any]) -> None:
        pass


class NanMonitor(MeanGoal):
    def monitor(self, algorithm: Any, environment: Any) -> dict[str, float]:
        return {"looks": float("nan")}


class Elsewhere(MeanGoal):
    def __call__(self, algorithm: Any, environment: Any) -> Any:
        assert isinstance(environment, NextStepWalk)
        return super().__call__(algorithm, environment)

    def monitor(self, algorithm: Any, environment: Any) -> dict[str, float]:
        assert isinstance(environment, NextStepWalk)
        return super().monitor(algorithm, environment)
