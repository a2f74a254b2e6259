from __future__ import annotations

import csv
import io
import json
import logging
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, Features, Value
from PIL import Image

from framework.errors import UserError
from framework.testing import check_environment
from framework_glide.images.captioned_images import make_images
from framework_glide.images.config import ImagesConfig
from framework_glide.images.tables import pixels

COLOURS = ["red", "green", "blue", "yellow"]
NUMBER = 40
CAPTIONS = {f"{i:02}.png": f"a {COLOURS[i % 4]} picture" for i in range(NUMBER)}


def picture(i: int, side: int = 12) -> Image.Image:
    image = Image.new("RGB", (side, side), COLOURS[i % 4])
    image.putpixel((i % side, i // side), (i, i, i))  # no two are the same
    return image


def make(path: Path, **given: Any) -> Any:
    return make_images(ImagesConfig(path=path, **{"size": 8, "validation": 0.25} | given))


def write_pictures(folder: Path) -> None:
    folder.mkdir(parents=True)
    for i, name in enumerate(CAPTIONS):
        picture(i).save(folder / name)


@pytest.fixture
def layouts(tmp_path: Path) -> dict[str, Path]:
    """The same pictures and captions in every layout."""
    made = {name: tmp_path / name for name in ("csv", "jsonl", "text", "classes", "struct", "bytes")}
    for name in ("csv", "jsonl", "text"):
        write_pictures(made[name])
    with (made["csv"] / "metadata.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file_name", "caption"), *CAPTIONS.items()])
    lines = [json.dumps({"file_name": name, "text": words}) for name, words in CAPTIONS.items()]
    (made["jsonl"] / "metadata.jsonl").write_text("\n".join(lines))
    for name, words in CAPTIONS.items():
        (made["text"] / name).with_suffix(".txt").write_text(f"{words}\n")
    for i, name in enumerate(CAPTIONS):
        folder = made["classes"] / f"a_{COLOURS[i % 4]}"
        folder.mkdir(parents=True, exist_ok=True)
        picture(i).save(folder / name)
    encoded = []
    for i in range(NUMBER):
        picture(i).save(buffer := io.BytesIO(), "PNG")
        encoded.append(buffer.getvalue())
    words = list(CAPTIONS.values())
    for name, images in (
        ("struct", [{"bytes": data, "path": None} for data in encoded]),
        ("bytes", encoded),
    ):
        made[name].mkdir()
        table = Dataset.from_dict({"image": images, "caption": words})
        table.select(range(25)).to_parquet(made[name] / "a.parquet", batch_size=10)
        table.select(range(25, NUMBER)).to_parquet(made[name] / "b.parquet")
    return made


@pytest.mark.parametrize("layout", ["csv", "jsonl", "text", "classes", "struct", "bytes"])
@pytest.mark.parametrize("streaming", [False, True])
def test_every_layout_gives_its_pictures_with_their_captions(
    layouts: dict[str, Path], layout: str, streaming: bool
) -> None:
    environment = make(layouts[layout], template="{} picture", streaming=streaming)
    seen = set()
    for split in ("train", "validation"):
        rows = list(environment[split])
        assert rows
        for row in rows:
            image = np.asarray(row["image"], np.uint8)
            assert image.shape == (8, 8, 3)
            colour = row["caption"].split()[1]
            exact = np.array(Image.new("RGB", (1, 1), colour))[0, 0]
            assert np.abs(image[-1, -1].astype(int) - exact).max() < 70
            assert environment[split].features["label"].names[row["label"]] == row["caption"]
            assert row["mentioned"] == ["label"]
            seen.add(image.tobytes())
    assert len(seen) == NUMBER


def test_the_environment_conforms(layouts: dict[str, Path]) -> None:
    check_environment({"use": "glide/captioned_images", "path": str(layouts["csv"]), "size": 8})


def test_splits_are_the_same_every_time_and_share_nothing(layouts: dict[str, Path]) -> None:
    kept, stream = (make(layouts["struct"], streaming=streaming) for streaming in (False, True))
    for split in ("train", "validation"):
        np.testing.assert_array_equal(
            pixels(kept[split]), np.stack([np.asarray(row["image"], np.uint8) for row in stream[split]])
        )
    train, validation = ({image.tobytes() for image in pixels(kept[s])} for s in ("train", "validation"))
    assert not train & validation
    assert set(make(layouts["struct"], validation=0)) == {"train"}


