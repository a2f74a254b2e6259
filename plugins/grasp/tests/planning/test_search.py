"""Search and sampling against the whole table of a small distribution."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor

from framework_grasp.planning.search import beam, sample

COUNTS = (3, 4, 2)


class Table:
    """Any distribution over a small grid, as its conditionals."""

    def __init__(self, scenes: int, seed: int = 0) -> None:
        self.counts, self.scenes = COUNTS, scenes
        drawn = torch.rand((scenes, *COUNTS), generator=torch.Generator().manual_seed(seed)) ** 3
        self.joint = drawn / drawn.sum(dim=(1, 2, 3), keepdim=True)

    def log_probability(self, prefix: Tensor) -> Tensor:
        b, n, k = prefix.shape
        rest = tuple(range(k + 2, 4))
        marginal = self.joint.sum(dim=rest) if rest else self.joint
        given = marginal[(torch.arange(b)[:, None].expand(b, n), *prefix.unbind(-1))]
        return (given / given.sum(dim=-1, keepdim=True)).log()


def test_a_beam_as_wide_as_the_grid_finds_everything_best_first() -> None:
    table = Table(5)
    found = beam(table, 24)
    assert found.numbers.shape == (5, 24, 3)
    torch.testing.assert_close(found.log_probability.exp().sum(1), torch.ones(5))
    for scene in range(5):
        flat = table.joint[scene].flatten().sort(descending=True)
        torch.testing.assert_close(found.log_probability[scene], flat.values.log(), rtol=1e-4, atol=1e-5)
        best = torch.tensor(list(itertools.product(*map(range, COUNTS)))[int(flat.indices[0])])
        assert torch.equal(found.numbers[scene, 0], best)


def test_a_beam_of_one_is_greedy() -> None:
    table = Table(7)
    found = beam(table, 1)
    for scene in range(7):
        numbers: tuple[int, ...] = ()
        for k in range(3):
            rest = table.joint[(scene, *numbers)]
            numbers += (int(rest.flatten(1).sum(1).argmax() if k < 2 else rest.argmax()),)
        assert found.numbers[scene, 0].tolist() == list(numbers)
        torch.testing.assert_close(found.log_probability[scene, 0].exp(), table.joint[(scene, *numbers)])


def test_samples_are_as_frequent_as_they_are_probable() -> None:
    table = Table(2)
    drawn = sample(table, 20_000, torch.Generator().manual_seed(1))
    assert drawn.numbers.shape == (2, 20_000, 3)
    for scene in range(2):
        at = table.joint[scene][tuple(drawn.numbers[scene].T)]
        torch.testing.assert_close(drawn.log_probability[scene], at.log(), rtol=1e-4, atol=1e-5)
        counted = torch.zeros(COUNTS)
        counted.index_put_(tuple(drawn.numbers[scene].T), torch.ones(20_000), accumulate=True)
        deviation = (table.joint[scene] * (1 - table.joint[scene]) / 20_000).sqrt()
        assert ((counted / 20_000 - table.joint[scene]).abs() < 5 * deviation + 1e-4).all()


def test_what_cannot_be_is_not_drawn() -> None:
    table = Table(1)
    table.joint[0, 1] = 0
    table.joint /= table.joint.sum()
    assert not (sample(table, 5000, torch.Generator().manual_seed(0)).numbers[0, :, 0] == 1).any()
