from __future__ import annotations

import json
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


@pytest.fixture(scope="session")
def bricks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one decomposed object: a brick of 4 x 12 x 4 cm."""
    folder = tmp_path_factory.mktemp("bricks")
    corners = [(x, y, z) for x in (-0.02, 0.02) for y in (-0.06, 0.06) for z in (-0.02, 0.02)]
    folder.joinpath("part.obj").write_text("".join(f"v {x} {y} {z}\n" for x, y, z in corners))
    brick = {"name": "brick", "parts": ["part.obj"], "mass_kg": 0.1, "stable_poses": []}
    folder.joinpath("manifest.json").write_text(json.dumps({"objects": [brick]}))
    return folder
