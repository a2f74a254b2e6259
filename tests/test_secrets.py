"""Nothing that a run leaves behind or prints holds what a recipe read from an environment variable."""

from __future__ import annotations

from pathlib import Path

import pytest
from framework.sweep.child import children_of
from framework.sweep.parent import create_parent

import framework
from framework.errors import UserError, without_secrets
from framework.recipe import load_text
from framework.runs import find_run
from framework.runs.store import Store
from framework.sweep.plan import Plan

SECRET = "sesame-4711"
OVERRIDES = (
    "algorithm.hold=${oc.env:TOKEN}",
    "algorithm.steps=2",
    "tracking.tags.token=${oc.env:TOKEN}",
    "tracking.run_name=a-${oc.env:TOKEN}",
    "tracking.experiment=b-${oc.env:TOKEN}",
)


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", SECRET)
    monkeypatch.setenv("FRAMEWORK_ENV", "TOKEN")


def leaks(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]


def test_a_run(workplace: Path) -> None:
    result = framework.run("recipe.yaml", OVERRIDES, quiet=True)
    assert leaks(workplace) == []
    assert "hold: ${oc.env:TOKEN}" in (result.run.folder / "resolved.yaml").read_text()
    recorded = Store(result.run.state.tracking_uri).client.get_run(result.run.state.run_id).data
    assert recorded.params["algorithm.hold"] == recorded.tags["token"] == "${oc.env:TOKEN}"
    assert find_run("a-${oc.env:TOKEN}").folder == result.run.folder


def test_an_error_and_resuming_without_the_variable(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError) as caught:
        framework.run("recipe.yaml", ["model.weights=${oc.env:TOKEN}"], quiet=True)
    assert "weights: ${oc.env:TOKEN} " in without_secrets(str(caught.value))
    assert SECRET not in without_secrets(str(caught.value))
    assert leaks(workplace) == []
    with pytest.raises(UserError, match=SECRET):  # read again
        framework.resume("last", quiet=True)
    monkeypatch.delenv("TOKEN")
    with pytest.raises(UserError, match="the environment variable 'TOKEN' is not set"):
        framework.resume("last", quiet=True)


def test_a_sweep(workplace: Path, tracking_uri: str) -> None:
    plan = Plan.make(Path("recipe.yaml"), [*OVERRIDES, "seed=0,1"])
    parent = create_parent("sweep", plan, tracking_uri, workplace / "runs")
    assert leaks(workplace) == []
    (first, _) = children_of(parent.folder)
    text = (first.folder / "recipe.yaml").read_text()
    assert "hold: ${oc.env:TOKEN}" in text
    assert "run_name: seed=0" in text
    assert load_text(text).tracking.tags == {"token": SECRET}