def test_validation_can_lie_elsewhere(layouts: dict[str, Path]) -> None:
    for streaming in (False, True):
        environment = make(
            layouts["struct"] / "a.parquet",
            validation_path=layouts["struct"] / "b.parquet",
            streaming=streaming,
        )
        assert len(list(environment["train"])) == 25
        assert len(environment["validation"]) == NUMBER - 25


def test_a_limit_takes_the_first_ones(layouts: dict[str, Path]) -> None:
    for layout in ("csv", "struct"):
        environment = make(layouts[layout], limit=30)
        assert len(environment["train"]) + len(environment["validation"]) == 30


@pytest.mark.parametrize("layout", ["csv", "struct"])
def test_a_stream_goes_on_where_it_was(layouts: dict[str, Path], layout: str) -> None:
    wanted = [row["image"].tobytes() for row in make(layouts[layout], streaming=True)["train"]]
    for count in (1, 7, len(wanted) - 1):
        stream = make(layouts[layout], streaming=True)["train"]
        stream.load_state_dict(stream.state_dict())
        before = [row["image"].tobytes() for row in islice(stream, count)]
        state = json.loads(json.dumps(stream.state_dict()))
        resumed = make(layouts[layout], streaming=True)["train"]
        resumed.load_state_dict(state)
        assert before + [row["image"].tobytes() for row in resumed] == wanted


def test_labels_of_parquet_are_worded(tmp_path: Path) -> None:
    features = Features(
        {
            "img": {"bytes": Value("binary"), "path": Value("string")},
            "label": ClassLabel(names=["red", "dark_green"]),
        }
    )
    picture(0).save(buffer := io.BytesIO(), "PNG")
    picture(1).save(tmp_path / "beside.png")
    images = [{"bytes": buffer.getvalue(), "path": None}, {"bytes": None, "path": "beside.png"}]
    rows = Dataset.from_dict({"img": images, "label": [0, 1]}, features=features)
    rows.to_parquet(tmp_path / "a.parquet")
    environment = make(tmp_path / "a.parquet", validation=0)
    assert list(environment["train"]["caption"]) == ["a photo of a red", "a photo of a dark green"]


@pytest.fixture
def troubled(tmp_path: Path) -> Path:
    folder = tmp_path / "troubled"
    write_pictures(folder)
    (folder / "00.png").write_bytes(b"")
    (folder / "01.png").write_bytes((folder / "02.png").read_bytes()[:60])
    (folder / "03.png").unlink()
    (folder / "04.png").write_text("no picture")
    Image.new("RGB", (300, 300)).save(folder / "05.png")
    picture(6).save(folder / "06.png", save_all=True, append_images=[picture(7)])
    picture(8).convert("CMYK").save(folder / "08.png", "JPEG")
    picture(99).save(folder / "unnamed.png")
    captions = {**CAPTIONS, "09.png": "  "}
    lines = [json.dumps({"file_name": name, "caption": words}) for name, words in captions.items()]
    lines += ["{", "[]", '{"caption": "a"}', '{"file_name": "10.png"}', lines[11], ""]
    (folder / "metadata.jsonl").write_text("\n".join(lines))
    return folder


def test_rows_that_lead_out_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    write_pictures(folder)
    picture(12).save(tmp_path / "outside.png")
    out = ["../outside.png", str(tmp_path / "outside.png"), "x/../../pictures/../outside.png"]
    rows = [*CAPTIONS.items(), *((name, "secret") for name in out)]
    lines = [json.dumps({"file_name": name, "caption": words}) for name, words in rows]
    (folder / "metadata.jsonl").write_text("\n".join(lines))
    with pytest.raises(UserError, match="3 pictures of") as caught:
        make(folder, bad_images="refuse")
    for number, name in enumerate(out, len(CAPTIONS) + 1):
        assert f"metadata.jsonl:{number} ({name}): leads out of the folder" in str(caught.value)
    made = make(folder, bad_images="skip")
    assert "secret" not in {row["caption"] for split in made.values() for row in split}


BAD = {
    "00.png": "empty",
    "01.png": "damaged",
    "03.png": "no such file",
    "04.png": "no picture",
    "05.png": "300 x 300 pixels",
    "06.png": "animated",
    "metadata.jsonl:10 (09.png)": "no caption",
    "metadata.jsonl:41": "no JSON",
    "metadata.jsonl:42": "no JSON object",
    "metadata.jsonl:43": "no file_name",
    "metadata.jsonl:44 (10.png)": "no caption",
    "11.png": "a second time",
    "unnamed.png": "no row in metadata.jsonl",
}


