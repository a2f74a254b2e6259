"""Runs gone on with by other values: trained longer, judged otherwise, and what may not change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

import framework
from framework.errors import UserError
from framework.experiment import checkpoint_of
from framework.recipe import load
from framework.runs import KILLED, Run, StageState
from framework.runs.changes import apply, cut_short, propose, recipe_of
from framework.runs.checkpoints import load_checkpoint
from framework.runs.journal import read_journal
from framework.runs.listing import unnamed
from framework.runs.store import Store
from framework.testing.equality import assert_same
from tests.conftest import RECIPE


def run(*overrides: str) -> Run:
    return framework.run("recipe.yaml", overrides, quiet=True).run


def resume(*overrides: str) -> Run:
    return framework.resume("last", overrides, quiet=True).run


def same_end(one: Run, other: Run, stage: str = "") -> None:
    ours, theirs = load_checkpoint(checkpoint_of(one, stage)), load_checkpoint(checkpoint_of(other, stage))
    for part in ("state_dict", "optimizer_states", "global_step", "done"):
        assert_same(ours[part], theirs[part])
    assert losses(one, stage) == losses(other, stage)
    assert one.state.stages[stage].reports == other.state.stages[stage].reports


def losses(one: Run, stage: str = "") -> list[tuple[int, float]]:
    records = read_journal(one.stage_folder(stage) / "metrics.jsonl")
    return [
        (record.step, record.metrics["train/loss"]) for record in records if "train/loss" in record.metrics
    ]


def test_a_finished_run_trained_longer_equals_one_that_was_always_that_long(
    workplace: Path, tracking_uri: str
) -> None:
    whole = run("algorithm.steps=30")
    first = run("algorithm.steps=20", "trainer.checkpoint_every=7")
    longer = resume("algorithm.steps=30")
    assert longer.state.run_id == first.state.run_id
    assert longer.done
    same_end(longer, whole)
    recorded = Store(tracking_uri).client.get_run(longer.state.run_id).data
    assert recorded.metrics["error/mse"] == longer.metrics["error/mse"] == whole.metrics["error/mse"]
    assert "algorithm.steps 20 -> 30" in recorded.tags["framework.changes"]

    text = (longer.folder / "resolved.yaml").read_text()
    comment, rest = text.split("\n", 1)
    assert comment.startswith("# 20")
    assert ": algorithm.steps 20 -> 30" in comment
    assert yaml.safe_load(rest)["algorithm"]["steps"] == 30
    (change,) = longer.state.changes
    assert (change["overrides"], change["values"]) == (["algorithm.steps=30"], {"algorithm.steps": [20, 30]})
    assert "steps: 20" in (longer.folder / "recipe.yaml").read_text()


def test_one_that_was_stopped_goes_on_with_more(workplace: Path) -> None:
    whole = run("algorithm.steps=30")
    flag = workplace / "fail"
    flag.touch()
    with pytest.raises(RuntimeError):
        run("algorithm.fail_at=12", f"algorithm.fail_while={flag}", "trainer.checkpoint_every=4")
    flag.unlink()
    same_end(resume("algorithm.steps=30"), whole)


def test_a_longer_training_can_be_stopped_too(workplace: Path) -> None:
    flag = workplace / "fail"
    flag.touch()
    failing = ("algorithm.fail_at=27", f"algorithm.fail_while={flag}", "trainer.checkpoint_every=3")
    run(*failing)
    with pytest.raises(RuntimeError):
        resume("algorithm.steps=30")
    flag.unlink()
    same_end(resume(), run("algorithm.steps=30"))


def test_max_time_says_so_and_more_time_goes_on(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lightning.pytorch.callbacks import Timer

    whole = run("trainer.max_time=00:01:00:00")
    assert (whole.state.stages[""].limit, whole.standing) == ("", "finished")
    # A clock that is the number of steps: every step takes a second.
    steps = iter(range(10**6))
    with monkeypatch.context() as patch:
        patch.setattr(Timer, "time_elapsed", lambda self, stage="train": next(steps) / 2)
        short = run("trainer.max_time=00:00:00:06")
    done = len(losses(short))
    assert 0 < done < 20
    assert short.standing == "finished (trainer.max_time)"
    (told,) = cut_short(short)
    assert told == (
        "the training was ended by trainer.max_time=00:00:00:06, before its budget; "
        f"longer: framework resume {short.state.run_id[:8]} trainer.max_time=DD:HH:MM:SS"
    )
    longer = resume("trainer.max_time=00:01:00:00")
    assert cut_short(longer) == []
    same_end(longer, whole)


def test_evaluators_are_judged_anew_only_where_they_changed(workplace: Path, tracking_uri: str) -> None:
    first = run("evaluators=[{use: tiny/error}, {use: tiny/slope}]")
    before = dict(first.state.stages[""].reports)
    written = (first.folder / "reports" / "error" / "report.json").stat().st_mtime_ns
    other = resume("evaluators.1.environment={use: tiny/points, slope: 5.0}")
    assert other.state.stages[""].reports == {"error": before["error"], "slope": {"slope": 5.0}}
    assert (first.folder / "reports" / "error" / "report.json").stat().st_mtime_ns == written
    assert len(losses(other)) == 20
    # At the same step: what is newer counts.
    last = [record.metrics for record in read_journal(other.folder / "metrics.jsonl")][-1]
    assert last == {"slope/slope": 5.0}
    assert Store(tracking_uri).client.get_run(other.state.run_id).data.metrics["slope/slope"] == 5.0
    assert resume("evaluators=[{use: tiny/error}]").state.stages[""].reports == {"error": before["error"]}


@pytest.fixture
def made(make_run: Callable[..., Run], tiny_plugin: Path) -> Run:
    """A run of which nothing has been trained."""
    return folder_of(make_run("abcd", status=KILLED))


def folder_of(made: Run, *overrides: str) -> Run:
    """Gives a run folder the recipes that it would have."""
    Path("recipe.yaml").write_text(RECIPE)
    (made.folder / "resolved.yaml").write_text(load("recipe.yaml", overrides).to_yaml())
    return made


REFUSED = {
    "seed=1": ["seed (0 -> 1): everything random"],
    "environment.noise=0.5": ["environment.noise (0.1 -> 0.5): "],
    "model.bias=false": ["model.bias (true -> false): its checkpoints hold this model"],
    "algorithm.batch=[4,4]": ["algorithm.batch ([8] -> [4, 4]): "],
    "algorithm.lr=0.5": ["algorithm.lr (0.1 -> 0.5): "],
    "algorithm.use=tiny/counting": ["algorithm.use: "],
    "trainer.precision=64-true": ['trainer.precision ("32-true" -> "64-true"): '],
    "tracking.experiment=x": ['tracking.experiment ("tiny" -> "x"): it is recorded'],
    "algorithm.lr=0.5 seed=3 algorithm.steps=50": ["seed (", "algorithm.lr ("],
}


@pytest.mark.parametrize("overrides", REFUSED)
def test_what_may_not_change_is_told_key_by_key(made: Run, overrides: str) -> None:
    before = {path: path.read_bytes() for path in made.folder.iterdir() if path.is_file()}
    with pytest.raises(UserError) as caught:
        propose(made, overrides.split())
    first, *told, may = str(caught.value).splitlines()
    assert first == f"run {made.state.run_id[:8]} cannot go on with other values of these"
    assert all(line.strip().startswith(start) for line, start in zip(told, REFUSED[overrides], strict=True))
    assert may.startswith("  what may change: evaluators, algorithm.steps, trainer.accelerator, ")
    assert {path: path.read_bytes() for path in made.folder.iterdir() if path.is_file()} == before


def test_the_same_value_is_no_change_and_a_typo_is_a_typo(made: Run) -> None:
    assert propose(made, ["algorithm.lr=0.1", "seed=0"]).values == {}
    with pytest.raises(UserError, match="did you mean 'steps'"):
        propose(made, ["algorithm.stepz=9"])


def test_the_budget_of_a_part_may_change_and_the_rest_of_it_not(made: Run) -> None:
    wrapped = folder_of(made, "algorithm={use: tiny/counting, of: {use: tiny/descent, steps: 3}}")
    assert propose(wrapped, ["algorithm.of.steps=9"]).values == {"algorithm.of.steps": (3, 9)}
    with pytest.raises(UserError, match=r"algorithm.of.lr \(0.1 -> 1.0\)"):
        propose(wrapped, ["algorithm.of.lr=1.0"])


def test_what_it_was_gone_on_with_is_listed(made: Run) -> None:
    apply(made, propose(made, ["algorithm.steps=40"]))
    apply(made, propose(made, ["algorithm.steps=50", "trainer.threads=2"]))
    assert unnamed(made) == "algorithm.steps=50 trainer.threads=2"
    assert [change["values"] for change in made.state.changes][1] == {
        "algorithm.steps": [40, 50],
        "trainer.threads": [1, 2],
    }


def test_a_training_is_not_undone(made: Run) -> None:
    assert propose(made, ["algorithm.steps=2"]).values == {"algorithm.steps": (20, 2)}
    made.state.stages[""] = StageState(checkpoint="step-000000020.ckpt")
    with pytest.raises(UserError, match=r"algorithm.steps \(20 -> 2\): it has been trained that long"):
        propose(made, ["algorithm.steps=2"])


def test_a_crash_leaves_all_of_a_change_or_nothing(made: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    for place, steps in (("framework.runs.folder.Run.save", 20), ("framework.runs.changes._settle", 40)):
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(place, killed)
            settled = iter([lambda run: None, killed])
            if place.endswith("_settle"):
                patch.setattr(place, lambda run, settled=settled: next(settled)(run))
            apply(made, propose(made, ["algorithm.steps=40"]))
        made = Run.open(made.folder)
        assert recipe_of(made).resolved()["algorithm"]["steps"] == steps
    assert "steps: 20" in (made.folder / "resolved.yaml").read_text()
    apply(made, None)
    assert "steps: 40" in (made.folder / "resolved.yaml").read_text()
    assert not list(made.folder.glob("resolved-*"))


STAGES = """
environment: {use: tiny/points}
model: {use: tiny/line}
algorithm: {use: tiny/descent, steps: 4}
evaluators: [{use: tiny/error}]
trainer: {accelerator: cpu}
tracking: {system_metrics: false, log_model: false}
stages:
  base: {algorithm: {steps: 6}}
  alone: {}
  tuned: {model: {weights: "${checkpoint:base}"}}
