"""What automatic domain randomization costs around an algorithm: rl/ppo with an LSTM on the puck.

    python -m benchmarks.adr [--steps 60000]

A training of recipes/adr.yaml, shortened, is run by a bare Trainer. What ADR itself does is timed where it is
done: in what it looks on at every step, and in what it adds to a training step, logging included.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch

from benchmarks.timing import Scores
from framework.recipe import load

RECIPE = Path(__file__).parents[1] / "recipes" / "adr.yaml"
TARGET = 0.01


class Clock:
    """CPU-seconds spent in some calls."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def watch(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """The same call, timed."""

        def timed(*args: Any, **options: Any) -> Any:
            start = time.process_time()
            try:
                return call(*args, **options)
            finally:
                self.seconds += time.process_time() - start

        return timed


def main(arguments: list[str] | None = None) -> int:
    """Print rates and shares; return 1 if the target was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--steps", type=int, default=60_000)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    stage = load(RECIPE, [f"stages.adr.algorithm.inner.budget.env_steps={options.steps}"]).stages["adr"]
    assert stage.environment
    assert stage.model
    assert stage.algorithm
    torch.manual_seed(0)
    environment = stage.environment.build(seed=0)
    algorithm = stage.algorithm.build(environment, stage.model.build(environment, seed=0), seed=0)
    looking, learning, whole = Clock(), Clock(), Clock()
    for name in ("started", "stepped"):
        setattr(algorithm.episodes, name, looking.watch(getattr(algorithm.episodes, name)))
    algorithm.wrapped.training_step = learning.watch(algorithm.wrapped.training_step)
    algorithm.training_step = whole.watch(algorithm.training_step)
    quiet: dict[str, Any] = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    trainer = pl.Trainer(accelerator="cpu", max_epochs=1, enable_model_summary=False, **quiet)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer.fit(algorithm)
    done, own = algorithm.progress().done, looking.seconds + whole.seconds - learning.seconds
    moves = len(algorithm.history.done) - 1
    print(f"  {done} env steps, {done / whole.seconds:.0f} per CPU-second, updates included")
    print(f"  ADR itself {own / done * 1e6:.2f} us per env step; bounds moved in {moves} training steps")
    scores = Scores()
    scores.at_most("ADR's share of the training (CPU)", own / whole.seconds, TARGET)
    return scores.exit_code()


if __name__ == "__main__":
    raise SystemExit(main())
