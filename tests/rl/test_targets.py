from __future__ import annotations

import pytest
import torch

from framework.rl.mlp import mlp
from framework.rl.targets import frozen_copy, polyak_update


@pytest.mark.parametrize("tau", [0.0, 0.25, 1.0])
def test_a_target_goes_its_share_of_the_way(tau):
    source = mlp(5, (16, 8), 3)
    target = frozen_copy(source)
    assert not any(parameter.requires_grad for parameter in target.parameters())
    with torch.no_grad():
        for parameter in source.parameters():
            parameter += 1
    polyak_update(list(target.parameters()), list(source.parameters()), tau)
    for slow, fast in zip(target.parameters(), source.parameters(), strict=True):
        torch.testing.assert_close(fast - slow, torch.full_like(fast, 1 - tau))
