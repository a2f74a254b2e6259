from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

# With another process on the machine, two threads wait for each other most of the time.
torch.set_num_threads(1)


@pytest.fixture(scope="session", autouse=True)
def quick_datasets(no_fingerprints: None) -> None: ...


def _part(name: str) -> Path:
    folder = os.environ.get("FRAMEWORK_TEST_DATA")
    if not folder or not Path(folder, name).is_dir():
        pytest.skip(f"FRAMEWORK_TEST_DATA names no folder with {name}/ in it")
    return Path(folder, name)


@pytest.fixture(scope="session")
def reference() -> Path:
    """Where the published implementation's tensors are."""
    return _part("glide")


@pytest.fixture(scope="session")
def cifar10() -> Path:
    """Where a part of CIFAR-10 is, as parquet files."""
    return _part("cifar10")
