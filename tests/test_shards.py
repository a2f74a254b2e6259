"""Shards are whole or not there, whenever their producer is killed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from framework.errors import UserError
from framework.shards import MANIFEST, Shard, Shards


def write(shards: Shards, name: str, data: bytes = b"data", **facts: int) -> None:
    with shards.write(name, **facts) as path:
        path.write_bytes(data)


def test_what_is_written_is_listed(tmp_path: Path) -> None:
    shards = Shards(tmp_path / "new" / "folder")
    assert shards.finished() == {}
    write(shards, "b.bin", b"12345", rows=5)
    write(shards, "a.bin", b"1", rows=1)
    digest = hashlib.sha256(b"12345").hexdigest()
    assert Shards(shards.folder).finished()["b.bin"] == Shard("b.bin", 5, digest, {"rows": 5})
    assert list(shards.finished()) == ["b.bin", "a.bin"]
    assert shards.damaged() == shards.missing() == []


def test_a_shard_that_fails_is_not_there(tmp_path: Path) -> None:
    shards = Shards(tmp_path)
    with pytest.raises(KeyError), shards.write("a") as path:
        path.write_bytes(b"half")
        raise KeyError
    assert shards.finished() == {}
    write(shards, "a", b"whole")
    assert (tmp_path / "a").read_bytes() == b"whole"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", MANIFEST]


def test_a_shard_without_its_line_is_made_again(tmp_path: Path) -> None:
    """Killed between the renaming and the line."""
    (tmp_path / "a").write_bytes(b"renamed")
    shards = Shards(tmp_path)
    assert shards.finished() == {}
    write(shards, "a", b"again")
    assert shards.finished()["a"].bytes == 5


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_torn_line_costs_its_own_shard_alone(tmp_path: Path, cut: int) -> None:
    shards = Shards(tmp_path)
    write(shards, "a")
    whole = shards.manifest.read_bytes()
    write(shards, "b")
    shards.manifest.write_bytes(whole + shards.manifest.read_bytes()[len(whole) :][:cut])
    assert list(shards.finished()) == ["a"]
    write(shards, "b")
    write(shards, "c")
    assert list(shards.finished()) == ["a", "b", "c"]


def test_files_that_are_gone_cut_or_altered(tmp_path: Path) -> None:
    shards = Shards(tmp_path)
    for name in ("a", "b", "c"):
        write(shards, name)
    (tmp_path / "a").unlink()
    (tmp_path / "b").write_bytes(b"cut")
    (tmp_path / "c").write_bytes(b"DATA")
    assert list(shards.finished()) == ["c"]
    assert shards.missing() == ["a", "b"]
    assert shards.damaged() == ["c"]


def test_merging_concatenates_manifests(tmp_path: Path) -> None:
    parts = [Shards(tmp_path / name) for name in ("one", "two")]
    write(parts[0], "a", b"a", rows=1)
    write(parts[1], "b", b"b", rows=2)
    write(parts[1], "a", b"a", rows=1)
    whole = Shards(tmp_path / "all")
    whole.merge(part.folder for part in parts)
    whole.merge(part.folder for part in parts)
    assert {name: shard.facts for name, shard in whole.finished().items()} == {
        "a": {"rows": 1},
        "b": {"rows": 2},
    }
    assert len(whole.manifest.read_bytes().splitlines()) == 2
    # By hand: files laid together, manifests concatenated.
    for part in parts:
        for name in part.finished():
            (tmp_path / name).write_bytes((part.folder / name).read_bytes())
    (tmp_path / MANIFEST).write_bytes(b"".join(part.manifest.read_bytes() for part in parts))
    assert Shards(tmp_path).finished() == whole.finished()
    write(parts[1], "a", b"another")
    with pytest.raises(UserError, match=r"the shard a of .*two is not the one in .*all"):
        whole.merge([parts[1].folder])


@pytest.mark.parametrize("name", ["", "a/b", "../a", MANIFEST, ".hidden"])
def test_names(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="cannot be a shard's name"), Shards(tmp_path).write(name):
        pass
