from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from framework import Report, Table, Video
from framework.errors import UserError


def make_report() -> Report:
    figure = Figure()
    figure.add_subplot().plot([0, 1], [0, 1])
    return Report(
        metrics={"success": 0.975, "diverged": float("nan")},
        tables={"by <task>": Table(["task", "rate"], [["push", 0.95], ["slide", None]], caption="a & b")},
        figures={"learning curve": figure},
        images={"grid/1": np.full((4, 6, 3), 200, np.uint8)},
        notes=["3 < 4"],
    )


def test_saves_json_page_and_pictures(tmp_path: Path) -> None:
    written = make_report().save(tmp_path / "report", title="Push & Pull")
    names = {path.name for path in written}
    assert names == {"report.json", "index.html", "learning_curve.png", "grid_1.png"}
    assert all(path.is_file() for path in written)
    data = json.loads((tmp_path / "report" / "report.json").read_text())
    assert data["metrics"] == {"success": 0.975, "diverged": "nan"}
    assert data["tables"]["by <task>"]["rows"] == [["push", 0.95], ["slide", None]]
    page = (tmp_path / "report" / "index.html").read_text()
    assert "Push &amp; Pull" in page and "by &lt;task&gt;" in page and "3 &lt; 4" in page
    assert page.count("data:image/png;base64,") == 2


def test_an_image_is_kept_pixel_by_pixel(tmp_path: Path) -> None:
    from PIL import Image

    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    Report(images={"x": image}).save(tmp_path)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "x.png")), image)


# imageio's reader leaves the pipes of its ffmpeg process to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_video_can_be_read_back(tmp_path: Path) -> None:
    iio = pytest.importorskip("imageio.v3")
    pytest.importorskip("imageio_ffmpeg")
    frames = np.zeros((10, 33, 47, 3), np.uint8)  # odd sizes, which H.264 refuses as they are
    frames[5:] = 255
    Report(videos={"episode": Video(frames, fps=10)}).save(tmp_path)
    back = iio.imread(tmp_path / "episode.mp4")
    assert back.shape == (10, 32, 46, 3)
    assert back[0].mean() < 10 and back[-1].mean() > 245


def test_page_and_figures_are_titled_with_what_was_judged(tmp_path: Path) -> None:
    report, titled = make_report(), Figure()
    titled.suptitle("of its own")
    report.figures["other"] = titled
    report.name_after("success rate", "FetchPush")
    assert [figure.get_suptitle() for figure in report.figures.values()] == [
        "FetchPush: learning curve",
        "of its own",
    ]
    report.save(tmp_path, title="success_rate")
    assert "<h1>FetchPush: success rate</h1>" in (tmp_path / "index.html").read_text()


def test_code_keeps_its_lines(tmp_path: Path) -> None:
    Report(tables={"code": Table(["text"], [["a = 1\nb < 2"]])}).save(tmp_path)
    assert "<td><pre>a = 1\nb &lt; 2</pre></td>" in (tmp_path / "index.html").read_text()


def test_files_are_copied_and_linked(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_text("{}")
    written = Report(files={"samples.jsonl": source}).save(tmp_path / "report")
    assert (tmp_path / "report" / "samples.jsonl") in written
    assert (tmp_path / "report" / "samples.jsonl").read_text() == "{}"
    assert 'href="samples.jsonl"' in (tmp_path / "report" / "index.html").read_text()


def test_titles_and_names_of_any_kind_keep_to_the_folder(tmp_path: Path) -> None:
    image, source = np.zeros((2, 2, 3), np.uint8), tmp_path / "source"
    source.write_text("kept")
    titles = ["a/b", "a_b", "a b", "../up", "x" * 300, "größe@1", "#?%20"]
    report = Report(
        figures={"a/b": Figure()},
        images=dict.fromkeys(titles, image),
        files=dict.fromkeys(["../up.txt", "index.html", "b #1.txt"], source),
    )
    folder = tmp_path / "in" / "report"
    written = report.save(folder)
    assert len(set(written)) == len(written) == 2 + 1 + len(titles) + 3
    assert {path.parent for path in written} == {folder}
    assert sorted(folder.iterdir()) == sorted(written)
    assert sorted((tmp_path / "in").iterdir()) == [folder]
    page = (folder / "index.html").read_text()
    assert page.startswith("<!doctype html>") and 'href="b__1.txt"' in page


@pytest.mark.parametrize("value", ["x", None, [1.0, 2.0]])
def test_a_metric_that_is_no_number_is_named(tmp_path: Path, value: object) -> None:
    with pytest.raises(UserError, match=r"metric .rate. is .*, not a number"):
        Report(metrics={"rate": value}).save(tmp_path)


def test_text_is_aligned() -> None:
    text = Table(["name", "value"], [["a", 1.0], ["longer", 0.12345678]]).to_text()
    assert text.splitlines() == ["name     value", "a            1", "longer  0.1235"]


def test_markdown_keeps_a_cell_in_its_place() -> None:
    text = Table(["name", "value"], [["a|b*", 0.12345678], ["two\nlines <b>", None]], "a & b").to_markdown()
    assert text.splitlines() == [
        "a &amp; b",
        "",
        "| name | value |",
        "| --- | ---: |",
        "| a&#124;b&#42; | 0.1235 |",
        "| two lines &lt;b&gt; |  |",
    ]


def test_a_ragged_table_is_refused() -> None:
    with pytest.raises(ValueError, match="2 cells for 1 columns"):
        Table(["a"], [[1, 2]])
