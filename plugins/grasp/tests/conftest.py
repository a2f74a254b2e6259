from __future__ import annotations

from pathlib import Path

import pytest
import torch

from framework.testing.sections import build

# With another process on the machine, two threads wait for each other most of the time.
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 12 scenes with 8 grasps each, of six objects."""
    folder = tmp_path_factory.mktemp("scenes")
    settings = {"use": "grasp/random_objects", "scenes": 12, "objects": 6, "grasps": 8, "threads": 1}
    build("environment", settings).produce(folder, lambda progress: None)
    return folder
