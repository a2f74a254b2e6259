"""A training cut between any two steps and resumed ends bit for bit as one that was not.

The algorithms are plain `LightningModule`s as others write them, with the loaders of torch,
torchdata and Lightning.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import numpy as np
import pytest
import torch
from lightning.pytorch.utilities import CombinedLoader
from torch.utils._pytree import tree_map
from torch.utils.data import DataLoader, Dataset, IterableDataset, RandomSampler, WeightedRandomSampler

from framework.quiet import quiet_lightning
from framework.resumption import Resumption
from framework.runs.checkpoints import CheckedCheckpointIO, CheckpointWriter, checkpoints, load_checkpoint
from framework.testing.equality import assert_same

ROWS = 10  # in batches of four: the last is smaller


class Noisy(Dataset[torch.Tensor]):
    """Rows with noise from all three global generators and one of its own."""

    def __init__(self) -> None:
        self.random = np.random.default_rng(5)

    def __len__(self) -> int:
        return ROWS

    def __getitem__(self, index: int) -> torch.Tensor:
        noise = random.random() + np.random.rand() + float(torch.rand(()))  # noqa: NPY002
        noise += self.random.random()
        return torch.tensor([float(index), noise])


class Flow(IterableDataset[torch.Tensor]):
    """A stream shuffled within a window by Python's generator."""

    def __iter__(self) -> Iterator[torch.Tensor]:
        info = torch.utils.data.get_worker_info()
        first, step = (info.id, info.num_workers) if info is not None else (0, 1)
        window: list[int] = []
        for index in range(first, ROWS, step):
            window.append(index)
            if len(window) == 4:
                yield self.row(window.pop(random.randrange(4)))
        while window:
            yield self.row(window.pop(random.randrange(len(window))))

    def row(self, index: int) -> torch.Tensor:
        return torch.tensor([float(index), float(torch.rand(()))])


class OwnUnsized:
    """A loader with the protocol of Lightning, shuffled by a generator of its own."""

    def __init__(self) -> None:
        self.random = np.random.default_rng(3)
        self.order: list[int] = []
        self.over = True

    def __iter__(self) -> Iterator[torch.Tensor]:
        if self.over:
            self.order = [int(i) for i in self.random.permutation(3)]
        self.over = False
        while self.order:
            yield torch.full((2, 2), float(self.order.pop()))
        self.over = True

    def state_dict(self) -> dict[str, Any]:
        return {"order": list(self.order), "over": self.over, "random": self.random.bit_generator.state}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.order, self.over = list(state["order"]), state["over"]
        self.random.bit_generator.state = state["random"]


class Own(OwnUnsized):
    # Lightning does not ask for more than its length, so that it never hears of the end.
    @property
    def over(self) -> bool:
        return not self.order

    @over.setter
    def over(self, over: bool) -> None:
        pass

    def __len__(self) -> int:
        return 3


def stateful(**options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="'set_vital' is deprecated")
        return pytest.importorskip("torchdata.stateful_dataloader").StatefulDataLoader(**options)


LOADERS: dict[str, Callable[[], Any]] = {
    "shuffled": lambda: DataLoader(Noisy(), batch_size=4, shuffle=True),
    "own generator": lambda: DataLoader(
        Noisy(), batch_size=4, shuffle=True, generator=torch.Generator().manual_seed(1)
    ),
    "single examples": lambda: DataLoader(
        Noisy(), batch_size=None, sampler=RandomSampler(range(ROWS), num_samples=5)
    ),
    "weighted": lambda: DataLoader(Noisy(), 4, sampler=WeightedRandomSampler([1.0] * 5 + [2.0] * 5, ROWS)),
    "stream": lambda: DataLoader(Flow(), batch_size=4),
    "list": lambda: [torch.full((2, 2), float(i)) for i in range(3)],
    "two": lambda: {
        "long": DataLoader(Noisy(), 4, shuffle=True),
        "short": DataLoader(Noisy(), 7, shuffle=True),
    },
    "two to the end": lambda: CombinedLoader(
        [DataLoader(Noisy(), 4, shuffle=True), DataLoader(Flow(), 7)], "max_size"
    ),
    "protocol": Own,
    "protocol without length": OwnUnsized,
    "torchdata": lambda: stateful(dataset=Noisy(), batch_size=4, shuffle=True),
    "torchdata stream": lambda: stateful(dataset=Flow(), batch_size=4),
}
WORKERS: dict[str, Callable[[], Any]] = {
    "shuffled": lambda: DataLoader(Noisy(), 2, shuffle=True, num_workers=2),
    "persistent": lambda: DataLoader(Noisy(), 2, shuffle=True, num_workers=2, persistent_workers=True),
    "stream": lambda: DataLoader(Flow(), 2, num_workers=2),
    "persistent stream": lambda: DataLoader(Flow(), 2, num_workers=2, persistent_workers=True),
    "torchdata": lambda: stateful(dataset=Noisy(), batch_size=2, shuffle=True, num_workers=2),
}


