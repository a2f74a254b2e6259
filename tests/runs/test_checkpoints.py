from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from framework.errors import UserError
from framework.runs.checkpoints import (
    CheckedCheckpointIO,
    CorruptCheckpointError,
    Part,
    checkpoints,
    load_checkpoint,
    newest_whole,
    part_file,
    training_file,
    write,
)


def value(step: int) -> dict[str, object]:
    return {"step": step, "weights": torch.full((100,), float(step)), "buffer": np.arange(1000) + step}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for step in (1, 2, 3):
        CheckedCheckpointIO().save_checkpoint(value(step), tmp_path / f"step-{step:09d}.ckpt")
    return tmp_path


def no_warning(message: str) -> None:
    pytest.fail(message)


def test_loads_what_was_saved(folder: Path) -> None:
    path = newest_whole(folder, no_warning)
    assert path is not None
    loaded = load_checkpoint(path)
    assert loaded["step"] == 3
    assert torch.equal(loaded["weights"], torch.full((100,), 3.0))
    np.testing.assert_array_equal(loaded["buffer"], np.arange(1000) + 3)


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty", "no digest", "digest of another"])
def test_a_damaged_checkpoint_gives_way_to_the_one_before(folder: Path, damage: str) -> None:
    path = folder / "step-000000003.ckpt"
    sha = folder / "step-000000003.ckpt.sha256"
    data = bytearray(path.read_bytes())
    if damage == "truncated":
        path.write_bytes(data[: len(data) // 2])
    elif damage == "flipped":
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "no digest":
        sha.unlink()
    else:
        sha.write_bytes((folder / "step-000000002.ckpt.sha256").read_bytes())
    with pytest.raises(CorruptCheckpointError, match="truncated or altered"):
        load_checkpoint(path)
    warnings: list[str] = []
    chosen = newest_whole(folder, warnings.append)
    assert chosen == folder / "step-000000002.ckpt"
    assert len(warnings) == 1 and str(path) in warnings[0]


@pytest.fixture
def with_buffer(tmp_path: Path) -> Path:
    for step in (1, 2):
        saved = {**value(step), "optimizer_states": [step], "apart": {"replay": torch.zeros(10_000)}}
        CheckedCheckpointIO().save_checkpoint(saved, tmp_path / f"step-{step:09d}.ckpt")
    return tmp_path


def test_what_only_training_needs_is_read_for_training_only(
    with_buffer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = with_buffer / "step-000000002.ckpt"
    assert path.stat().st_size < 20_000 < training_file(path).stat().st_size
    whole = load_checkpoint(path)
    assert whole["optimizer_states"] == [2] and len(whole["apart"]["replay"]) == 10_000
    monkeypatch.setattr("framework.runs.checkpoints.training_file", lambda path: pytest.fail("it is read"))
    assert set(load_checkpoint(path, training=False)) == set(value(2))


@pytest.mark.parametrize("damage", ["gone", "altered", "of another"])
def test_without_what_only_training_needs_a_checkpoint_still_evaluates(
    with_buffer: Path, damage: str
) -> None:
    path = with_buffer / "step-000000002.ckpt"
    before = training_file(with_buffer / "step-000000001.ckpt")
    if damage == "gone":
        training_file(path).unlink()
    else:
        data = training_file(path).read_bytes()
        training_file(path).write_bytes(before.read_bytes() if damage == "of another" else data[:-1])
    assert load_checkpoint(path, training=False)["step"] == 2
    with pytest.raises(CorruptCheckpointError):
        load_checkpoint(path)
    assert newest_whole(with_buffer, lambda message: None) == with_buffer / "step-000000001.ckpt"


def test_a_removed_checkpoint_leaves_nothing(with_buffer: Path) -> None:
    for path in checkpoints(with_buffer):
        CheckedCheckpointIO().remove_checkpoint(path)
    assert list(with_buffer.iterdir()) == []


def parts_of_two(folder: Path) -> list[Part]:
    paths = [folder / f".process-{process}" for process in (0, 1)]
    return [Part(path, write({"replay": process}, path)) for process, path in enumerate(paths)]


@pytest.fixture
def of_two(tmp_path: Path) -> Path:
    """A checkpoint of one process, then one of two."""
    single, double = (tmp_path / f"step-{step:09d}.ckpt" for step in (1, 2))
    CheckedCheckpointIO().save_checkpoint({**value(1), "loops": 1, "apart": [{"replay": 0}]}, single)
    CheckedCheckpointIO().save_checkpoint({**value(2), "loops": 2, "apart": parts_of_two(tmp_path)}, double)
    return double


def test_each_process_reads_its_own_part(of_two: Path) -> None:
    for process, apart in enumerate(([{"replay": 0}, None], [None, {"replay": 1}], [None, None])):
        loaded = load_checkpoint(of_two, process=process)
        assert (loaded["loops"], loaded["apart"]) == (2, apart)
    assert "apart" not in load_checkpoint(of_two, training=False)
    assert not list(of_two.parent.glob(".*"))


@pytest.mark.parametrize("process", [0, 1])
@pytest.mark.parametrize("damage", ["gone", "altered"])
def test_a_checkpoint_is_valid_with_all_parts_only(of_two: Path, process: int, damage: str) -> None:
    part = part_file(of_two, process)
    data = part.read_bytes()
    part.unlink()
    if damage == "altered":
        part.write_bytes(data[:-1])
    with pytest.raises(CorruptCheckpointError):
        load_checkpoint(of_two)
    assert newest_whole(of_two.parent, lambda message: None) == of_two.with_name("step-000000001.ckpt")
    assert load_checkpoint(of_two, training=False)["step"] == 2


def test_parts_are_removed_with_their_checkpoint(of_two: Path) -> None:
    CheckedCheckpointIO().remove_checkpoint(of_two)
    assert {path.name.split(".")[0] for path in of_two.parent.iterdir()} == {"step-000000001"}


def test_parts_of_a_checkpoint_that_cannot_be_written_are_removed(
    of_two: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, parts = sorted(of_two.parent.iterdir()), parts_of_two(of_two.parent)
    monkeypatch.setattr(torch, "save", lambda *_: pytest.fail("the first process dies"))
    with pytest.raises(pytest.fail.Exception):
        CheckedCheckpointIO().save_checkpoint({"apart": parts}, of_two.with_name("step-000000003.ckpt"))
    assert sorted(of_two.parent.iterdir()) == before


def test_none_is_whole(folder: Path) -> None:
    for path in checkpoints(folder):
        path.write_bytes(b"")
    warnings: list[str] = []
    assert newest_whole(folder, warnings.append) is None
    assert len(warnings) == 3


def test_a_checkpoint_is_on_the_disk_before_it_takes_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "new.ckpt"
    synced: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda _: synced.append(path.exists()))
    CheckedCheckpointIO().save_checkpoint({"state_dict": {}}, path)
    assert synced == [False] and path.exists()


def test_a_failed_write_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(checkpoint: object, file: object) -> None:
        file.write(b"half")  # type: ignore[attr-defined]
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    before = sorted(folder.iterdir())
    with pytest.raises(UserError, match="no space left") as caught:
        CheckedCheckpointIO().save_checkpoint(value(4), folder / "step-000000004.ckpt")
    assert "free some space" in str(caught.value)
    assert sorted(folder.iterdir()) == before


def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk needs privileges")
    try:
        small, large = {"x": torch.zeros(1000)}, {"x": torch.zeros(1_000_000)}
        CheckedCheckpointIO().save_checkpoint(small, disk / "step-000000001.ckpt")
        with pytest.raises(UserError, match="no space left"):
            CheckedCheckpointIO().save_checkpoint(large, disk / "step-000000002.ckpt")
        assert newest_whole(disk, no_warning) == disk / "step-000000001.ckpt"
        assert torch.equal(load_checkpoint(disk / "step-000000001.ckpt")["x"], small["x"])
    finally:
        subprocess.run(["umount", str(disk)], check=True)
