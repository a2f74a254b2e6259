"""Nothing that a run leaves behind or prints holds what a recipe read from an environment variable."""

from __future__ import annotations

from pathlib import Path

import pytest

import framework
from framework.errors import UserError, without_secrets
from framework.recipe import load_text
from framework.runs import Run, find_run
from framework.runs.store import Store
from framework.sweep import sweep

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


class Nothing:
    """Executes no run: each is as good as killed."""

    slots, code = 1, 1

    def start(self, run: Run) -> Nothing:
        return self

    def done(self) -> bool:
        return True

    def stop(self) -> None: ...

    def wait(self) -> int:
        return 1


def test_a_sweep(workplace: Path) -> None:
    sweep("recipe.yaml", [*OVERRIDES, "seed=0,1"], name="sweep", executor=Nothing())
    assert leaks(workplace) == []
    texts = [path.read_text() for path in workplace.glob("runs/*/resolved.yaml")]
    assert len(texts) == 3  # the sweep's own, too
    assert all("hold: ${oc.env:TOKEN}" in text for text in texts)
    recipes = [load_text(text) for text in texts]
    assert {recipe.tracking.run_name for recipe in recipes} == {"sweep", "seed=0", "seed=1"}
    assert all(recipe.tracking.tags == {"token": SECRET} for recipe in recipes)
