from __future__ import annotations

import numpy as np
import pytest
from datasets import Array3D, Dataset, DatasetDict, Features, Value

from framework_glide.clip.config import NoisedCLIPConfig

COLOURS = {
    "red": (230, 30, 30),
    "green": (30, 200, 30),
    "blue": (40, 40, 230),
    "yellow": (240, 230, 40),
    "white": (250, 250, 250),
    "black": (10, 10, 10),
}
FEATURES = Features({"image": Array3D((8, 8, 3), "uint8"), "caption": Value("string")})
SMALL = NoisedCLIPConfig(
    patch_size=4,
    embedding=32,
    text_layers=1,
    image_width=32,
    image_layers=1,
    head_width=8,
    context=10,
    vocab_size=300,
)


def halves(count: int, seed: int) -> Dataset:
    """Pictures whose upper and lower half have a colour each."""
    rng = np.random.default_rng(seed)
    names = list(COLOURS)
    drawn = rng.integers(len(names), size=(count, 2))
    images = np.array([COLOURS[name] for name in names], np.uint8)[drawn].repeat(4, axis=1)[:, :, None]
    captions = [f"{names[above]} sky, {names[below]} grass" for above, below in drawn]
    return Dataset.from_dict({"image": list(images.repeat(8, axis=2)), "caption": captions}, FEATURES)


@pytest.fixture(scope="session")
def environment() -> DatasetDict:
    return DatasetDict(train=halves(512, 0), validation=halves(96, 1))