"""


def test_stages(workplace: Path) -> None:
    (workplace / "recipe.yaml").write_text(STAGES)
    whole, first = run("stages.tuned.algorithm.steps=9"), run()
    # A key without a stage is of the last one, where all are finished.
    longer = resume("algorithm.steps=9")
    same_end(longer, whole, "tuned")
    assert longer.state.stages["base"] == first.state.stages["base"]
    assert longer.state.changes[0]["overrides"] == ["stages.tuned.algorithm.steps=9"]
    with pytest.raises(
        UserError, match=r"stages.base.algorithm.steps \(6 -> 9\): stage 'tuned' has begun with"
    ):
        resume("stages.base.algorithm.steps=9")
    with pytest.raises(
        UserError, match=r"stages.new: a run keeps the stages it began with: base, alone, tuned\n"
    ):
        resume("stages.new={}")
    assert resume("stages.alone.algorithm.steps=5").state.stages["alone"].finished


def test_a_finished_run_is_answered_without_a_store(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = run("algorithm.steps=2")
    monkeypatch.setattr("framework.experiment.Store", None)
    assert resume().metrics == before.metrics


def test_a_loss_that_is_not_a_number_before_the_first_checkpoint(workplace: Path) -> None:
    with pytest.raises(UserError, match="there is no checkpoint yet") as caught:
        run("algorithm.lr=1e30")
    assert not caught.value.resumable
    with pytest.raises(UserError, match="the last checkpoint is from before it") as caught:
        run("algorithm.lr=1e30", "trainer.checkpoint_every=1")
    assert caught.value.resumable
