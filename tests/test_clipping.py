"""Gradients are clipped wherever they come from, and after their scale is taken out."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.plugins.precision import MixedPrecision

import framework
from framework.clipping import ClipGradients
from framework.errors import UserError
from framework.rl.cycle import CycleAlgorithm
from framework.supervised.algorithm import Descent
from framework.supervised.config import DescentConfig

SLOPE = torch.tensor([3.0, -4.0])  # the gradient of every loss here: its norm is 5

#: One step of size 1: the weights end at minus the gradient that the optimiser was given.
EXPECTED = [
    ((1.0, "norm"), [-0.6, 0.8]),
    ((50.0, "norm"), [-3.0, 4.0]),
    ((3.5, "value"), [-3.0, 3.5]),
    (None, [-3.0, 4.0]),
]


class Cycle(CycleAlgorithm):
    def __init__(self, fused: bool) -> None:
        super().__init__(budget={"env_steps": 1}, env_steps_per_cycle=1, updates_per_cycle=1)
        self.w = torch.nn.Parameter(torch.zeros(2))
        self.fused = fused

    def configure_optimizers(self):
        return torch.optim.SGD([self.w], lr=1.0, fused=self.fused)

    def collect(self):
        return None

    def absorb(self, experience):
        pass

    def learn(self):
        self.optimise((self.w * SLOPE).sum(), self.optimizers())
        return {}

    def cycle_state(self):
        return {}

    def load_cycle_state(self, state):
        pass


class Foreign(LightningModule):
    """Optimises by hand, as Lightning's documentation does, and knows nothing of this project."""

    def __init__(self, fused: bool, past_lightning: bool = False) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.w = torch.nn.Parameter(torch.zeros(2))
        self.fused, self.past_lightning = fused, past_lightning

    def configure_optimizers(self):
        return torch.optim.SGD([self.w], lr=1.0, fused=self.fused)

    def train_dataloader(self):
        return [0]

    def training_step(self, batch, batch_idx):
        optimizer = self.optimizers(use_pl_optimizer=not self.past_lightning)
        optimizer.zero_grad()
        self.manual_backward((self.w * SLOPE).sum())
        optimizer.step()


class Supervised(Descent):
    def __init__(self, fused: bool, clip: float = 0.0) -> None:
        super().__init__(DescentConfig(clip=clip))
        self.line = torch.nn.Linear(2, 1, bias=False)
        torch.nn.init.zeros_(self.line.weight)
        self.fused = fused

    w = property(lambda self: self.line.weight[0])
    learned = property(lambda self: self.line)
    total_steps = 1

    def configure_optimizers(self):
        return Unit(self.line.parameters(), lr=1.0, fused=self.fused)

    def accumulate(self):
        self.manual_backward((self.line.weight * SLOPE).sum())
        return {}

    def data_state(self):
        return {}

    def load_data_state(self, state):
        pass


class Unit(torch.optim.SGD):
    """Keeps its step size, whatever the schedule says."""

    def step(self, closure=None):
        for group in self.param_groups:
            group["lr"] = 1.0
        return super().step(closure)


def options(clip: Any, scaled: bool) -> dict[str, Any]:
    plugins = [MixedPrecision("16-mixed", "cpu", torch.amp.GradScaler("cpu"))] if scaled else []
    return {"callbacks": [ClipGradients(*clip)] if clip else [], "plugins": plugins}


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize(("clip", "expected"), EXPECTED)
@pytest.mark.parametrize("module", [Cycle, Foreign, Supervised])
def test_an_optimiser_gets_the_clipped_gradient(framework_fit, module, clip, expected, scaled, fused):
    algorithm = module(fused)
    framework_fit(algorithm, **options(clip, scaled))
    assert algorithm.w.tolist() == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize(("clip", "norm"), [(None, 0.5), ((2.0, "norm"), 2.0)])
def test_a_descent_clips_as_its_parameter_says_unless_the_trainer_does(
    framework_fit, clip, norm, scaled, fused
):
    algorithm = Supervised(fused, clip=0.5)
    framework_fit(algorithm, **options(clip, scaled))
    assert math.hypot(*algorithm.w.tolist()) == pytest.approx(norm, rel=1e-4)


def test_an_optimiser_stepped_past_lightning_is_not_silently_left_alone(framework_fit):
    with pytest.raises(UserError, match=r"Foreign: it steps an optimiser past Lightning\n.*self\.optimizers"):
        framework_fit(Foreign(False, past_lightning=True), **options((1.0, "norm"), False))


@pytest.mark.parametrize(("algorithm", "size"), [("norm", math.hypot), ("value", max)])
def test_a_recipe_asks_for_it(workplace: Path, monkeypatch, algorithm: str, size: Any) -> None:
    """The tiny plugin's algorithm is a module that optimises by hand; both its gradients are above 0.01."""
    seen: list[float] = []
    step = torch.optim.SGD.step

    def watched(self: torch.optim.SGD, closure: Any) -> Any:
        done = step(self, closure)
        seen.extend(abs(float(p.grad)) for group in self.param_groups for p in group["params"])
        return done

    monkeypatch.setattr(torch.optim.SGD, "step", watched)
    clip = ["trainer.gradient_clip_val=0.01", f"trainer.gradient_clip_algorithm={algorithm}"]
    framework.run("recipe.yaml", ["algorithm.steps=1", *clip], quiet=True)
    assert size(*seen) == pytest.approx(0.01, rel=1e-4)
