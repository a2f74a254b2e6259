from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import lightning.pytorch as pl
import pytest
import torch

# With another process on the machine, two threads wait for each other most of the time.
torch.set_num_threads(1)


@pytest.fixture
def fit(tmp_path) -> Callable[..., pl.Trainer]:
    def fit(algorithm: pl.LightningModule, resume: Any = None, **options: Any) -> pl.Trainer:
        trainer = pl.Trainer(
            **{"accelerator": "cpu", "max_epochs": 1, "logger": False, "enable_checkpointing": False}
            | options,
            enable_progress_bar=False,
            enable_model_summary=False,
            default_root_dir=tmp_path,
        )
        with warnings.catch_warnings():
            # Lightning's own dealings with torch; what it says of the algorithm is an error.
            warnings.filterwarnings("ignore", message=".*LeafSpec.*")
            trainer.fit(algorithm, ckpt_path=resume, weights_only=False)
        return trainer

    return fit
