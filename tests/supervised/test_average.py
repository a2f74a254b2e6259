from __future__ import annotations

import torch
from torch import nn

from framework.supervised.average import Averages, averaged_weights


def test_averages_follow_the_recurrence() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    averages = Averages(module, [0.5, 0.99])
    expected = [[p.detach().clone().double() for p in module.parameters()] for _ in range(2)]
    for n in range(1, 200):
        with torch.no_grad():
            for p in module.parameters():
                p.add_(torch.randn_like(p))
        averages.update(module)
        for mine, decay in zip(expected, (0.5, 0.99), strict=True):
            kept = min(decay, (1 + n) / (10 + n))
            for value, p in zip(mine, module.parameters(), strict=True):
                value.mul_(kept).add_(p.detach().double(), alpha=1 - kept)
    for mine, decay in zip(expected, (0.5, 0.99), strict=True):
        for value, average in zip(mine, averages.of(decay).parameters(), strict=True):
            torch.testing.assert_close(average.double(), value, rtol=1e-4, atol=1e-4)


def test_averages_are_not_trained_and_travel_in_the_state() -> None:
    module = nn.Linear(2, 2)
    averages = Averages(module, [0.9])
    averages.update(module)
    assert not any(p.requires_grad for p in averages.parameters())
    assert not averages.train().of(0.9).training
    again = Averages(nn.Linear(2, 2), [0.9])
    again.load_state_dict(averages.state_dict())
    assert torch.equal(again.of(0.9).weight, averages.of(0.9).weight)
    assert int(again.updates) == 1


def test_a_checkpoint_is_used_with_its_slowest_average() -> None:
    class Algorithm(nn.Module):
        def __init__(self, decays: list[float]) -> None:
            super().__init__()
            self.model = nn.Linear(2, 2)
            self.averages = Averages(self.model, decays)

    algorithm = Algorithm([0.5, 0.99, 0.9])
    for average in algorithm.averages.copies:
        nn.init.normal_(average.weight)
    found = averaged_weights(algorithm.state_dict(), "model.")
    assert found.keys() == algorithm.model.state_dict().keys()
    assert torch.equal(found["weight"], algorithm.averages.of(0.99).weight)
    plain = Algorithm([])
    assert torch.equal(averaged_weights(plain.state_dict(), "model.")["weight"], plain.model.weight)
