"""What the framework costs a whole training: recipes/her.yaml against a bare loop of the same updates.

    python -m benchmarks.training [--rounds 3]

Both make the same cycles on the same machine. Runs of two lengths tell what a cycle costs
from what a run costs once (database, provenance, model export); the shipped recipe's
overhead follows from its number of cycles. Evaluation is work of its own, left out of both.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import framework
from benchmarks.timing import Scores
from framework.recipe import Recipe, load
from framework.rl.overlap import matmul_precision, overlapped
from framework_her.hindsight import Hindsight

RECIPE = Path(__file__).parents[1] / "recipes" / "her.yaml"
SHORT, LONG = 5, 30  # cycles
TARGET = 0.05


class Bare(Hindsight):
    """The same algorithm without a Trainer: torch's own optimiser, no logging."""

    def optimise(self, loss: Tensor, optimizer: Any) -> None:
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    def optimizers(self, use_pl_optimizer: bool = True) -> Any:
        return self._optimizer

    def loop(self, cycles: int) -> None:
        """The bare loop; called again, it goes on."""
        if not hasattr(self, "_optimizer"):
            self._optimizer = self.configure_optimizers()
        done = 0
        with matmul_precision(self.matmul):
            while done < cycles:
                self.begin_cycle()
                if self.overlap and self.ready():
                    experience, _ = overlapped(self.collect, self.learn)
                    self.absorb(experience)
                else:
                    self.absorb(self.collect())
                    self.learn()
                done += 1


def recipe_of(cycles: int, folder: Path) -> Recipe:
    """The shipped recipe, shortened and without evaluation."""
    steps = cycles * 800
    overrides = [f"algorithm.budget.env_steps={steps}", "evaluators=[]"]
    return load(RECIPE, [*overrides, f"tracking.uri=sqlite:///{folder / 'mlflow.db'}"])


def built(recipe: Recipe, seed: int = 0) -> Bare:
    """Build what a recipe of `her/hindsight` says, without a Trainer."""
    stage = recipe.stages["main"]
    assert stage.environment
    assert stage.model
    assert stage.algorithm
    torch.manual_seed(seed)
    environment = stage.environment.build(seed=seed)
    model = stage.model.build(environment, seed=seed)
    arguments = {"seed": seed, **stage.algorithm.arguments}
    config = stage.algorithm.component.parameter_class
    assert config is not None
    return Bare(environment, model, config(**arguments))


def bare(cycles: int, folder: Path) -> None:
    """Build what the recipe says and loop."""
    built(recipe_of(cycles, folder)).loop(cycles)


def whole(cycles: int, folder: Path) -> None:
    """`framework run`, with tracking and checkpoints as they come."""
    logging.getLogger("framework").setLevel(logging.ERROR)
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        framework.run(recipe_of(cycles, folder), root=folder / "runs", quiet=True)


def main() -> int:
    """Print the overhead; return 1 if it is over its target."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    seconds: dict[tuple[str, int], list[float]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        whole(1, folder)
        bare(1, folder)
        for number in range(rounds):
            order = [(name, cycles) for cycles in (SHORT, LONG) for name in ("bare", "whole")]
            for name, cycles in order if number % 2 == 0 else reversed(order):
                start = time.process_time()
                (bare if name == "bare" else whole)(cycles, folder)
                seconds.setdefault((name, cycles), []).append(time.process_time() - start)
        budget = load(RECIPE).resolved()["algorithm"]["budget"]["env_steps"]
    cycles = budget / 800
    middle = {key: statistics.median(values) for key, values in seconds.items()}
    each = {name: (middle[name, LONG] - middle[name, SHORT]) / (LONG - SHORT) for name in ("bare", "whole")}
    once = middle["whole", SHORT] - SHORT * each["whole"]
    expected = once + cycles * each["whole"]
    scores = Scores()
    print(
        f"CPU seconds per cycle: bare {each['bare']:.3f}, whole {each['whole']:.3f}; once per run {once:.1f}"
    )
    scores.at_most(
        "cycle of a training run over a bare loop's (CPU)", each["whole"] / each["bare"], 1 + TARGET
    )
    scores.at_most(
        f"recipes/her.yaml, {cycles:.0f} cycles: whole run over bare loop (CPU)",
        expected / (cycles * each["bare"]),
        1 + TARGET,
    )
    return scores.exit_code()


if __name__ == "__main__":
    raise SystemExit(main())
