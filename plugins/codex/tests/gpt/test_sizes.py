from __future__ import annotations

from typing import get_args

import pytest
import torch

from framework_codex.gpt.config import GPTConfig
from framework_codex.gpt.model import GPT
from framework_codex.gpt.sizes import SIZES, Size
from framework_codex.gpt.tokenizer import Tokenizer


def number(name: str) -> float:
    return float(name[:-1]) * {"M": 1e6, "B": 1e9}[name[-1]]


@pytest.mark.parametrize("name", get_args(Size))
def test_parameters_outside_the_embeddings_are_what_the_name_says(name: Size, tokenizer: Tokenizer) -> None:
    with torch.device("meta"):
        model = GPT(GPTConfig(size=name, vocab_size=50_304, context=4096), tokenizer)
    count = sum(p.numel() for key, p in model.named_parameters() if "embedding" not in key)
    assert count == pytest.approx(number(name), rel=0.06)


def test_every_size_has_a_shape() -> None:
    assert set(SIZES) == set(get_args(Size))
