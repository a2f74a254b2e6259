"""A person's own demonstrations: what is right is read, what is wrong is named."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from framework.errors import UserError
from framework.testing.point_goal import PointGoal
from framework_her.demonstrations.files import Demonstration, write
from framework_her.demonstrations.load import episodes_of, load, starts_of

SEEN = ("observation", "achieved_goal", "desired_goal")


def points(steps: int = 6, seed: int = 0) -> Demonstration:
    random = np.random.default_rng(seed)
    seen = random.uniform(-1, 1, (3, steps + 1, 2))
    return Demonstration(*seen, action=random.uniform(-1, 1, (steps, 2)), success=True)


def test_written_and_read(tmp_path):
    made = [points(6), points(4, seed=1)]
    write(tmp_path / "a.parquet", made, "")
    environment = PointGoal()
    found = load(tmp_path, environment)
    assert load(tmp_path / "a.parquet", environment)[0].success
    assert starts_of(found) is None
    for one, other in zip(made, found, strict=True):
        for name in (*SEEN, "action"):
            assert np.array_equal(getattr(one, name), getattr(other, name))
    first, _ = episodes_of(found, environment)
    assert first.steps["action"].shape == (7, 2) and not first.steps["action"][-1].any()
    distance = np.linalg.norm(made[0].achieved_goal[1:] - made[0].desired_goal[1:], axis=1)
    assert len(first) == 6 and set(np.unique(first.steps["reward"])) <= {-1, 0} and (distance > 0).all()


def test_lists_of_floats_as_other_libraries_write_them(tmp_path):
    one = points()
    table = {name: [getattr(one, name).astype(np.float32).tolist()] for name in (*SEEN, "action")}
    pq.write_table(pa.table(table), tmp_path / "own.parquet")
    (found,) = load(tmp_path, PointGoal())
    assert found.success is None and found.state is None
    np.testing.assert_allclose(found.observation, one.observation, atol=1e-6)


def spoilt(one: Demonstration, name: str, value: float) -> Demonstration:
    array = getattr(one, name).copy()
    array[3, 1] = value
    return replace(one, **{name: array})


WRONG = {
    "another task by its shape": (
        replace(points(), observation=np.zeros((7, 25))),
        r"a\.parquet, episode 1: observation has 25 numbers, PointGoal has 2\n  were they recorded in",
    ),
    "a row too few": (
        replace(points(), achieved_goal=np.zeros((6, 2))),
        "episode 1: achieved_goal has 6 rows; with 6 actions there have to be 7",
    ),
    "not a number": (
        spoilt(points(), "observation", np.nan),
        "episode 1: observation is not finite in step 3",
    ),
    "out of range": (
        spoilt(points(), "action", 1.5),
        r"episode 1: the action in step 3 is \[.*1\.5\], out of range\n  actions are from \[-1",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_episode_is_named(tmp_path, case):
    wrong, message = WRONG[case]
    columns = {name: [getattr(one, name).tolist() for one in (points(), wrong)] for name in (*SEEN, "action")}
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    with pytest.raises(UserError, match=message):
        load(tmp_path, PointGoal())


def test_a_wrong_file_is_named(tmp_path):
    environment = PointGoal()
    with pytest.raises(UserError, match=r"there are no demonstrations at .*nowhere"):
        load(tmp_path / "nowhere", environment)
    with pytest.raises(UserError, match=r"no demonstrations in .*: no \*\.parquet"):
        load(tmp_path, environment)
    file = tmp_path / "a.parquet"
    write(file, [points()], "FetchPush")
    with pytest.raises(UserError, match=r"a\.parquet holds demonstrations of FetchPush, not of PointGoal"):
        load(file, environment)
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(UserError, match=r"a\.parquet is not a whole Parquet file"):
        load(file, environment)
    pq.write_table(pa.table({"observation": [[[0.0]]], "action": [[[0.0]]]}), file)
    with pytest.raises(
        UserError, match=r"a\.parquet has no column 'achieved_goal'; it has action, observation"
    ):
        load(file, environment)
    pq.write_table(pa.table({name: ["text"] for name in (*SEEN, "action")}), file)
    with pytest.raises(UserError, match="episode 0, observation: string is not a list of lists of numbers"):
        load(file, environment)
    pq.write_table(pa.table({name: [[[0.0, 1.0], [2.0]]] for name in (*SEEN, "action")}), file)
    with pytest.raises(UserError, match="episode 0, observation: its rows have different lengths"):
        load(file, environment)
    pq.write_table(
        pa.table({name: pa.array([], pa.list_(pa.list_(pa.float64()))) for name in (*SEEN, "action")}), file
    )
    with pytest.raises(UserError, match="there are no demonstrations in"):
        load(file, environment)


def test_minaris_data_sets(tmp_path, monkeypatch):
    minari = pytest.importorskip("minari")
    pytest.importorskip("h5py")
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    environment, made = PointGoal(), [points(), points(4, seed=1)]
    buffers = [
        minari.data_collector.EpisodeBuffer(
            observations={key: getattr(one, key) for key in SEEN},
            actions=one.action.astype(np.float32),
            rewards=np.zeros(len(one.action)),
            terminations=np.zeros(len(one.action), bool),
            truncations=np.arange(len(one.action)) == len(one.action) - 1,
            infos={"is_success": np.ones(len(one.action) + 1, bool)},
        )
        for one in made
    ]
    with warnings.catch_warnings(action="ignore"):  # of what its metadata lacks
        minari.create_dataset_from_buffers(
            "points/ours-v0",
            buffers,
            observation_space=environment.single_observation_space,
            action_space=environment.single_action_space,
        )
    folder = tmp_path / "points" / "ours-v0"
    found = load(folder, environment)
    assert [one.success for one in found] == [True, True]
    for one, other in zip(made, found, strict=True):
        assert np.array_equal(one.observation, other.observation)
        np.testing.assert_allclose(one.action, other.action, atol=1e-6)
    data = folder / "data" / "main_data.hdf5"
    data.write_bytes(data.read_bytes()[:2000])
    with pytest.raises(UserError, match="data cannot be read"):
        load(folder, environment)