class Regression(pl.LightningModule):
    """Learns from whatever comes, with dropout, an averaged metric and a validation."""

    def __init__(self, loader: Callable[[], Any], options: dict[str, Any]) -> None:
        super().__init__()
        self.loader, self.options = loader, options
        self.model = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.Dropout(0.5), torch.nn.Linear(4, 1))
        self.seen: list[Any] = []

    def train_dataloader(self) -> Any:
        return self.loader()

    def on_before_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        # Lightning's place for augmentations.
        return tree_map(lambda x: x if x is None else x + torch.rand(()), batch)

    def training_step(self, batch: Any, batch_idx: int) -> torch.Tensor:
        rows = torch.cat(
            [part.reshape(-1, 2) for part in torch.utils._pytree.tree_leaves(batch) if part is not None]
        )
        self.seen.append(rows.tolist())
        loss = (self.model(rows) ** 2).mean()
        self.log("train/loss", loss, on_step=True, on_epoch=True)
        return torch.as_tensor(loss)

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.Adam(self.model.parameters(), lr=0.1)
        plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, factor=0.9)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": plateau, "monitor": "train/loss_epoch"}}


class Validated(Regression):
    def val_dataloader(self) -> Any:
        generator = torch.Generator().manual_seed(2)
        return DataLoader(Noisy(), 4, sampler=RandomSampler(range(ROWS), generator=generator))

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        self.log("val/loss", self.model(batch).mean())

    def configure_optimizers(self) -> Any:
        made = super().configure_optimizers()
        made["lr_scheduler"].update(monitor="val/loss", strict=False)
        return made


class ByHand(Regression):
    """Adds up the gradients of three batches itself."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.automatic_optimization = False

    def training_step(self, batch: Any, batch_idx: int) -> None:  # type: ignore[override]
        self.manual_backward(super().training_step(batch, batch_idx))
        optimizer: Any = self.optimizers()
        if (len(self.seen) + self.options.get("before", 0)) % 3 == 0:
            optimizer.step()
            optimizer.zero_grad()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["before"] = self.options.get("before", 0) + len(self.seen)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.options["before"] = checkpoint["before"]

    def configure_optimizers(self) -> Any:
        return torch.optim.Adam(self.model.parameters(), lr=0.1)


class StopAt(pl.Callback):
    """Ends the training after a step, as a time limit or a budget does; 0 for never."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        trainer.should_stop = trainer.should_stop or trainer.global_step == self.step


def train(
    kind: type[Regression],
    loader: Callable[[], Any],
    folder: Path,
    resume: Path | None = None,
    stop_at: int = 0,
    longer: bool = False,
    **options: Any,
) -> Regression:
    pl.seed_everything(0, verbose=False, workers=True)
    algorithm = kind(loader, {})
    writer = CheckpointWriter(folder, seconds=0, every=1, keep=100)
    with quiet_lightning():
        trainer = pl.Trainer(
            **{"max_epochs": 3, **options},
            accelerator="cpu",
            callbacks=[Resumption(longer), StopAt(stop_at), writer],
            plugins=[CheckedCheckpointIO()],
            logger=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            default_root_dir=folder,
        )
        trainer.fit(algorithm, ckpt_path=resume, weights_only=False)
    return algorithm


