from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from framework.errors import UserError
from framework_glide.evaluation.sample_store import SampleStore, picture_key

KEYS = [picture_key(f"a picture {i}", i) for i in range(7)]


class Painter:
    """Paints the i-th picture in the shade i, and remembers which it was asked for."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def __call__(self, chosen: list[int]) -> np.ndarray:
        self.asked += chosen
        return np.stack([np.full((4, 4, 3), i, np.uint8) for i in chosen])


def _shades(pictures: np.ndarray) -> list[int]:
    return pictures[:, 0, 0, 0].tolist()


def test_pictures_are_found_again(tmp_path: Path) -> None:
    first, second = Painter(), Painter()
    SampleStore(tmp_path, {"model": "a"}).pictures(KEYS, first, 3)
    found = SampleStore(tmp_path, {"model": "a"}).pictures(KEYS[::-1], second, 3)

    assert first.asked == list(range(7)) and second.asked == []
    assert _shades(found) == [6, 5, 4, 3, 2, 1, 0]


def test_only_what_is_missing_is_sampled(tmp_path: Path) -> None:
    more = Painter()
    SampleStore(tmp_path, {}).pictures(KEYS[:4], Painter(), 2)
    found = SampleStore(tmp_path, {}).pictures(KEYS, more, 2)

    assert more.asked == [4, 5, 6]
    assert _shades(found) == list(range(7))


def test_another_model_or_setting_has_pictures_of_its_own(tmp_path: Path) -> None:
    other = Painter()
    SampleStore(tmp_path, {"model": "a", "scale": 1.0}).pictures(KEYS, Painter(), 4)
    SampleStore(tmp_path, {"model": "a", "scale": 3.0}).pictures(KEYS, other, 4)

    assert len(other.asked) == 7


def test_a_picture_asked_for_twice_is_sampled_once(tmp_path: Path) -> None:
    painter = Painter()
    found = SampleStore(tmp_path, {}).pictures([KEYS[0], KEYS[1], KEYS[0]], painter, 8)

    assert sorted(painter.asked) in ([0, 1], [1, 2])
    assert (found[0] == found[2]).all()


@pytest.mark.parametrize("damage", ["cut", "changed", "empty"])
def test_damaged_shards_are_dropped_and_sampled_again(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    SampleStore(tmp_path, {}).pictures(KEYS, Painter(), 3)
    shard = min(tmp_path.rglob("*.npz"))
    content = bytearray(shard.read_bytes())
    if damage == "changed":
        content[len(content) // 2] ^= 0xFF
    shard.write_bytes({"cut": content[: len(content) // 2], "changed": content, "empty": b""}[damage])

    painter = Painter()
    found = SampleStore(tmp_path, {}).pictures(KEYS, painter, 3)

    assert 1 <= len(painter.asked) <= 3
    assert _shades(found) == list(range(7))
    assert "sampled again" in caplog.text


def test_what_was_sampled_before_a_kill_is_kept(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; import numpy as np\n"
        "from framework_glide.evaluation.sample_store import SampleStore, picture_key\n"
        "def slow(chosen):\n"
        "    time.sleep(0.05); return np.full((len(chosen), 4, 4, 3), chosen[0], np.uint8)\n"
        "keys = [picture_key('a', i) for i in range(10_000)]\n"
        "SampleStore(Path(sys.argv[1]), {}).pictures(keys, slow, 1)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)])
    try:
        deadline = time.monotonic() + 60
        while len(list(tmp_path.rglob("*.npz"))) < 3 and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()

    painter = Painter()
    keys = [picture_key("a", i) for i in range(4)]
    SampleStore(tmp_path, {}).pictures(keys, painter, 1)
    assert set(painter.asked) <= {3}
    assert not list(tmp_path.rglob(".*"))


def test_without_a_folder_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert _shades(SampleStore(None, {}).pictures(KEYS, Painter(), 3)) == list(range(7))
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(UserError, match="cannot write pictures"):
        SampleStore(tmp_path / "file", {}).pictures(KEYS, Painter(), 3)


def test_keys_tell_prompts_seeds_and_conditions_apart() -> None:
    one, other = np.zeros((2, 2, 3), np.uint8), np.ones((2, 2, 3), np.uint8)
    keys = [
        picture_key("a", 1),
        picture_key("a", 2),
        picture_key("b", 1),
        picture_key("a", 1, one),
        picture_key("a", 1, other),
        picture_key("a", 1, one, other),
    ]

    assert len(set(keys)) == len(keys)
