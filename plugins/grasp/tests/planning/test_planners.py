"""Planners against brute force: their densities integrate to one, searches find what is likeliest."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import scipy.special
import scipy.stats
import torch

from framework_grasp.planning.autoregressive import AutoregressivePlanner
from framework_grasp.planning.buckets import Buckets, canonical
from framework_grasp.planning.config import AutoregressiveConfig, MixtureConfig
from framework_grasp.planning.mixture import MixtureDensity
from framework_grasp.planning.planner import GraspPlanner
from framework_grasp.planning.sight import Sight

FLAT = Sight(views=1, size=(32, 32), span=0.32)
TILTED = Sight(views=3, size=(32, 32), span=0.32, dimensions=6)


def made(sight: Sight = FLAT, buckets: int = 3) -> AutoregressivePlanner:
    torch.manual_seed(0)
    planner = AutoregressivePlanner(sight, AutoregressiveConfig(buckets=buckets, channels=4, features=8))
    for parameter in planner.parameters():  # far from uniform
        parameter.data *= 2
    return planner.eval()


def scenes(count: int, sight: Sight = FLAT) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return 0.1 * torch.rand((count, sight.views, *sight.size), generator=generator)


def every(planner: GraspPlanner) -> torch.Tensor:
    """The centre of every bucket, `(n, d)`."""
    counts = planner.buckets.counts
    return planner.buckets.decode(torch.tensor(list(itertools.product(*map(range, counts)))))


@pytest.mark.parametrize(("sight", "buckets"), [(FLAT, 3), (TILTED, 2)], ids=["4", "6"])
@torch.no_grad()
def test_a_wide_beam_is_the_whole_distribution(sight: Sight, buckets: int) -> None:
    planner, reliefs = made(sight, buckets), scenes(2, sight)
    grasps = every(planner)
    n = len(grasps)
    for scene in range(2):
        density = planner.log_density(reliefs, grasps, torch.full((n,), scene))
        mass = (density + planner.buckets.log_volume).exp()
        assert mass.sum().item() == pytest.approx(1, abs=1e-4)
        assert mass.max() > 2 * mass.mean()
        found = planner.propose(reliefs, n, "beam")
        assert found.grasps.shape == (2, n, sight.dimensions)
        order = density.argsort(descending=True)
        torch.testing.assert_close(found.log_density[scene], density[order], rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(found.grasps[scene, 0], grasps[order[0]])


@torch.no_grad()
def test_samples_have_the_density_they_say_and_fill_their_buckets() -> None:
    planner, reliefs = made(), scenes(2)
    found = planner.propose(reliefs, 4000, "sample", torch.Generator().manual_seed(0))
    scene = torch.arange(2).repeat_interleave(4000)
    again = planner.log_density(reliefs, found.grasps.flatten(0, 1), scene)
    torch.testing.assert_close(found.log_density.flatten(), again, rtol=1e-4, atol=1e-4)
    assert planner.buckets.inside(found.grasps).all()
    # The mean of 1 / p over samples is the volume of the box.
    box = (planner.buckets.high - planner.buckets.low).prod()
    assert (-found.log_density[0]).exp().mean().item() == pytest.approx(box.item(), rel=0.2)
    place = (found.grasps - planner.buckets.low) / planner.buckets.width
    assert (place - place.floor()).std().item() == pytest.approx(1 / math.sqrt(12), rel=0.05)


@torch.no_grad()
def test_greedy_is_a_beam_of_one_and_what_forward_returns() -> None:
    planner, reliefs = made(), scenes(3)
    greedy = planner.propose(reliefs, 40, "greedy")
    assert greedy.grasps.shape == (3, 1, 4)
    torch.testing.assert_close(greedy.grasps, planner.propose(reliefs, 1, "beam").grasps)
    torch.testing.assert_close(planner(reliefs), greedy.grasps[:, 0])


@pytest.mark.parametrize("components", [1, 5])
@torch.no_grad()
def test_a_mixture_has_the_density_it_says_and_is_what_is_drawn(components: int) -> None:
    torch.manual_seed(0)
    config = MixtureConfig(components=components, channels=4, features=8, reach=0.5, top=1.0)
    planner = MixtureDensity(FLAT, config).eval()
    planner.read[-1].bias.data.view(components, -1)[:, [2, 4, 6]] = -2.0  # narrow: within the box
    planner.read[-1].bias.data.view(components, -1)[:, 9] = 3.0
    reliefs = scenes(1)
    drawn = planner.propose(reliefs, 5000, "sample", torch.Generator().manual_seed(0))
    weights, means, spreads = (part[0].double().numpy() for part in planner.mixture(reliefs))
    weights = np.exp(weights)
    box = (planner.buckets.high - planner.buckets.low).double().numpy()
    places = (drawn.grasps[0].double() - planner.buckets.low).numpy() / box
    laws = [scipy.stats.norm(means[:, k], spreads[:, k]) for k in range(3)]
    angle = scipy.stats.vonmises(spreads[:, 3])
    turn = (places[:, 3, None] - means[:, 3] + 0.5) % 1 - 0.5
    parts = np.log(weights) + angle.logpdf(2 * np.pi * turn) + np.log(2 * np.pi)
    for k, law in enumerate(laws):
        parts = parts + law.logpdf(places[:, k, None])
    expected = scipy.special.logsumexp(parts, axis=1) - np.log(box).sum()
    np.testing.assert_allclose(drawn.log_density[0], expected, rtol=1e-3, atol=2e-3)
    for k, law in enumerate(laws):
        one = scipy.stats.kstest(places[:, k], lambda x, law=law: law.cdf(x[:, None]) @ weights)
        assert one.pvalue > 0.01
    # Yaw, turned so that the first component is in the middle.
    offset = (means[:, 3] - means[0, 3] + 0.5) % 1 - 0.5

    def reached(x: np.ndarray) -> np.ndarray:
        far, near = (angle.cdf(2 * np.pi * (end - offset)) for end in (x[:, None], -0.5))
        return np.asarray((far - near) @ weights)

    assert scipy.stats.kstest(turn[:, 0], reached).pvalue > 0.01


@torch.no_grad()
def test_the_greedy_grasp_of_a_mixture_is_its_densest_mean() -> None:
    torch.manual_seed(0)
    planner = MixtureDensity(FLAT, MixtureConfig(components=4, channels=4, features=8)).eval()
    reliefs = scenes(2)
    means = planner.propose(reliefs, 9, "beam")
    assert means.grasps.shape == (2, 4, 4)
    assert (means.log_density.diff(dim=1) <= 0).all()
    torch.testing.assert_close(planner(reliefs), means.grasps[:, 0])


def test_buckets_hold_what_they_decode() -> None:
    buckets = Buckets([-1.0, 0, 0, -math.pi / 2], [1.0, 2, 3, math.pi / 2], [4, 5, 6, 7])
    numbers = torch.tensor(list(itertools.product(range(4), range(5), range(6), range(7))))
    torch.testing.assert_close(buckets.encode(buckets.decode(numbers)), numbers)
    torch.testing.assert_close(buckets.encode(buckets.decode(numbers, 0.98)), numbers)
    outside = torch.tensor([[5.0, -1, 9, 0]])
    assert buckets.encode(outside).tolist() == [[3, 0, 5, 3]]
    assert not buckets.inside(outside).any()


def test_a_hand_with_its_fingers_swapped_is_the_same() -> None:
    """By rotation matrices: half a turn about the hand's own axis."""

    def rotation(grasp: torch.Tensor) -> np.ndarray:
        yaw, pitch, roll = grasp[3:].double().tolist()
        c, s = np.cos, np.sin
        z = np.array([[c(yaw), -s(yaw), 0], [s(yaw), c(yaw), 0], [0, 0, 1]])
        y = np.array([[c(pitch), 0, s(pitch)], [0, 1, 0], [-s(pitch), 0, c(pitch)]])
        x = np.array([[1, 0, 0], [0, c(roll), -s(roll)], [0, s(roll), c(roll)]])
        return np.asarray(z @ y @ x)

    half = np.diag([-1.0, -1, 1])
    for yaw in (-7.0, -2.0, 0.3, 1.5, 1.7, 4.6, 9.9):
        grasp = torch.tensor([0.1, 0.2, 0.3, yaw, 0.4, -0.5])
        found = canonical(grasp)
        assert -math.pi / 2 <= found[3] <= math.pi / 2
        before, after = rotation(grasp), rotation(found)
        assert min(abs(after - before).max(), abs(after - before @ half).max()) < 1e-5
