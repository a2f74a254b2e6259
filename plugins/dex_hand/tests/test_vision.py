"""Pictures, the data set that they are, the network that reads them, and its errors."""

from __future__ import annotations

import copy
import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from datasets import DatasetDict
from PIL import Image

import framework.sim.render
from framework.errors import UserError
from framework.shards import Shards
from framework.sim.engine import mujoco
from framework.sim.render import Renderer
from framework.sim.rotations import turn
from framework.testing import check_algorithm, check_environment
from framework.testing.sections import build
from framework_dex_hand.config import ReorientConfig
from framework_dex_hand.env import ReorientEnv
from framework_dex_hand.hand import ORIGIN
from framework_dex_hand.model import PLACE, resting
from framework_dex_hand.model import build as build_model
from framework_dex_hand.vision.config import PoseCNNConfig, PoseErrorConfig, PosesConfig, RendersConfig
from framework_dex_hand.vision.errors import PoseError
from framework_dex_hand.vision.looks import CAMERAS, LOOKAT, Looks, prepared
from framework_dex_hand.vision.network import PoseCNN
from framework_dex_hand.vision.poses import make_poses
from framework_dex_hand.vision.renders import FEATURES, VIEWS, Renders

HAND = {"use": "dex_hand/reorient", "goal": "full", "num_envs": 2, "threads": 1, "starts": 4}
SIZE = 96


@pytest.fixture(scope="module")
def renderer():
    model = prepared(copy.deepcopy(build_model("block", 0.008)))
    try:
        made = Renderer(model, (SIZE, SIZE), CAMERAS[0])
    except UserError as error:
        pytest.skip(str(error))
    state = resting("block", "full", 0.008, 4)[1]
    mujoco.mj_setState(model, made.data, state, mujoco.mjtState.mjSTATE_INTEGRATION)
    mujoco.mj_forward(model, made.data)
    yield made
    made.close()


@pytest.fixture(scope="module")
def looks(renderer):
    return Looks(renderer, (), 1.0)