@pytest.mark.parametrize("streaming", [False, True])
def test_what_cannot_be_used_is_named_and_skipped(
    troubled: Path, streaming: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "framework"):
        environment = make(troubled, max_pixels=10_000, streaming=streaming)
        rows = [row for split in environment.values() for row in split]
    assert len(rows) == NUMBER - 7
    for name, reason in BAD.items():
        assert f"left out: {name}: {reason}" in caplog.text
    if not streaming:
        assert f"33 used, {len(BAD)} left out: " in caplog.text
        caplog.clear()
        with caplog.at_level(logging.WARNING, "framework"):
            make(troubled, max_pixels=10_000)  # from the cache
        assert f"33 used, {len(BAD)} left out: " in caplog.text
        named = Path(caplog.messages[0].rpartition(" named in ")[2]).read_text().splitlines()
        assert {json.loads(line)["name"] for line in named} == set(BAD)


@pytest.mark.parametrize("streaming", [False, True])
def test_what_cannot_be_used_is_refused(troubled: Path, streaming: bool) -> None:
    for _ in range(2):  # what is in the cache is refused too
        with pytest.raises(UserError, match=f"{len(BAD)} pictures of") as caught:
            make(troubled, max_pixels=10_000, bad_images="refuse", streaming=streaming)
        for name, reason in BAD.items():
            assert f"{name}: {reason}" in str(caught.value)
        assert "bad_images: skip" in str(caught.value)
        make(troubled, max_pixels=10_000)


@pytest.mark.parametrize("streaming", [False, True])
def test_rows_of_parquet_that_cannot_be_used_are_named(
    tmp_path: Path, streaming: bool, caplog: pytest.LogCaptureFixture
) -> None:
    picture(0).save(buffer := io.BytesIO(), "PNG")
    good = buffer.getvalue()
    rows = [(good, "good"), (None, "none"), (b"", "empty"), (good[:50], "cut"), (good, None), (good, "")]
    images = [{"bytes": data, "path": f"{i}.png" if data else None} for i, (data, _) in enumerate(rows)]
    Dataset.from_dict({"image": images, "caption": [words for _, words in rows]}).to_parquet(
        tmp_path / "a.parquet"
    )
    environment = make(tmp_path / "a.parquet", validation=0, streaming=streaming)
    assert [row["caption"] for row in environment["train"]] == ["good"]
    for said in (
        ":1: no picture",
        ":2: empty",
        ":3 (3.png): damaged",
        ":4 (4.png): no caption",
        ":5 (5.png): no",
    ):
        assert f"a.parquet:0{said}" in caplog.text


