"""CycleAlgorithm: reinforcement learning as a LightningModule."""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

from lightning.pytorch import LightningModule
from lightning.pytorch.core.optimizer import LightningOptimizer
from lightning.pytorch.strategies import SingleDeviceStrategy
from torch import Tensor

from framework.contracts import Progress
from framework.errors import UserError
from framework.rl.budget import Budget
from framework.rl.collect.remote import Workers
from framework.rl.overlap import Matmul, matmul_precision, overlapped
from framework.runs.parts import of_each_process


@dataclass
class Counters:
    """What a training has done so far, over all processes.

    Attributes:
        cycles, env_steps, updates, episodes: counts; an update is one step of every optimiser
            that takes part in it.
        wall_seconds, cpu_seconds: spent in cycles, of this process; monitoring and checkpoints
            are not in them.
    """

    cycles: int = 0
    env_steps: int = 0
    updates: int = 0
    episodes: int = 0
    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0


class CycleAlgorithm(LightningModule, ABC):
    """One training step is one *cycle*: collect experience, then make some updates.

    A subclass says how: `collect` steps its environment, `absorb` takes what was collected
    into buffers and normalisers, `learn` makes the updates of one cycle. With `overlap`
    the first runs in a thread while the last runs in this one, so that what a cycle
    collects is learnt from in the next; both end before the cycle does, and checkpoints
    never see collection in flight.

    The Trainer needs nothing but `max_epochs=1`; cycles are made until the budget is used up.
    One cycle is one Lightning step and logs once; make it last 50 ms or more, and the
    Trainer costs less than 3%.

    Everything the next cycle depends on is in the checkpoint: networks and optimisers
    through Lightning, counters through this class, and what `cycle_state` returns. Resumed
    equals uninterrupted, bit for bit on a CPU. In distributed training every process has its
    own environment and its own state, which it writes to a file of its own beside the checkpoint.

    Args:
        budget: how long to train; the last cycle is made whole.
        env_steps_per_cycle: what one `collect` takes in this process, over its parallel
            environments.
        updates_per_cycle: the most that one `learn` makes; what it made is counted.
        overlap: collect while learning.
        matmul: precision of float32 matrix products during a cycle.

    Attributes:
        counters: `Counters`.
        shown: names of the metrics that the progress line shows.
        workers: who collects, if it is not this process.
    """

    shown: tuple[str, ...] = ("episodes",)

    def __init__(
        self,
        *,
        budget: Budget | Mapping[str, int],
        env_steps_per_cycle: int,
        updates_per_cycle: int,
        overlap: bool = False,
        matmul: Matmul = "highest",
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.budget = budget if isinstance(budget, Budget) else Budget(**budget)
        self.env_steps_per_cycle = env_steps_per_cycle
        self.updates_per_cycle = updates_per_cycle
        self.overlap = overlap
        self.matmul = matmul
        self.counters = Counters()
        self.workers: Workers | None = None
        self.processes = 1
        self.elapsed = 0.0  # share of the budget used before this cycle
        self._steps: Counter[int] = Counter()  # of this cycle, by the id of their optimiser

    # What a subclass says -----------------------------------------------------------------

    @abstractmethod
    def collect(self) -> Any:
        """Take this cycle's environment steps and return what was experienced.

        With `overlap` this runs in another thread than `learn`: read no network that is being
        trained (act with a copy made in `begin_cycle`), and draw from a generator of its own.
        """

    def begin_cycle(self) -> None:
        """Come before everything else in a cycle; nothing runs beside it."""

    @abstractmethod
    def absorb(self, experience: Any) -> Mapping[str, float] | None:
        """Take what `collect` returned into buffers and normalisers; nothing runs beside it.

        Returns:
            Metrics of the experience, if there are any.
        """

    @abstractmethod
    def learn(self) -> Mapping[str, float | Tensor]:
        """Make at most `updates_per_cycle` updates by `optimise`; return metrics of them."""

    def ready(self) -> bool:
        """Whether there is anything to learn from; until then a cycle goes on collecting."""
        return True

    @abstractmethod
    def cycle_state(self) -> dict[str, Any]:
        """Buffers, environment state, generators: what a training needs to go on, besides the networks.

        It is not read where a trained algorithm is evaluated, played or served.
        """

    @abstractmethod
    def load_cycle_state(self, state: dict[str, Any]) -> None:
        """Take back what `cycle_state` returned."""

    # One cycle ----------------------------------------------------------------------------

    def training_step(self, cycle: int, batch_idx: int) -> None:
        wall, cpu, steps = time.perf_counter(), time.process_time(), self.counters.env_steps
        metrics: dict[str, float | Tensor] = {}
        self._steps.clear()
        done, total, _ = self.progress()
        self.elapsed = done / total
        with matmul_precision(self.matmul):
            self.begin_cycle()
            if self.overlap and self._ready():
                experience, learned = overlapped(self.collect, self.learn)
                self._absorb(experience, metrics)
            else:
                self._absorb(self.collect(), metrics)
                while not self._ready():
                    self._absorb(self.collect(), metrics)
                learned = self.learn()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        counters, updates = self.counters, max(self._steps.values(), default=0)
        counters.cycles += 1
        counters.updates += updates
        counters.wall_seconds += wall
        counters.cpu_seconds += cpu
        self._count_lightning_step()
        metrics |= {
            "time/env_steps_per_s": (counters.env_steps - steps) / wall,
            "time/updates_per_s": updates / wall,
            "episodes": float(counters.episodes),
            **learned,
        }
        if self.workers is not None:
            metrics["workers/replaced"] = float(self.workers.replaced)
        for name, value in metrics.items():
            self.log(name, value, prog_bar=name in self.shown)
        if self.finished:
            self.trainer.should_stop = True

    def _absorb(self, experience: Any, metrics: dict[str, float | Tensor]) -> None:
        metrics |= self.absorb(experience) or {}
        self.counters.env_steps += self.env_steps_per_cycle * self.processes

    def _ready(self) -> bool:
        """Whether all processes are."""
        ready = self.ready()
        if self.processes > 1:
            ready = self.trainer.strategy.reduce_boolean_decision(ready, all=True)
        return ready

    def scheduled(self, start: float, end: float | None, last: float = 1.0) -> float:
        """What a schedule says in this cycle.

        Args:
            start: the value at first.
            end: the value when the budget is used up; None for no change.
            last: share of the budget, at its end, during which the value moves on a straight line.
        """
        return start if end is None else end + (start - end) * min(1.0, (1 - self.elapsed) / last)

    def each_optimizer(self) -> list[LightningOptimizer]:
        """The optimisers, one or several."""
        found = self.optimizers()
        return cast("list[LightningOptimizer]", found if isinstance(found, list) else [found])

    def set_learning_rate(self, rate: float) -> None:
        """Give all optimisers the same learning rate."""
        for optimizer in self.each_optimizer():
            for group in optimizer.param_groups:
                group["lr"] = rate

    def optimise(self, loss: Tensor, optimizer: LightningOptimizer) -> None:
        """One optimiser step on the gradient of `loss`, clipped as `trainer.gradient_clip_val` asks.

        On one device at full precision nothing of Lightning's is in the way but the hook
        `on_before_optimizer_step`; gradients of several devices are brought together by
        Lightning, and mixed precision is scaled by it.

        Args:
            loss: a scalar.
            optimizer: as `self.optimizers()` returns it.
        """
        raw = optimizer.optimizer
        for group in raw.param_groups:
            for parameter in group["params"]:
                parameter.grad = None
        if self._plain:
            loss.backward()  # type: ignore[no-untyped-call]
        else:
            self.manual_backward(loss)
        self._steps[id(raw)] += 1
        if self._scaled:
            optimizer.step()
            return
        for callback in self.trainer.callbacks:  # type: ignore[attr-defined]
            callback.on_before_optimizer_step(self.trainer, self, raw)
        self.on_before_optimizer_step(raw)
        raw.step()

    def _count_lightning_step(self) -> None:
        """One for the cycle, or `global_step` would stay 0 and nothing be saved."""
        if not self._scaled:
            counted = self.trainer.fit_loop.epoch_loop.manual_optimization.optim_step_progress
            counted.increment_ready()
            counted.increment_completed()

    @property
    def _plain(self) -> bool:
        return isinstance(self.trainer.strategy, SingleDeviceStrategy) and self.trainer.precision == "32-true"

    @property
    def _scaled(self) -> bool:
        """Whether optimiser steps themselves need Lightning: unscaling, sharded parameters."""
        return self.trainer.precision not in ("32-true", "64-true", "bf16-true", "bf16-mixed")

    # Lightning ----------------------------------------------------------------------------

    def train_dataloader(self) -> Cycles:
        return Cycles(self)

    def setup(self, stage: str) -> None:
        self.processes = self.trainer.world_size

    def teardown(self, stage: str) -> None:
        if self.workers is not None:
            self.workers.close()

    def progress(self) -> Progress:
        """Units of the budget done and in total; the last cycle may go beyond it."""
        done = self.counters.updates if self.budget.env_steps is None else self.counters.env_steps
        return Progress(done, max(done, self.budget.total), self.budget.unit)

    @property
    def finished(self) -> bool:
        """Whether the budget is used up."""
        return self.progress().done >= self.budget.total

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        own = self.cycle_state()
        checkpoint["cycle"] = {"counters": asdict(self.counters)}
        checkpoint["apart"] = [own] if self.processes == 1 else of_each_process(self.trainer, own)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.counters = Counters(**checkpoint["cycle"]["counters"])
        if (states := checkpoint.get("apart")) is None:
            return  # not to go on training
        attached = self._trainer
        if attached is not None and attached.world_size != len(states):
            raise UserError(
                f"this checkpoint was written by {len(states)} processes and cannot go on "
                f"with {attached.world_size}\n  give trainer.devices the number it was trained with"
            )
        self.load_cycle_state(states[0 if attached is None else self.global_rank])


class Cycles:
    """The numbers of the cycles still to do: what the Trainer iterates over.

    How many there are is known when the budget is used up; its length is the most that there
    can be, those done before a resume among them. Offering state, though it needs none,
    tells Lightning that it can be resumed.
    """

    def __init__(self, algorithm: CycleAlgorithm) -> None:
        self.algorithm = algorithm

    def __len__(self) -> int:
        algorithm = self.algorithm
        if algorithm.budget.env_steps is None:
            return algorithm.budget.total
        return math.ceil(algorithm.budget.total / (algorithm.env_steps_per_cycle * algorithm.processes))

    def __iter__(self) -> Iterator[int]:
        while not self.algorithm.finished:
            yield self.algorithm.counters.cycles

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The algorithm's own counters say where to go on."""