def written(folder: Path, count=12, size=16, column="position") -> Path:
    """A data set without OpenGL: the brighter a picture, the farther the block."""
    random = np.random.default_rng(0)
    for number in range(2):
        rows = []
        for _ in range(count // 2):
            bright = int(random.integers(256))
            file = io.BytesIO()
            Image.new("RGB", (size, size), (bright, 0, 255 - bright)).save(file, "png")
            row = {name: {"bytes": file.getvalue(), "path": None} for name in VIEWS}
            rows.append(
                {**row, "position": [bright / 5000, 0, 0], "rotation": turn(np.ones(1), np.eye(3)[2:])[0]}
            )
        name = f"{number:05d}.parquet"
        table = pa.Table.from_pylist(rows, schema=FEATURES.arrow_schema)
        with Shards(folder).write(name, rows=len(rows)) as path:
            if column != "position":
                table = table.rename_columns([*VIEWS, column, "rotation"])
            pq.write_table(table, path)
    return folder


@pytest.mark.usefixtures("renderer")
def test_pictures_are_made_once_and_the_same_after_a_stop():
    check_environment(
        {"use": "dex_hand/renders", "environment": HAND, "frames": 5, "per_shard": 2, "size": 16}
    )


@pytest.mark.usefixtures("renderer")
def test_what_is_written_is_what_is_drawn(tmp_path):
    environment = ReorientEnv(ReorientConfig(goal="full", num_envs=2, threads=1, starts=4))
    config = RendersConfig(environment=environment, frames=4, per_shard=4, size=32, randomise=())
    Renders(config).produce(tmp_path, lambda progress: None)
    rows = make_poses(PosesConfig(path=tmp_path, held_out=1))["test"]
    model = prepared(copy.deepcopy(environment.batch.model))
    again = Renderer(model, (32, 32), CAMERAS[0])
    # What was simulated last is in the last rows still.
    qpos = environment.batch.bind("qpos")
    for row, of in zip(list(rows)[2:], qpos, strict=True):
        np.testing.assert_allclose(row["position"], of[PLACE] - ORIGIN, atol=1e-6)
        again.data.qpos[:] = of
        mujoco.mj_forward(model, again.data)
        np.testing.assert_array_equal([np.asarray(row[name]) for name in VIEWS], again.views(CAMERAS))
    again.close()


def test_cameras_see_the_object_where_it_is(renderer, looks):
    looks.what = ("camera",)
    cameras = looks.draw(np.random.default_rng(0))
    shown = renderer.views(cameras).astype(int)
    renderer.model.mat("material:object").rgba[3] = 0
    changed = np.abs(renderer.views(cameras) - shown).sum(axis=-1) > 30
    renderer.model.mat("material:object").rgba[3] = 1
    focal = SIZE / 2 / np.tan(np.radians(renderer.model.vis.global_.fovy) / 2)
    for camera, where in zip(cameras, changed, strict=True):
        azimuth, elevation = np.radians([camera.azimuth, camera.elevation])
        level = np.array([np.cos(azimuth), np.sin(azimuth), 0])
        ahead = np.cos(elevation) * level + np.sin(elevation) * np.array([0, 0, 1])
        right = np.cross(ahead, [0, 0, 1]) / np.cos(elevation)
        seen = renderer.data.qpos[PLACE] - (np.array(camera.lookat) - camera.distance * ahead)
        column = SIZE / 2 + focal * seen @ right / (seen @ ahead)
        row = SIZE / 2 - focal * seen @ np.cross(right, ahead) / (seen @ ahead)
        # Fingers hide a part of it.
        assert np.hypot(*(np.argwhere(where).mean(axis=0) - [row, column])) < 8


@pytest.mark.parametrize("what", ["camera", "light", "colour", "texture"])
def test_each_part_of_a_look_differs_alone(renderer, looks, what):
    def seen(kinds, seed):
        looks.what = kinds
        cameras = looks.draw(np.random.default_rng(seed))
        return cameras, renderer.views(cameras)

    plain = seen((), 0)
    for seed in (0, 1):
        np.testing.assert_array_equal(seen((), seed)[1], plain[1])
    one, other = seen((what,), 1), seen((what,), 2)
    assert (one[1] != other[1]).any()
    np.testing.assert_array_equal(seen((what,), 1)[1], one[1])
    if what == "camera":  # the same whatever else is drawn
        assert seen(("camera", "light", "colour", "texture"), 1)[0] == one[0]
        assert all(
            np.abs(np.subtract(a.lookat, b.lookat)).max() <= LOOKAT
            for a, b in zip(one[0], CAMERAS, strict=True)
        )
    else:
        assert one[0] == CAMERAS


def test_without_opengl_packages_are_named_and_nothing_is_written(monkeypatch, tmp_path):
    def nothing(backend):
        raise OSError("no library called EGL")

    monkeypatch.setattr(framework.sim.render, "_context_class", nothing)
    renders = build("environment", {"use": "dex_hand/renders", "environment": HAND}, seed=0)
    with pytest.raises(UserError, match="apt-get install libegl1 libgl1-mesa-dri"):
        renders.produce(tmp_path, lambda progress: None)
    assert not Shards(tmp_path).finished()


def test_a_resumed_training_is_an_uninterrupted_one(tmp_path):
    check_algorithm(
        {"use": "dex_hand/pose", "steps": 6, "batch_size": 5},
        environment={"use": "dex_hand/poses", "path": str(written(tmp_path))},
        model={"use": "dex_hand/pose_cnn", "channels": [8, 8], "units": 8},
    )


def test_the_network_learns_where_the_object_is(tmp_path, framework_fit):
    torch.manual_seed(0)
    data = make_poses(PosesConfig(path=written(tmp_path, 64), held_out=0.25))
    assert {split: len(rows) for split, rows in data.items()} == {"train": 48, "test": 16}
    model = PoseCNN(PoseCNNConfig(channels=(8, 16), units=32))
    section = {"use": "dex_hand/pose", "steps": 150, "batch_size": 16, "lr": 3e-3, "warmup_steps": 10}
    algorithm = build("algorithm", section, data, model)
    before = PoseError(PoseErrorConfig())(algorithm, data).metrics
    framework_fit(algorithm)
    after = PoseError(PoseErrorConfig(batch_size=5))(algorithm, data).metrics
    assert before["degrees"] > 20
    assert after["degrees"] < 3
    assert after["mm"] < 0.25 * before["mm"]


class Off(PoseCNN):
    """Beside the truth by 3 mm, and by 10 degrees."""

    def forward(self, pictures):
        bright = pictures[:, 0, 0, 0, 0].float() / 5000
        position = torch.stack([bright + 0.003, 0 * bright, 0 * bright], dim=1)
        angle = torch.tensor(1.0 + np.radians(10))
        c, s = angle.cos(), angle.sin()
        matrix = torch.tensor([[c, -s, 0], [s, c, 0], [0, 0, 1]])
        return position, matrix.expand(len(pictures), 3, 3)


def test_errors_are_in_millimetres_and_degrees(tmp_path):
    data = make_poses(PosesConfig(path=written(tmp_path), held_out=1))
    assert list(data) == ["test"]
    metrics = PoseError(PoseErrorConfig())(Off(PoseCNNConfig(channels=(4,))), data).metrics
    assert [metrics[name] for name in ("mm", "mm_median")] == pytest.approx([3, 3], abs=1e-3)
    assert [metrics[name] for name in ("degrees", "degrees_median")] == pytest.approx([10, 10], abs=1e-3)


def test_rotations_are_rotations():
    torch.manual_seed(0)
    model = PoseCNN(PoseCNNConfig(channels=(4, 4), units=8))
    _, turned = model(torch.randint(256, (5, 3, 3, 24, 40), dtype=torch.uint8))
    torch.testing.assert_close(turned @ turned.mT, torch.eye(3).expand(5, 3, 3), atol=1e-5, rtol=0)
    torch.testing.assert_close(turned.det(), torch.ones(5))


def test_what_are_no_pictures_is_refused(tmp_path):
    with pytest.raises(UserError, match="there are no pictures at"):
        make_poses(PosesConfig(path=tmp_path / "nowhere"))
    with pytest.raises(UserError, match="there are no pictures in"):
        make_poses(PosesConfig(path=tmp_path))
    other = written(tmp_path / "other", column="place")
    with pytest.raises(UserError, match=r"00000\.parquet has columns .*place"):
        make_poses(PosesConfig(path=other))
    good = written(tmp_path / "good")
    (good / "00000.parquet").unlink()
    with pytest.raises(UserError, match=r"is not whole: 00000\.parquet"):
        make_poses(PosesConfig(path=good))
    with pytest.raises(UserError, match="draws dex_hand/reorient, not a DatasetDict"):
        Renders(RendersConfig(environment=DatasetDict()))
    with pytest.raises(UserError, match="have a split 'train'"):
        data = make_poses(PosesConfig(path=written(tmp_path / "held"), held_out=1))
        build("algorithm", {"use": "dex_hand/pose"}, data, PoseCNN(PoseCNNConfig(channels=(4,))))
    with pytest.raises(UserError, match="dex_hand/pose_error judges dex_hand/pose_cnn"):
        PoseError(PoseErrorConfig())(object(), data)


def test_two_processes_make_the_update_of_one_with_twice_the_batch(tmp_path, monkeypatch):
    path = str(written(tmp_path))

    def gradients(world, rank):
        environment = build("environment", {"use": "dex_hand/poses", "path": path}, seed=0)
        torch.manual_seed(0)
        model = build(
            "model",
            {"use": "dex_hand/pose_cnn", "channels": [8, 8], "units": 8, "precision": "float32"},
            environment,
        )
        section = {"use": "dex_hand/pose", "steps": 6, "batch_size": 8 // world}
        algorithm = build("algorithm", section, environment, model, seed=0)
        for key, value in {"world_size": world, "global_rank": rank}.items():
            monkeypatch.setattr(type(algorithm), key, value)
        algorithm.manual_backward = lambda loss: loss.backward()
        algorithm.accumulate()
        return [p.grad for p in model.parameters() if p.grad is not None]

    shares = zip(gradients(2, 0), gradients(2, 1), strict=True)
    for whole, (one, other) in zip(gradients(1, 0), shares, strict=True):
        torch.testing.assert_close((one + other) / 2, whole, rtol=1e-4, atol=1e-4)
