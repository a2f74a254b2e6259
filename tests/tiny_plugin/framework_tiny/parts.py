from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from gymnasium.vector import VectorEnv
from lightning.pytorch import LightningModule
from torch.utils.data import DataLoader, TensorDataset

from framework import Report, Table, load_weights
from framework.contracts import Progress, Served
from framework.shards import Shards
from framework.wrapper import Wrapper
from framework_tiny.config import (
    CountingConfig,
    DescentConfig,
    ErrorConfig,
    FittingConfig,
    LineConfig,
    MakerConfig,
    PointsConfig,
    RecordedConfig,
    SlowConfig,
    TableConfig,
)


class Points(VectorEnv):
    """A hundred points near a line."""

    def __init__(self, config: PointsConfig) -> None:
        generator = torch.Generator().manual_seed(config.seed)
        self.slope = config.slope
        self.x = torch.linspace(-1, 1, 100)[:, None]
        self.y = config.slope * self.x + config.noise * torch.randn(100, 1, generator=generator)


class Maker:
    """Writes points near a line, shard by shard."""

    def __init__(self, config: MakerConfig) -> None:
        self.config = config

    def produce(self, folder: Path, progress: Callable[[Progress], None]) -> None:
        shards = Shards(folder)
        done = len(shards.finished())
        for index in range(self.config.shards):
            name = f"{index:03d}.pt"
            if name in shards.finished():
                continue
            x = torch.linspace(index, index + 1, 10)[:, None]
            with shards.write(name, rows=10) as path:
                path.write_bytes(b"half")
                while index == self.config.pause_at and self.config.hold and self.config.hold.exists():
                    time.sleep(0.01)
                torch.save({"x": x, "y": self.config.slope * x}, path)
            done += 1
            progress(Progress(10 * done, 10 * self.config.shards, "points"))


class Recorded(VectorEnv):
    """The points of a folder of shards."""

    def __init__(self, config: RecordedConfig) -> None:
        found = [torch.load(config.folder / name) for name in Shards(config.folder).finished()]
        self.x, self.y = (torch.cat([shard[key] for shard in found]) for key in ("x", "y"))


def make_table(config: TableConfig) -> Any:
    from datasets import Dataset

    with config.log.open("a") as log:
        log.write("made\n")
    return Dataset.from_dict({"x": [1.0, 2.0, 3.0]})


def make_rows(config: ErrorConfig) -> Any:
    """Counts the rows, and reads them in a way of its own."""

    def rows(algorithm: Any, environment: Any) -> Report:
        assert environment.format["type"] is None
        return Report({"rows": len(environment)})

    return rows


def make_count(config: ErrorConfig) -> Any:
    return lambda folder, environment: Report({"shards": len(Shards(folder).finished())})


class Line(torch.nn.Linear):
    def __init__(self, environment: Points, config: LineConfig) -> None:
        super().__init__(1, 1, bias=config.bias)
        if config.weights is not None:
            load_weights(self, config.weights)


class Descent(LightningModule):
    """Gradient descent on random batches, drawn from torch's global generator."""

    def __init__(self, environment: Points, model: Line, config: DescentConfig) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.environment, self.model, self.config = environment, model, config
        self.done = 0

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.model.parameters(), lr=self.config.lr, momentum=0.5)

    def train_dataloader(self) -> Steps:
        return Steps(self)

    def training_step(self, step: int, batch_idx: int) -> None:
        self._be_difficult()
        size = self.config.batch[self.done % len(self.config.batch)]
        chosen = torch.randint(len(self.environment.x), (size,))
        loss = self.error(chosen)
        optimizer = self.optimizers()
        optimizer.zero_grad()
        self.manual_backward(loss)
        optimizer.step()
        self.done += 1
        self.log("train/loss", loss, prog_bar=True)

    def error(self, chosen: Any = slice(None)) -> torch.Tensor:
        return torch.nn.functional.mse_loss(
            self.model(self.environment.x[chosen]), self.environment.y[chosen]
        )

    def progress(self) -> Progress:
        return Progress(self.done, self.config.steps, "steps")

    def served(self) -> Served:
        return Served(self.model, self.environment.x[:2].numpy())

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["done"] = self.done

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.done = checkpoint["done"]

    def _be_difficult(self) -> None:
        config, step = self.config, self.done + 1
        time.sleep(config.pause)
        while step == config.pause_at and config.hold is not None and config.hold.exists():
            time.sleep(0.01)
        if step == config.fail_at and (config.fail_while is None or config.fail_while.exists()):
            raise RuntimeError(f"told to fail at step {step}\nwith a second line")
        if step == config.die_at:
            os.kill(os.getpid(), signal.SIGKILL)


