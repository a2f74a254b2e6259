"""docs/measure.py: the tables of docs/results from one command."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

from framework.errors import UserError
from framework.registry import installed
from framework.runs import Run, all_runs, children
from tests.fresh import ROOT
from tests.zygote import ForkedChildren

MEASURED = """\
tables:
  - name: tiny
    page: tiny.md
    columns:
      - {title: error, metric: error/mse, format: .4f}
      - {title: theirs}
    rows:
      - {title: Long, recipe: recipe, seeds: [0, 1], settings: [algorithm.steps=4], beside: {theirs: about 1}}
      - {title: Short, recipe: recipe, seeds: [3, 4], settings: [algorithm.steps=2]}
"""
PAGE = "# Tiny\n\n<!-- results: tiny -->\nNot measured yet.\n<!-- end -->\n\nMore.\n"


@pytest.fixture(scope="module")
def measure() -> ModuleType:
    spec = importlib.util.spec_from_file_location("measure", ROOT / "docs" / "measure.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["measure"] = module  # where dataclasses look up their annotations
    spec.loader.exec_module(module)
    return module


@pytest.mark.usefixtures("zygote")
def test_what_is_missing_is_run_and_written(
    measure: ModuleType, workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    executors: list[ForkedChildren] = []

    def forked(jobs: int) -> ForkedChildren:
        executors.append(ForkedChildren(jobs))
        return executors[-1]

    monkeypatch.setattr(measure, "LocalProcesses", forked)
    (workplace / "measured.yaml").write_text(MEASURED)
    page = workplace / "tiny.md"
    page.write_text(PAGE)

    def call(*arguments: str) -> str:
        where = ["--pages", str(workplace), "--work", str(workplace)]
        measure.main([*where, *arguments], standalone_mode=False)
        return capsys.readouterr().out

    def started() -> list[str]:
        names = [name for executor in executors for name in executor.started]
        executors.clear()
        return names

    assert call("--list").count("0 of 2") == 2
    assert "not all runs are there" in call("--write")
    assert page.read_text() == PAGE

    assert "tiny: written" in call("tiny")
    assert len(started()) == 4
    text = page.read_text()
    assert text.startswith("# Tiny\n\n<!-- results: tiny -->\n| recipe | seeds | error | theirs |\n")
    assert text.endswith("<!-- end -->\n\nMore.\n")
    sweeps = {tuple(run.state.choices["seed"] for run in children(s)): s for s in _sweeps()}
    errors = [run.metrics["error/mse"] for run in children(sweeps["0", "1"])]
    low, high = sorted(errors)
    assert f"| Long | 0, 1 | {sum(errors) / 2:.4f} [{low:.4f}, {high:.4f}] | about 1 |" in text
    assert "| Short | 3, 4 |" in text

    call()
    assert started() == [], "what is finished is not run again"
    shutil.rmtree(children(sweeps["3", "4"])[1].folder)
    assert call("--list").count("1 of 2") == 1
    call()
    assert started() == ["seed=4"]
    assert page.read_text() == text, "the same seeds give the same numbers"

    recipe = workplace / "recipe.yaml"
    recipe.write_text(recipe.read_text().replace("every: 5", "every: 1"))
    assert call("--list").count("0 of 2") == 2, "another recipe has other numbers"


def _sweeps() -> list[Run]:
    return [run for run in all_runs() if run.is_sweep]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("page: tiny.md", "paeg: tiny.md", "paeg"),
        ("seeds: [0, 1]", "seeds: [1, 1]", "needs two seeds or more"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(
    measure: ModuleType, tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = tmp_path / "measured.yaml"
    path.write_text(MEASURED.replace(old, new))
    with pytest.raises(UserError, match=message):
        measure.read(path)


def test_what_is_listed_can_be_run_and_has_its_place(measure: ModuleType) -> None:
    if {path.parent.name for path in ROOT.glob("plugins/*/pyproject.toml")} - {
        plugin.name for plugin in installed().plugins
    }:
        pytest.skip("not every plugin is installed")
    for table in measure.read(measure.PAGES / "measured.yaml"):
        page = (measure.PAGES / table.page).read_text(encoding="utf-8")
        assert len(measure.between(table.name).findall(page)) == 1, table.name
        for row in table.rows:
            assert row.sweep.startswith(row.recipe.replace("/", "_")), row.title
            assert set(row.beside) <= {column.title for column in table.columns if not column.metric}
