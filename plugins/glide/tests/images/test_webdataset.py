"""WebDataset's tar files, beside the library that wrote the format."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from framework.errors import UserError
from framework_glide.images.captioned_images import make_images
from framework_glide.images.config import ImagesConfig
from framework_glide.images.tables import pixels
from framework_glide.training.batch import supply_of


def png(i: int) -> bytes:
    image = Image.fromarray(np.random.default_rng(i).integers(0, 256, (12, 12, 3), np.uint8))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def write(file: Path, members: dict[str, bytes], mode: str = "w") -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(file, mode) as opened:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            opened.addfile(info, io.BytesIO(content))


def shard(numbers: range, as_json: bool = False) -> dict[str, bytes]:
    members = {}
    for i in numbers:
        words = f"picture {i}"
        members[f"part/{i:05}.png"] = png(i)
        ending, content = ("json", json.dumps({"caption": words})) if as_json else ("txt", words + "\n")
        members[f"part/{i:05}.{ending}"] = content.encode()
    return members


def make(path: Path, **given: Any) -> Any:
    return make_images(ImagesConfig(path=path, **{"size": 12, "validation": 0} | given))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "tars" / "a-0000.tar", shard(range(300)))
    write(tmp_path / "tars" / "a-0001.tar", shard(range(300, 320), as_json=True))
    return tmp_path / "tars"


def test_pictures_and_captions_of_all_shards(folder: Path) -> None:
    train = make(folder)["train"]
    assert list(train["caption"]) == [f"picture {i}" for i in range(320)]
    expected = np.asarray(Image.open(io.BytesIO(png(310))))
    np.testing.assert_array_equal(pixels(train, [310])[0], expected)
    assert len(make(folder / "a-0001.tar", limit=7)["train"]) == 7


def test_a_stream_is_resumed_where_it_was(folder: Path) -> None:
    supply = supply_of(make(folder, streaming=True)["train"], 50, seed=1)
    supply.take(290)
    state = supply.state_dict()
    there = [row["caption"] for row in supply.take(60)]
    again = supply_of(make(folder, streaming=True)["train"], 50, seed=1)
    again.load_state_dict(state)
    assert [row["caption"] for row in again.take(60)] == there


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # it leaves files open
def test_the_library_webdataset_reads_the_same(folder: Path) -> None:
    webdataset = pytest.importorskip("webdataset")
    files = [str(file) for file in sorted(folder.iterdir())]
    theirs = [
        sample["txt"].decode().strip() if "txt" in sample else json.loads(sample["json"])["caption"]
        for sample in webdataset.WebDataset(files, shardshuffle=False)
    ]
    assert list(make(folder)["train"]["caption"]) == theirs


def test_what_cannot_be_used_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    members = shard(range(3))
    members |= {"lonely.txt": b"no picture", "mute.png": png(7), "odd.png": png(8), "odd.json": b"[1"}
    members |= {"broken.png": png(9)[:40], "broken.txt": b"half a picture", "README": b"no ending"}
    write(tmp_path / "a.tar", members)
    with caplog.at_level("WARNING", "framework"):
        assert len(make(tmp_path / "a.tar")["train"]) == 3
    said = caplog.text
    for name, reason in (
        ("lonely", "no picture"),
        ("mute", "no caption"),
        ("odd", "no caption"),
        ("broken", ""),
    ):
        assert f"a.tar:{name}: {reason}" in said


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "cannot be read as tar"), (b"x" * 2000, "cannot be read as tar"), (None, "holds no pictures")],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes | None, said: str) -> None:
    file = tmp_path / "a.tar"
    if content is None:
        write(file, {"a.txt": b"words"})
    else:
        file.write_bytes(content)
    with pytest.raises(UserError, match=said):
        make(file)
