"""Scenes are made once, the same however they are made, and survive a kill."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from framework.errors import UserError
from framework.shards import Shards
from framework.testing.producer import check_producer
from framework_grasp import load, random_solid, try_grasps
from framework_grasp.config import HouseholdConfig, MeshesConfig, RandomObjectsConfig
from framework_grasp.producers import RandomObjects, make_household, make_meshes
from framework_grasp.proposals import PROPOSALS

SMALL = {"scenes": 4, "per_shard": 2, "grasps": 4, "threads": 1}


def made(producer, folder):
    producer.produce(folder, lambda progress: None)
    return load(folder).with_format("numpy")


def test_household_is_a_producer():
    check_producer({"use": "grasp/household", "scale": 0.9, **SMALL})


def test_everything_randomised_and_six_dimensional():
    errors = {"position_error": 0.002, "turn_error": 0.05, "mass": [0.5, 1.5]}
    seen = {"views": 2, "camera_tilt": 0.05, "depth_noise": 0.001, "missing": 0.1}
    check_producer({"use": "grasp/random_objects", "dims": 6, **SMALL, **errors, **seen})


def test_what_is_recorded_can_be_tried_again(tmp_path):
    config = RandomObjectsConfig(**SMALL, friction=(0.5, 0.5), precision="coarse")
    folder = tmp_path / "made"
    RandomObjects(config).produce(folder, lambda progress: None)
    for row in load(folder):
        solid = random_solid(int(row["object"].removeprefix("random/")))
        assert row["mass"] == pytest.approx(solid.mass)
        grasps = np.array(row["grasps"])
        outcomes = try_grasps(solid, row["pose"], grasps, friction=0.5, precision="coarse")
        # They are kept as float32.
        assert (outcomes.success == np.array(row["success"])).mean() >= 0.75
        assert np.array_equal(np.array(row["success"]), np.array(row["failure"]) == 0)


def test_threads_change_nothing_and_objects_are_as_many_as_asked_for(tmp_path):
    one, two = (
        made(RandomObjects(RandomObjectsConfig(**SMALL | {"threads": n}, objects=2)), tmp_path / str(n))
        for n in (1, 2)
    )
    for column in one.column_names:
        np.testing.assert_array_equal(one[column], two[column])
    names = one["object"][:]
    assert names[0] == names[2] and names[1] == names[3] and names[0] != names[1]
    assert not np.array_equal(one[0]["pose"], one[2]["pose"])


def test_killed_it_loses_the_shard_in_flight_at_most(tmp_path):
    settings = {**SMALL, "scenes": 40, "per_shard": 1}
    program = (
        "from pathlib import Path\n"
        "from framework_grasp.config import RandomObjectsConfig as Config\n"
        "from framework_grasp.producers import RandomObjects\n"
        f"RandomObjects(Config(**{settings})).produce(Path({str(tmp_path)!r}), lambda progress: None)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program]) as process:
        while len(Shards(tmp_path).finished()) < 3:
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    before = Shards(tmp_path).finished()
    times = {name: (tmp_path / name).stat().st_mtime_ns for name in before}
    assert 3 <= len(before) < 40 and not Shards(tmp_path).damaged()
    scenes = len(before) + 2
    config = RandomObjectsConfig(**{**settings, "scenes": scenes})
    # The number of scenes does not change those that are there.
    assert len(made(RandomObjects(config), tmp_path)) == scenes
    assert {name: (tmp_path / name).stat().st_mtime_ns for name in before} == times


def test_a_planner_proposes_too(tmp_path, monkeypatch):
    class Planner:
        class sight:
            views, dimensions = 1, 4

        def propose(self, seen, count, how, generator):
            assert seen.shape == (1, 1, 128, 128) and seen.dtype == torch.float32 and how == "sample"
            grasps = torch.rand((1, count, 4), generator=generator) * 0.01
            return type("Proposals", (), {"grasps": grasps})

    loaded = type("Grasper", (), {"planner": Planner()})
    monkeypatch.setattr("framework_grasp.planning.grasper.load", lambda path: loaded)
    settings = {**SMALL, "grasps": 8, "antipodal": 0.25, "planner": tmp_path / "its.ckpt", "proposed": 0.5}
    table = made(RandomObjects(RandomObjectsConfig(**settings)), tmp_path / "made")
    counts = [np.bincount(row, minlength=3).tolist() for row in table["proposal"][:]]
    assert PROPOSALS[:3] == ("uniform", "antipodal", "planner") and all(row[2] == 4 for row in counts)
    again = made(RandomObjects(RandomObjectsConfig(**settings)), tmp_path / "again")
    assert np.array_equal(table["grasps"][:], again["grasps"][:])
    with pytest.raises(UserError, match="sees 1 views and plans 4 dimensions; here there are 3 and 6"):
        RandomObjects(RandomObjectsConfig(**settings, views=3, dims=6))


def test_large_objects_and_near_grasps(tmp_path):
    settings = {**SMALL, "grasps": 12, "antipodal": 0.25, "near": 0.5}
    natural, hard = (
        made(RandomObjects(RandomObjectsConfig(**settings, hard=share)), tmp_path / str(share))
        for share in (0.0, 1.0)
    )
    assert (natural["scale"][:] == 1).all() and (hard["scale"][:] > 1.02).any()
    assert np.array_equal(natural["object"][:], hard["object"][:]) and (hard["mass"][:] <= 0.5001).all()
    near = PROPOSALS.index("near")
    assert max((row == near).sum() for row in natural["proposal"][:]) == 6


def test_meshes_and_objects_from_their_parts(tmp_path, monkeypatch):
    trimesh = pytest.importorskip("trimesh")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    trimesh.creation.box((40, 50, 90)).export(tmp_path / "box.stl")
    settings = {**SMALL, "scenes": 2}
    table = made(
        make_meshes(MeshesConfig(path=tmp_path / "box.stl", unit="mm", scale=0.5, **settings)),
        tmp_path / "meshes",
    )
    assert set(table["object"][:]) == {"box"} and table["scale"][0] == 0.5
    trimesh.creation.box((0.04, 0.05, 0.09)).export(tmp_path / "own.stl")
    own = made(RandomObjects(RandomObjectsConfig(own=tmp_path / "own.stl", **settings)), tmp_path / "own")
    assert all(name.startswith("own/") for name in own["object"][:])


def test_folders_that_are_not_whole_or_not_ours(tmp_path):
    with pytest.raises(UserError, match="there are no grasps in"):
        load(tmp_path)
    made(make_household(HouseholdConfig(**SMALL)), tmp_path)
    (tmp_path / "00001.arrow").unlink()
    with pytest.raises(UserError, match=r"is not whole: 00001.arrow is gone or cut"):
        load(tmp_path)
    made(make_household(HouseholdConfig(**SMALL | {"scenes": 2})), tmp_path / "a")
    made(make_household(HouseholdConfig(**SMALL | {"grasps": 5, "scenes": 2})), tmp_path / "b")
    (tmp_path / "b/00000.arrow").rename(tmp_path / "a/00007.arrow")
    with pytest.raises(UserError, match=r"00007.arrow has other columns than 00000.arrow"):
        load(tmp_path / "a")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"friction": (0.9, 0.4)}, "wrong way round; give \\[0.4, 0.9\\]"),
        ({"parts": (5, 2)}, "parts: .* wrong way round"),
        ({"antipodal": 0.9, "planner": "x.ckpt"}, "antipodal 0.9, near 0, proposed 0.25 are together 1.15"),
        ({"antipodal": 0.7, "near": 0.5}, "so over 1"),
        ({"mass": (1.0, float("inf"))}, "has no end"),
    ],
)
def test_wrong_parameters(wrong, message):
    with pytest.raises(ValueError, match=message):
        RandomObjectsConfig(**wrong)