def cut_everywhere(
    kind: type[Regression], loader: Callable[[], Any], folder: Path, every: int = 1, **options: Any
) -> None:
    whole = train(kind, loader, folder / "whole", **options)
    cuts = sorted(checkpoints(folder / "whole"))
    assert len(cuts) == len(whole.seen)
    end = load_checkpoint(cuts[-1])
    foreign = loader is LOADERS["torchdata stream"]  # counts otherwise after a restart
    parts = ["state_dict", "optimizer_states", "lr_schedulers", "global_step", "epoch", "resumption"]
    for step, cut in list(enumerate(cuts[:-1], 1))[::every]:
        resumed = train(kind, loader, folder / f"resumed-{step}", cut, **options)
        assert_same(resumed.seen, whole.seen[step:], f"batches after step {step}")
        resumed_end = load_checkpoint(checkpoints(folder / f"resumed-{step}")[0])
        for part in parts[: len(parts) - foreign]:
            assert_same(resumed_end[part], end[part], f"after a cut at step {step}: {part}")


@pytest.mark.parametrize("loader", LOADERS)
def test_a_cut_anywhere_changes_nothing(tmp_path: Path, loader: str) -> None:
    cut_everywhere(Regression, LOADERS[loader], tmp_path, max_epochs=2)


#: The others are dear, since every cut starts processes.
QUICK = ("shuffled",)


@pytest.mark.parametrize(
    "loader", [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in WORKERS]
)
def test_nor_with_workers(tmp_path: Path, loader: str) -> None:
    cut_everywhere(Regression, WORKERS[loader], tmp_path, every=3, max_epochs=2)


@pytest.mark.parametrize("kind", [Regression, ByHand])
def test_nor_while_gradients_are_added_up(tmp_path: Path, kind: type[Regression]) -> None:
    options = {"max_epochs": 2, **({} if kind is ByHand else {"accumulate_grad_batches": 2})}
    cut_everywhere(kind, LOADERS["shuffled"], tmp_path, every=2, **options)


@pytest.mark.parametrize(
    "options",
    [{"val_check_interval": 2}, {"check_val_every_n_epoch": 2}, {"limit_train_batches": 2}],
    ids=str,
)
def test_nor_between_validations(tmp_path: Path, options: dict[str, Any]) -> None:
    cut_everywhere(Validated, LOADERS["shuffled"], tmp_path, every=2, **options)


@pytest.mark.parametrize("loader", ["own generator", "protocol", "torchdata"])
def test_a_finished_training_goes_on_for_more_epochs(tmp_path: Path, loader: str) -> None:
    whole = train(Regression, LOADERS[loader], tmp_path / "whole", max_epochs=2)
    first = train(Regression, LOADERS[loader], tmp_path / "first", max_epochs=1)
    end = checkpoints(tmp_path / "first")[0]
    more = train(Regression, LOADERS[loader], tmp_path / "more", end, max_epochs=2)
    assert_same(first.seen + more.seen, whole.seen)
    assert_same(more.state_dict(), whole.state_dict())


def test_an_order_that_no_checkpoint_holds_is_told_at_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("shuffled", "weighted", "list", "two", "protocol"):
        train(Regression, LOADERS[name], tmp_path / name, max_epochs=1)
    assert caplog.text == ""
    train(Regression, lambda: (torch.full((2, 2), float(i)) for i in range(3)), tmp_path, max_epochs=1)
    assert "the data order is not in the checkpoint: generator has no state_dict" in caplog.text
    caplog.clear()
    train(Regression, LOADERS["stream"], tmp_path, max_epochs=1)
    assert "the Flow of its DataLoader has no place that a checkpoint could keep" in caplog.text


@pytest.mark.parametrize("loader", ["own generator", "stream", "protocol", "torchdata"])
@pytest.mark.parametrize("stop", [1, 2, 3, 4])
def test_one_that_was_cut_short_goes_on_where_it_was(tmp_path: Path, loader: str, stop: int) -> None:
    whole = train(Regression, LOADERS[loader], tmp_path / "whole", max_epochs=2)
    first = train(Regression, LOADERS[loader], tmp_path / "first", max_epochs=2, stop_at=stop)
    assert len(first.seen) == stop < len(whole.seen)
    end = checkpoints(tmp_path / "first")[0]
    more = train(Regression, LOADERS[loader], tmp_path / "more", end, longer=True, max_epochs=2)
    assert_same(first.seen + more.seen, whole.seen)
    assert_same(more.state_dict(), whole.state_dict())
