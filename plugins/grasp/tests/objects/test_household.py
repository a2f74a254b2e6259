"""Realistic objects come to rest and are of a size to be held."""

from __future__ import annotations

import numpy as np

from framework_grasp import Bench
from framework_grasp.objects.household import household


def test_each_rests_and_can_be_held_somehow():
    for solid in household():
        assert solid.extent[0] < 0.095, solid.name
        assert solid.extent[2] < 0.25, solid.name
        bench = Bench(solid, 4, 0.8, "coarse")
        random = np.random.default_rng(1)
        assert any(bench.rest(random) is not None for _ in range(3)), solid.name


def test_variants_differ_and_are_the_same_every_time():
    plain, more = household(), household(3)
    assert len(plain) >= 25 and len(more) == 3 * len(plain)
    assert len({solid.name for solid in more}) == len(more)
    assert more == household(3) and set(plain) <= set(more)
    assert not np.allclose(more[0].extent, more[1].extent)
