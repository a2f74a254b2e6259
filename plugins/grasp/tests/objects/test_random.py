"""Invented objects: the same for a seed, connected, and of sizes that a hand can hold."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from framework_grasp import random_solid
from framework_grasp.trials.hand import model_of
from framework_grasp.trials.physics import PHYSICS


def distance(model, data, first, second):
    return mujoco.mj_geomDistance(model, data, first, second, 1.0, None)


@pytest.mark.parametrize("seed", range(12))
def test_each_part_touches_an_earlier_one(seed):
    """As MuJoCo measures the distances."""
    solid = random_solid(seed, parts=(4, 9))
    model = model_of(solid, 0.5, PHYSICS["coarse"])
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    geoms = np.flatnonzero(model.geom_bodyid == model.body("object").id)
    assert 4 <= len(geoms) == len(solid.parts) <= 9
    for number, geom in enumerate(geoms[1:], 1):
        assert min(distance(model, data, geom, earlier) for earlier in geoms[:number]) < 1e-6


def test_a_seed_makes_one_object_and_seeds_are_many():
    assert random_solid(2**62 + 5) == random_solid(2**62 + 5)
    names = {random_solid(seed).name for seed in range(50)}
    assert len(names) == 50
    assert len({random_solid(seed).mass for seed in range(50)}) == 50


def test_sizes_masses_and_numbers_of_parts():
    solids = [random_solid(seed) for seed in range(300)]
    counts = [len(solid.parts) for solid in solids]
    assert min(counts) == 1 and max(counts) == 15
    extents = np.array([solid.extent for solid in solids])
    assert extents[:, 0].max() <= 0.095 and extents[:, 2].max() <= 0.25
    assert 0.03 < np.median(extents[:, 0]) < 0.07
    masses = [solid.mass for solid in solids]
    assert min(masses) >= 0.012 and max(masses) <= 0.5
    assert {part.kind for solid in solids for part in solid.parts} == {
        "box",
        "cylinder",
        "sphere",
        "capsule",
        "hull",
    }


def test_parts_of_ones_own():
    wedge = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 3.0], [1, 0, 3]])
    solids = [random_solid(seed, own=[wedge]) for seed in range(20)]
    assert any(len(part.corners) == 5 for solid in solids for part in solid.parts)
    assert solids[0].name == "own/0" and random_solid(0, parts=(1, 2)).name == "random_1_2/0"


def test_mass_and_inertia_are_what_the_model_has():
    solid = random_solid(3)
    model = model_of(solid, 0.5, PHYSICS["fine"])
    body = model.body("object")
    assert body.mass == pytest.approx(solid.mass)
    plain = model_of(type(solid)(solid.name, solid.parts, solid.mass), 0.5, PHYSICS["fine"])
    np.testing.assert_allclose(body.inertia, solid.inertia * plain.body("object").inertia)
    larger = model_of(solid.scaled(2), 0.5, PHYSICS["fine"]).body("object")
    np.testing.assert_allclose(larger.mass, 8 * solid.mass)
    np.testing.assert_allclose(larger.inertia, 32 * body.inertia, rtol=1e-6)