def test_names_and_captions_may_be_latin_1(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    (folder / os.fsdecode(b"caf\xe9")).mkdir(parents=True)
    picture(0).save(folder / os.fsdecode(b"caf\xe9/1.png"))
    assert list(make(folder, validation=0)["train"]["caption"]) == ["a photo of a café"]
    folder = tmp_path / "described"
    folder.mkdir()
    picture(1).save(folder / os.fsdecode(b"caf\xe9.png"))
    (folder / "metadata.csv").write_bytes("file_name,caption\ncafé.png,grün\n".encode("latin-1"))
    assert list(make(folder, validation=0)["train"]["caption"]) == ["grün"]


def test_many_captions_are_no_labels(tmp_path: Path) -> None:
    picture(0).save(buffer := io.BytesIO(), "PNG")
    Dataset.from_dict(
        {"image": [buffer.getvalue()] * 1001, "caption": [f"number {i}" for i in range(1001)]}
    ).to_parquet(tmp_path / "a.parquet")
    environment = make(tmp_path / "a.parquet", validation=0)
    assert environment["train"].column_names == ["image", "caption"]
    assert len(environment["train"]) == 1001


def test_a_changed_folder_is_read_again(layouts: dict[str, Path]) -> None:
    assert len(make(layouts["classes"], validation=0)["train"]) == NUMBER
    picture(77).save(layouts["classes"] / "a_red" / "new.png")
    assert len(make(layouts["classes"], validation=0)["train"]) == NUMBER + 1
    assert len(make(layouts["classes"], validation=0, size=16)["train"]) == NUMBER + 1


SCRIPT = """
import sys
from pathlib import Path
from framework_glide.images import captioned_images
from framework_glide.images.config import ImagesConfig
if sys.argv[2] == "hold":
    decode = captioned_images.pictures
    def held(*arguments, **keywords):
        for number, picture in enumerate(decode(*arguments, **keywords)):
            if number == 2:
                print("decoded", flush=True)
                sys.stdin.read()
            yield picture
    captioned_images.pictures = held
environment = captioned_images.make_images(ImagesConfig(path=Path(sys.argv[1]), size=8, validation=0.25))
print(len(environment["train"]) + len(environment["validation"]))
"""


def test_processes_share_the_cache_and_a_killed_one_leaves_nothing_that_counts(
    layouts: dict[str, Path],
) -> None:
    def begin(how: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", SCRIPT, str(layouts["classes"]), how]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    killed = begin("hold")
    assert killed.stdout is not None
    assert killed.stdout.readline() == "decoded\n"
    killed.kill()
    killed.communicate()
    other = begin("go")
    environment = make_images(ImagesConfig(path=layouts["classes"], size=8, validation=0.25))
    assert len(environment["train"]) + len(environment["validation"]) == NUMBER
    out, error = other.communicate(timeout=300)
    assert (other.returncode, out) == (0, f"{NUMBER}\n"), error
    cache = Path(os.environ["XDG_CACHE_HOME"], "framework", "glide")
    assert len([entry for entry in cache.iterdir() if entry.is_dir()]) == 1


@pytest.mark.parametrize(
    ("content", "given", "said"),
    [
        ({}, {}, "holds no pictures"),
        (None, {}, "does not exist"),
        ({"a.png": b"no"}, {}, "have no captions"),
        ({"c/a.png": b"no"}, {}, "none of the pictures of .* can be used: 1 no picture"),
        ({"c/a.png": b"no"}, {"streaming": True}, "none of the pictures of .* can be used: 1 no picture"),
        ({"train/a.png": b"", "test/a.png": b""}, {}, "which are no classes\n.*give path: .*/train"),
        ({"a.parquet": b"PAR1"}, {}, "a.parquet cannot be read as parquet"),
        ({"metadata.csv": b"file_name,words\na.png,b\n"}, {}, "none of the columns caption, text.*\n.*words"),
        ({"metadata.csv": b"file_name,words\na.png,b\n"}, {"caption": "word"}, "did you mean 'words'"),
        ({"metadata.csv": b""}, {}, "it has no columns"),
        ({"metadata.jsonl": b"\n"}, {}, "it has no columns"),
    ],
)
def test_paths_that_cannot_be_used_say_why(
    tmp_path: Path, content: dict[str, bytes] | None, given: dict[str, Any], said: str
) -> None:
    folder = tmp_path / "own"
    if content is not None:
        folder.mkdir()
        for name, data in content.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(data)
    with pytest.raises(UserError, match=said):
        make(folder, **given)


def test_other_columns_of_parquet_are_refused(tmp_path: Path) -> None:
    Dataset.from_dict({"image": ["a"], "caption": ["b"]}).to_parquet(tmp_path / "text.parquet")
    with pytest.raises(UserError, match="no column of pictures; it has image, caption"):
        make(tmp_path / "text.parquet")
    Dataset.from_dict({"image": [b"a"], "caption": [3]}).to_parquet(tmp_path / "numbers.parquet")
    with pytest.raises(UserError, match="'caption' holds int64, no captions"):
        make(tmp_path / "numbers.parquet")


def test_a_share_that_leaves_nothing_for_validation_is_refused(layouts: dict[str, Path]) -> None:
    for streaming in (False, True):
        with pytest.raises(UserError, match="is for validation with validation: 1e-05"):
            make(layouts["csv"], validation=1e-5, streaming=streaming)


def test_a_cache_that_cannot_be_written_says_so(
    layouts: dict[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(UserError, match=r"cannot be kept in .*\n.*XDG_CACHE_HOME"):
        make(layouts["csv"])


def test_a_part_of_cifar10(cifar10: Path) -> None:
    environment = make(
        cifar10 / "train.parquet", size=16, limit=300, validation_path=cifar10 / "test.parquet"
    )
    assert len(environment["train"]) == len(environment["validation"]) == 300
    assert len(environment["train"].features["label"].names) == 10
