from __future__ import annotations

import threading
from typing import Any

import lightning.pytorch as pl
import numpy as np
import pytest
import torch

from framework.errors import UserError
from framework.rl.budget import Budget
from framework.rl.cycle import CycleAlgorithm
from framework.testing import assert_same


class Regression(CycleAlgorithm):
    """Learns w in y = 3 x from numbers it collects 10 at a time."""

    def __init__(self, budget: Any = None, delay: int = 0, overlap: bool = False) -> None:
        super().__init__(
            budget=budget or {"env_steps": 200},
            env_steps_per_cycle=10,
            updates_per_cycle=4,
            overlap=overlap,
        )
        self.w = torch.nn.Parameter(torch.zeros(()))
        self.b = torch.nn.Parameter(torch.zeros(()))
        self.delay = delay
        self.random = np.random.default_rng(0)
        self.seen: list[float] = []
        self.acting_w = 0.0
        self.threads: set[str] = set()

    def configure_optimizers(self):
        return [torch.optim.SGD([self.w], lr=0.1), torch.optim.SGD([self.b], lr=0.1, momentum=0.9)]

    def begin_cycle(self):
        self.acting_w = float(self.w.detach())

    def collect(self):
        self.threads.add(threading.current_thread().name)
        return [float(x) + 0.01 * self.acting_w for x in self.random.uniform(-1, 1, 10)]

    def absorb(self, experience):
        self.seen += experience
        self.counters.episodes += 1

    def ready(self):
        return len(self.seen) > self.delay

    def learn(self):
        optimizers = self.optimizers()
        for _ in range(4):
            x = torch.tensor(self.seen[-20:])
            loss = (self.w * x + self.b - 3 * x).square().mean()
            self.optimise(loss, optimizers[0])
            self.optimise((self.w.detach() * x + self.b - 3 * x).square().mean(), optimizers[1])
        return {"loss": float(loss.detach())}

    def cycle_state(self):
        return {"random": self.random.bit_generator.state, "seen": list(self.seen)}

    def load_cycle_state(self, state):
        self.random.bit_generator.state = state["random"]
        self.seen = list(state["seen"])


class Log(pl.Callback):
    def __init__(self) -> None:
        self.metrics: list[dict[str, float]] = []

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        self.metrics.append({key: float(value) for key, value in trainer.callback_metrics.items()})


@pytest.mark.parametrize("overlap", [False, True])
def test_a_cycle_is_one_lightning_step_and_logs_once(framework_fit, overlap):
    algorithm, log = Regression(overlap=overlap), Log()
    trainer = framework_fit(algorithm, callbacks=[log])
    assert trainer.global_step == algorithm.counters.cycles == 20
    assert algorithm.counters.env_steps == len(algorithm.seen) == 200
    assert algorithm.counters.updates == 80
    assert algorithm.progress() == (200, 200, "env steps")
    assert [m["episodes"] for m in log.metrics] == list(range(1, 21))
    assert log.metrics[-1]["loss"] < log.metrics[0]["loss"]
    assert set(log.metrics[0]) == {"episodes", "loss", "time/env_steps_per_s", "time/updates_per_s"}
    assert algorithm.counters.wall_seconds > 0


def test_collecting_happens_in_a_thread_of_its_own_if_asked(framework_fit):
    serial, overlapped = Regression(), Regression(overlap=True)
    framework_fit(serial)
    framework_fit(overlapped)
    assert serial.threads == {"MainThread"}
    # Before there is anything to learn from, there is nothing to overlap with.
    assert overlapped.threads == {"MainThread", "collect_0"}


def test_overlapped_training_is_the_same_every_time(framework_fit):
    one, other = Regression(overlap=True), Regression(overlap=True)
    for each in (one, other):
        framework_fit(each)
    assert_same(one.state_dict(), other.state_dict())
    assert one.seen == other.seen


@pytest.mark.parametrize(
    ("budget", "cycles", "progress"),
    [
        ({"env_steps": 1}, 1, (10, 10, "env steps")),
        ({"env_steps": 95}, 10, (100, 100, "env steps")),
        (Budget(updates=13), 4, (16, 16, "updates")),
    ],
)
def test_budgets_are_rounded_up_to_whole_cycles(framework_fit, budget, cycles, progress):
    algorithm = Regression(budget)
    trainer = framework_fit(algorithm)
    assert trainer.global_step == cycles
    assert algorithm.progress() == progress


class StopsEarly(Regression):
    """Makes 1, 2, 3, 4, 1, ... updates of the 4 a cycle may have, and two optimiser steps in each."""

    def learn(self):
        for _ in range(self.counters.cycles % 4 + 1):
            for optimizer in self.optimizers():
                self.optimise((self.w + self.b - 3).square(), optimizer)
        return {}


@pytest.mark.parametrize(
    ("budget", "cycles", "updates"),
    [({"updates": 13}, 6, 13), ({"updates": 12}, 6, 13), ({"env_steps": 31}, 4, 10)],
)
def test_updates_are_counted_as_they_are_made(framework_fit, budget, cycles, updates):
    algorithm, log = StopsEarly(budget), Log()
    trainer = framework_fit(algorithm, callbacks=[log])
    assert algorithm.counters.updates == updates
    assert trainer.global_step == algorithm.counters.cycles == len(log.metrics) == cycles
    assert algorithm.finished
    assert algorithm.progress().done == algorithm.progress().total


