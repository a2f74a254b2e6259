from __future__ import annotations

from pathlib import Path

import pytest

from framework_glide.text.learned import learn
from framework_glide.text.released import from_folder
from framework_glide.text.tokenizer import Tokenizer

CAPTIONS = [f"A {size} {colour} {shape}" for size in ("small", "large") for colour in ("red", "blue", "green")
            for shape in ("circle", "square", "triangle")]  # fmt: skip


@pytest.fixture(scope="session")
def vocabulary(reference: Path) -> Path:
    return reference / "vocab"


@pytest.fixture(scope="session")
def base(vocabulary: Path) -> Tokenizer:
    return from_folder(vocabulary)


@pytest.fixture(scope="session")
def clip(vocabulary: Path) -> Tokenizer:
    return from_folder(vocabulary, first="clip")


@pytest.fixture(scope="session")
def learned() -> Tokenizer:
    return learn(CAPTIONS, 300)
