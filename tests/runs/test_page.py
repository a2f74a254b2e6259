"""The page of a run, which stands alone."""

from __future__ import annotations

import base64
import html.parser
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import framework
from framework import Report, Table, page
from framework.experiment import Experiment
from framework.runs import Run, find_run
from framework.runs.page import write


class Reader(html.parser.HTMLParser):
    """Everything a page shows or loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.sources: list[str] = []
        self.links: list[str] = []
        self.headings: list[str] = []
        self._tag = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag
        found = dict(attrs)
        self.sources += [found["src"]] if found.get("src") else []
        self.links += [found["href"]] if found.get("href") else []

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if re.fullmatch(r"h\d", self._tag):
            self.headings.append(data)


@pytest.fixture
def run(workplace: Path) -> Run:
    framework.run("recipe.yaml", ["algorithm.steps=30"], quiet=True)
    return find_run("last")


def test_a_run_ends_with_a_page_of_all_of_it(run: Run) -> None:
    read = Reader(run.page.read_text(encoding="utf-8"))
    assert read.headings[:2] == [run.state.name, "Results"]
    assert {"Training", "Recipe", "Environment"} <= set(read.headings)
    assert read.headings[2].endswith("error")  # the evaluator
    assert all(source.startswith("data:image/png;base64,") for source in read.sources)
    assert len(read.sources) >= 1 and not read.links
    for source in read.sources:
        assert base64.b64decode(source.partition(",")[2]).startswith(b"\x89PNG")
    shown = "\n".join(read.texts)
    assert (run.folder / "recipe.yaml").read_text(encoding="utf-8").strip() in shown
    assert (run.folder / "resolved.yaml").read_text(encoding="utf-8").strip() in shown
    assert f"framework run {run.state.recipe} algorithm.steps=30" in shown
    assert f"{run.metrics['error/mse']:.4g}" in read.texts
    assert re.search(r"^torch==", shown, re.MULTILINE)


def test_it_is_in_mlflow_too(run: Run, workplace: Path) -> None:
    (kept,) = workplace.glob(f"mlartifacts/**/{run.state.run_id}/artifacts/report.html")
    assert kept.read_bytes() == run.page.read_bytes()


def test_each_stage_has_its_part(workplace: Path) -> None:
    stages = "stages: {base: {}, fine: {}}"
    (workplace / "staged.yaml").write_text(f"extends: recipe.yaml\nalgorithm: {{steps: 2}}\n{stages}\n")
    framework.run("staged.yaml", quiet=True)
    read = Reader(find_run("last").page.read_text(encoding="utf-8"))
    assert [found.partition(":")[0] for found in read.headings if ": " in found] == ["base", "fine"]
    assert {"training of base", "training of fine"} <= set(read.texts)


def test_what_was_changed_later_is_on_it(run: Run) -> None:
    framework.resume("last", ["algorithm.steps=40"], quiet=True)
    assert "algorithm.steps 30 -> 40" in "".join(Reader(run.page.read_text(encoding="utf-8")).texts)


def test_what_is_gone_or_damaged_is_left_out(run: Run) -> None:
    recipe = Experiment.of(run, tracked=False).recipe
    (report,) = run.folder.glob("reports/*/report.json")
    report.write_text("{")
    (run.folder / "metrics.jsonl").unlink()
    shutil.rmtree(run.folder / "provenance")
    read = Reader(write(run, recipe).read_text(encoding="utf-8"))
    assert read.headings[:2] == [run.state.name, "Results"]
    assert "Training" not in read.headings and not read.sources


def test_videos_are_within_it_unless_they_are_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("imageio_ffmpeg")
    folder = tmp_path / "reports" / "a"
    report = Report(videos={"episode": framework.Video(np.zeros((3, 16, 16, 3), np.uint8))})
    report.save(folder)
    (inside,) = Reader("".join(page.report(folder))).sources
    data = (folder / "episode.mp4").read_bytes()
    assert inside == "data:video/mp4;base64," + base64.b64encode(data).decode()
    monkeypatch.setattr(page, "LARGEST_VIDEO", len(data) - 1)
    assert Reader("".join(page.report(folder, links="reports/a/"))).sources == ["reports/a/episode.mp4"]
    (folder / "episode.mp4").unlink()
    assert not Reader("".join(page.report(folder))).sources


def test_text_is_shown_as_it_is(tmp_path: Path) -> None:
    hostile = '<script>alert("x")</script>'
    report = Report(metrics={hostile: 1}, tables={hostile: Table([hostile], [[hostile]], hostile)})
    report.notes, report.title = [hostile], hostile
    report.images = {hostile: np.zeros((2, 2, 3), np.uint8)}
    report.save(tmp_path)
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "<script" not in text
    assert Reader(text).texts.count(hostile) >= 6


def test_the_last_line_names_it(workplace: Path, framework_command: Callable[..., Any]) -> None:
    answer = framework_command("run", "recipe.yaml", "-q")
    again = framework_command("resume", "last")
    last = f"report: {find_run('last').page}"
    assert [said.stdout.splitlines()[-1] for said in (answer, again)] == [last, last]


def test_a_page_that_cannot_be_made_costs_nothing_else(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> Path:
        raise ValueError("figures of no size")

    monkeypatch.setattr("framework.experiment.write_page", broken)
    result = framework.run("recipe.yaml", quiet=True)
    assert result.run.state.status == "FINISHED" and result.metrics
    assert "there is no page of this run: ValueError: figures of no size" in caplog.text
