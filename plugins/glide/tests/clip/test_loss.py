from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from framework_glide.clip.loss import contrastive_loss, equal_captions, retrieved


def test_different_captions_give_the_usual_loss() -> None:
    logits = 3 * torch.randn(5, 5)
    right = torch.arange(5)
    expected = (F.cross_entropy(logits, right) + F.cross_entropy(logits.T, right)) / 2
    torch.testing.assert_close(contrastive_loss(logits, torch.eye(5) > 0), expected)


@given(
    captions=st.lists(st.sampled_from(["a", "A", "b", "c"]), min_size=1, max_size=6), seed=st.integers(0, 99)
)
def test_it_is_the_divergence_from_sharing_evenly(captions: list[str], seed: int) -> None:
    logits = np.random.default_rng(seed).normal(size=(len(captions),) * 2)
    folded = [text.lower() for text in captions]
    total = 0.0
    for table in (logits, logits.T):
        for row, mine in zip(table, folded, strict=True):
            log_p = row - np.log(np.exp(row).sum())
            own = [j for j, other in enumerate(folded) if other == mine]
            total += sum((np.log(1 / len(own)) - log_p[j]) / len(own) for j in own)
    found = contrastive_loss(torch.tensor(logits, dtype=torch.float32), equal_captions(captions))
    assert float(found) == pytest.approx(total / (2 * len(captions)), abs=1e-5)


def test_knowing_all_costs_nothing_even_if_captions_repeat() -> None:
    same = equal_captions(["red", "blue", "Red"])
    assert same.tolist() == [[True, False, True], [False, True, False], [True, False, True]]
    assert float(contrastive_loss(100.0 * same, same)) == pytest.approx(0, abs=1e-6)
    assert float(contrastive_loss(100.0 * same, torch.eye(3) > 0)) > 0.4


def test_sharing_the_target_does_not_change_the_gradient() -> None:
    captions = ["red", "blue", "red", "red"]
    images = torch.randn(4, 3, requires_grad=True)
    words = torch.randn(2, 3, requires_grad=True)
    logits = images @ words[[0, 1, 0, 0]].T
    shared, plain = (
        torch.autograd.grad(contrastive_loss(logits, same), (images, words), retain_graph=True)
        for same in (equal_captions(captions), torch.eye(4) > 0)
    )
    torch.testing.assert_close(shared, plain)


def test_what_is_retrieved() -> None:
    same = equal_captions(["red", "blue", "red"])
    logits = torch.tensor([[0.0, 1.0, 2.0], [3.0, 1.0, 0.0], [2.0, 0.0, 1.0]])
    by_picture, by_caption = retrieved(logits, same)
    assert by_picture.tolist() == [True, False, True]
    assert by_caption.tolist() == [False, False, True]
