from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from framework_codex.gpt.config import GPTConfig
from framework_codex.gpt.model import GPT
from framework_codex.gpt.tokenizer import Tokenizer


@pytest.fixture(scope="session")
def library() -> list[str]:
    """Some of the standard library's source."""
    paths = sorted(Path(os.__file__).parent.glob("[a-d]*.py"))
    return [path.read_text("utf-8", "replace") for path in paths]


@pytest.fixture(scope="session")
def tokenizer(library: list[str]) -> Tokenizer:
    return Tokenizer.train(library, 1000, whitespace_runs=16)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small products are faster on one, and the order of additions is always the same."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def make(tokenizer: Tokenizer, peaked: float = 0.35, seed: int = 0, **parameters: object) -> GPT:
    """A small float32 model whose distributions are as uneven as a trained one's."""
    torch.manual_seed(seed)
    given = {"precision": "float32", "layers": 2, "width": 32, "heads": 2, "context": 64} | parameters
    model = GPT(GPTConfig(vocab_size=len(tokenizer), **given), tokenizer)  # type: ignore[arg-type]
    torch.nn.init.normal_(model.embedding.weight, std=peaked)
    for block in model.blocks:
        torch.nn.init.normal_(block.qkv.weight, std=0.4)
        torch.nn.init.normal_(block.out.weight, std=0.4)
    with torch.no_grad():
        model.embedding.weight[tokenizer.end] *= 0.1  # rarely the end
    return model.eval()


@pytest.fixture
def model(tokenizer: Tokenizer) -> GPT:
    return make(tokenizer)