def test_a_cycle_without_an_update_is_a_cycle(framework_fit):
    class Idle(Regression):
        def learn(self):
            return {}

    algorithm = Idle({"env_steps": 20})
    assert framework_fit(algorithm).global_step == 2
    assert algorithm.counters.updates == 0


def test_resuming_what_is_finished_does_nothing(framework_fit, tmp_path):
    whole = StopsEarly({"updates": 12})
    framework_fit(whole).save_checkpoint(tmp_path / "end.ckpt")
    again = StopsEarly({"updates": 12})
    framework_fit(again, resume=tmp_path / "end.ckpt")
    assert_same(again.state_dict(), whole.state_dict())
    assert again.counters == whole.counters


@pytest.mark.parametrize("budget", [{}, {"env_steps": 1, "updates": 1}])
def test_a_budget_has_one_unit(budget):
    with pytest.raises(UserError, match="either env_steps or updates"):
        Budget(**budget)


@pytest.mark.parametrize("overlap", [False, True])
def test_what_was_collected_is_logged_once_a_cycle(framework_fit, overlap):
    class Tells(Regression):
        shown = ("episodes", "seen")

        def absorb(self, experience):
            super().absorb(experience)
            return {"seen": float(len(self.seen))}

    algorithm, log = Tells({"updates": 8}, delay=35, overlap=overlap), Log()
    trainer = framework_fit(algorithm, callbacks=[log])
    assert [metrics["seen"] for metrics in log.metrics] == [40, 50]
    assert set(trainer.progress_bar_metrics) == {"episodes", "seen"}


@pytest.mark.parametrize("overlap", [False, True])
def test_it_collects_until_there_is_something_to_learn_from(framework_fit, overlap):
    algorithm = Regression({"updates": 8}, delay=35, overlap=overlap)
    framework_fit(algorithm)
    assert algorithm.counters.updates == 8
    assert algorithm.counters.env_steps == 50
    assert algorithm.progress() == (8, 8, "updates")


class Cut(pl.Callback):
    """Saves a checkpoint after so many cycles, at one of the moments callbacks have for it."""

    def __init__(self, path: Any, cycles: int, moment: str) -> None:
        self.path, self.cycles, self.moment = path, cycles, moment

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        self.save(trainer, pl_module, "start")

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        self.save(trainer, pl_module, "end")

    def save(self, trainer, pl_module, moment):
        if pl_module.counters.cycles == self.cycles and moment == self.moment:
            trainer.save_checkpoint(self.path)


@pytest.mark.parametrize("overlap", [False, True])
@pytest.mark.parametrize(("cut", "moment"), [(1, "start"), (7, "end"), (19, "start"), (19, "end")])
def test_resumed_equals_uninterrupted(framework_fit, tmp_path, cut, moment, overlap):
    whole = Regression(overlap=overlap)
    framework_fit(whole, callbacks=[Cut(tmp_path / "cut.ckpt", cut, moment)])
    resumed = Regression(overlap=overlap)
    trainer = framework_fit(resumed, resume=tmp_path / "cut.ckpt")
    assert trainer.global_step == resumed.counters.cycles == 20
    assert_same(resumed.state_dict(), whole.state_dict())
    assert_same(resumed.cycle_state(), whole.cycle_state())
    assert_same(
        [each.state_dict() for each in resumed.optimizers()],
        [each.state_dict() for each in whole.optimizers()],
    )


def test_the_state_can_be_loaded_without_a_trainer(framework_fit, tmp_path):
    algorithm = Regression()
    framework_fit(algorithm).save_checkpoint(tmp_path / "end.ckpt")
    again = Regression()
    again.on_load_checkpoint(torch.load(tmp_path / "end.ckpt", weights_only=False))
    assert again.seen == algorithm.seen
    assert again.progress() == algorithm.progress()


def test_an_error_while_collecting_ends_the_training(framework_fit):
    algorithm = Regression(overlap=True)
    collect = algorithm.collect

    def fail():
        if algorithm.counters.cycles == 3:
            raise RuntimeError("the simulator broke")
        return collect()

    algorithm.collect = fail
    with pytest.raises(RuntimeError, match="simulator broke"):
        framework_fit(algorithm)


def test_steps_through_lightning_are_the_same_steps(framework_fit, monkeypatch):
    raw = Regression()
    framework_fit(raw)
    for name in ("_plain", "_scaled"):
        monkeypatch.setattr(CycleAlgorithm, name, name == "_scaled")
    wrapped = Regression()
    trainer = framework_fit(wrapped)
    assert trainer.global_step == 160
    assert_same(wrapped.state_dict(), raw.state_dict())


def test_the_matmul_precision_is_left_as_it_was(framework_fit):
    before = torch.get_float32_matmul_precision()
    inside = []

    class Peek(Regression):
        def learn(self):
            inside.append(torch.get_float32_matmul_precision())
            return super().learn()

    algorithm = Peek({"env_steps": 10})
    algorithm.matmul = "medium"
    framework_fit(algorithm)
    assert inside == ["medium"]
    assert torch.get_float32_matmul_precision() == before
