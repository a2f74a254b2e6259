from __future__ import annotations

import numpy as np
import pytest
import torch

from framework.rl.normalizer import Normalizer


def test_statistics_are_those_of_everything_it_was_fed():
    random = np.random.default_rng(0)
    parts = [random.normal([3, -1, 0], [2, 0.1, 5], (n, 3)).astype(np.float32) for n in (1, 7, 100, 0, 33)]
    normalizer = Normalizer(3)
    for part in parts:
        normalizer.update(torch.from_numpy(part))
    whole = np.concatenate(parts).astype(np.float64)
    np.testing.assert_allclose(normalizer.mean, whole.mean(0), rtol=1e-6)
    np.testing.assert_allclose(normalizer.std, whole.std(0), rtol=1e-6)
    expected = np.clip((whole - whole.mean(0)) / whole.std(0), -5, 5)
    np.testing.assert_allclose(normalizer(torch.from_numpy(whole).float()), expected, atol=1e-5)


def test_it_clips_inputs_outputs_and_small_deviations():
    normalizer = Normalizer(2, eps=0.5, clip=3, input_clip=10)
    normalizer.update(torch.tensor([[0.0, 1000.0], [0.0, -1000.0]]))
    assert normalizer.std.tolist() == [0.5, 10]
    assert normalizer(torch.tensor([[1.0, 1000.0], [100.0, 0.0]])).tolist() == [[2, 1], [3, 0]]


def test_before_it_is_fed_anything_it_only_clips():
    normalizer = Normalizer(1)
    normalizer.update(torch.zeros(0, 1))
    assert normalizer(torch.tensor([[0.25], [7.0]])).tolist() == [[0.25], [5.0]]


def test_large_offsets_do_not_hide_small_deviations():
    normalizer = Normalizer(1, eps=1e-6)
    values = 150 + 0.01 * torch.randn(10_000, 1, generator=torch.Generator().manual_seed(0))
    normalizer.update(values)
    assert float(normalizer.std) == pytest.approx(float(values.double().std(correction=0)), rel=1e-4)


def test_its_state_is_in_the_state_dict():
    one, other = Normalizer(2), Normalizer(2)
    one.update(torch.randn(10, 2, generator=torch.Generator().manual_seed(0)))
    other.load_state_dict(one.state_dict())
    more = torch.ones(3, 2)
    for each in (one, other):
        each.update(more)
    assert torch.equal(one(more), other(more))