class Player(Descent):
    def play(self, environment: Points) -> Report:
        return Report({"slope": environment.slope})


class Fitting(LightningModule):
    """Fits the line as others write it: loaders, epochs, validation; by its account it is best in epoch 2."""

    def __init__(self, environment: Points, model: Line, config: FittingConfig) -> None:
        super().__init__()
        self.environment, self.model, self.config = environment, model, config

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.model.parameters(), lr=self.config.lr)

    def train_dataloader(self) -> DataLoader[Any]:
        return DataLoader(TensorDataset(self.environment.x, self.environment.y), 50, shuffle=True)

    def val_dataloader(self) -> DataLoader[Any]:
        return DataLoader(TensorDataset(self.environment.x, self.environment.y), 50)

    def training_step(self, batch: list[torch.Tensor], batch_idx: int) -> torch.Tensor:
        if self.global_step + 1 == self.config.fail_at and self.config.fail_while.exists():
            raise RuntimeError("told to fail")
        return torch.nn.functional.mse_loss(self.model(batch[0]), batch[1])

    def validation_step(self, batch: list[torch.Tensor], batch_idx: int) -> None:
        self.log("val/from_best", float(abs(self.current_epoch - 2)))


class Counting(Wrapper):
    """Counts the steps of another algorithm."""

    def __init__(self, environment: Points, model: Line, config: CountingConfig) -> None:
        super().__init__(config.of)
        assert (environment, model) == (config.of.environment, config.of.model)
        self.counted = 0

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        self.counted += 1
        self.log("train/counted", float(self.counted))
        return self.wrapped.training_step(batch, batch_idx)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.wrapped.on_save_checkpoint(checkpoint)
        checkpoint["counted"] = self.counted

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.wrapped.on_load_checkpoint(checkpoint)
        self.counted = checkpoint["counted"]


class Steps:
    """The steps still to do."""

    def __init__(self, algorithm: Descent) -> None:
        self.algorithm = algorithm

    def __len__(self) -> int:
        return self.algorithm.config.steps

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.algorithm.done, len(self)))

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        pass


class Error:
    """The mean squared error over all points, now and then and at the end."""

    def __init__(self, config: ErrorConfig) -> None:
        self.every = config.every
        self.seen: list[float] = []

    def __call__(self, algorithm: Descent, environment: Points) -> Report:
        line = getattr(algorithm, "model", algorithm)  # a stage may judge a model alone
        error = torch.nn.functional.mse_loss(line(environment.x), environment.y).item()
        return Report({"mse": error}, tables={"seen": Table(["mse"], [[value] for value in self.seen])})

    def monitor(self, algorithm: Descent, environment: Points) -> dict[str, float]:
        self.seen.append(algorithm.error().item())
        return {"mse": self.seen[-1]}

    def state_dict(self) -> dict[str, Any]:
        return {"seen": self.seen}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.seen = list(state["seen"])


class Slope:
    """The slope of the environment it judges in, now and then and at the end."""

    def __init__(self, config: ErrorConfig) -> None:
        self.every = config.every

    def __call__(self, algorithm: Descent, environment: Points) -> Report:
        return Report(self.monitor(algorithm, environment))

    def monitor(self, algorithm: Descent, environment: Points) -> dict[str, float]:
        return {"slope": environment.slope}

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        pass


class Slow:
    """Judges point by point, and keeps each judgement in a file."""

    folder: Path | None = None

    def __init__(self, config: SlowConfig) -> None:
        self.config = config

    def __call__(self, algorithm: Descent, environment: Points) -> Report:
        assert self.folder is not None
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / "errors.txt"
        known = file.read_text().split() if file.exists() else []
        for index in range(len(known), 5):
            if index == self.config.fail_at and self.config.fail_while and self.config.fail_while.exists():
                raise RuntimeError("told to fail")
            error = algorithm.error(torch.tensor([index])).item()
            with file.open("a") as opened:
                opened.write(f"{error}\n")
        return Report({"found": len(known)}, files={"errors.txt": file})
