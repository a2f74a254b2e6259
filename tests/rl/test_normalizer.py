from __future__ import annotations

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Dict, Discrete

from framework.rl.normalizer import Normalizer, ObservationNormalizer, RewardNormalizer


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


def test_merged_equals_fed_both():
    parts = torch.randn(3, 40, 2, generator=torch.Generator().manual_seed(0)) * 7 + 3
    one, other, both = (Normalizer(2) for _ in range(3))
    one.update(parts[0])
    other.update(parts[1])
    other.update(parts[2])
    both.update(parts.reshape(-1, 2))
    one.merge(other)
    assert one.count == both.count
    torch.testing.assert_close((one.mean, one.std), (both.mean, both.std), rtol=1e-12, atol=0)


def test_an_exponential_moving_average_forgets():
    ema, inputs = Normalizer(1, ema=0.9), torch.tensor([[1.0], [5.0], [-2.0]])
    for each in inputs:
        ema.update(each[None])
    weights = torch.tensor([[0.81], [0.9], [1.0]])
    mean = (weights * inputs).sum() / weights.sum()
    spread = ((weights * (inputs - mean) ** 2).sum() / weights.sum()).sqrt()
    torch.testing.assert_close((ema.mean[0], ema.std[0]), (mean, spread))


def test_inverse_undoes_scaling():
    normalizer = Normalizer(2)
    normalizer.update(torch.randn(50, 2, generator=torch.Generator().manual_seed(0)) * 3 - 4)
    x = torch.tensor([[-4.0, -3.0], [1.0, -9.0]])
    torch.testing.assert_close(normalizer.inverse(normalizer(x)), x)


def test_observations_of_any_space():
    space = Dict(
        speed=Box(-np.inf, np.inf, (2, 2), np.float64), image=Box(0, 255, (3,), np.uint8), on=Discrete(2)
    )
    normalizer = ObservationNormalizer(space)
    speed = 50 + 2 * torch.randn(30, 4, 2, 2, generator=torch.Generator().manual_seed(0))
    image, on = torch.randint(255, (30, 4, 3), dtype=torch.uint8), torch.ones(30, 4, dtype=torch.int64)
    normalizer.update({"speed": speed[:10], "image": image[:10], "on": on[:10]})
    normalizer.update({"on": on[10:], "image": image[10:], "speed": speed[10:]})  # in any order
    scaled = normalizer({"speed": speed, "image": image, "on": on})
    torch.testing.assert_close(
        scaled["speed"], (speed - speed.mean((0, 1))) / speed.std((0, 1), correction=0), rtol=1e-3, atol=1e-3
    )
    assert torch.equal(scaled["image"], image)
    assert torch.equal(scaled["on"], on)
    resumed = ObservationNormalizer(space)
    resumed.load_state_dict(normalizer.state_dict())
    assert torch.equal(resumed({"speed": speed, "image": image, "on": on})["speed"], scaled["speed"])


def test_rewards_are_scaled_by_the_spread_of_returns():
    random = torch.Generator().manual_seed(0)
    reward, ended = torch.randn(40, 3, 2, generator=random), torch.rand(40, 3, 2, generator=random) < 0.2
    running, returns = torch.zeros(3, 2), []
    for t in range(40):
        running = running * 0.9 + reward[t]
        returns.append(running)
        running = running * ~ended[t]
    whole, parts = (RewardNormalizer((3, 2), 0.9) for _ in range(2))
    scaled = whole(reward, ended)
    torch.testing.assert_close(scaled, reward / torch.stack(returns).std(correction=0))
    parts(reward[:15], ended[:15])
    resumed = RewardNormalizer((3, 2), 0.9)
    resumed.load_state_dict(parts.state_dict())
    torch.testing.assert_close(resumed(reward[15:], ended[15:]), scaled[15:])
