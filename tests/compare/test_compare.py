"""Comparing run folders; most are written here by hand, with curves whose summaries are known."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import yaml
from click.testing import CliRunner, Result

from framework.cli.group import group
from framework.compare import Comparison, compare
from framework.compare.curves import band
from framework.compare.source import Curve, Subject, read
from framework.errors import UserError
from framework.runs import Run, RunState, StageState
from framework.statistics import bootstrap_interval

MakeRun = Callable[..., str]


@pytest.fixture
def make_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeRun:
    """Write a run folder; return the run's id."""
    monkeypatch.chdir(tmp_path)
    count = 0

    def make(
        records: Sequence[tuple[int, Mapping[str, float]]] = (),
        *,
        name: str = "recipe",
        settings: Mapping[str, Any] | None = None,
        final: Mapping[str, float] | None = None,
        status: str = "FINISHED",
        milliseconds: int = 1000,
        stage: str = "",
    ) -> str:
        nonlocal count
        count += 1
        run_id = f"{count:032x}"[::-1]
        folder = Path("runs") / run_id
        state = RunState(
            run_id, name, "x", "sqlite:///mlflow.db", "recipe.yaml", created=count, status=status
        )
        state.stages[stage] = StageState(reports={"judge": dict(final)} if final else {})
        run = Run(folder, state)
        run.stage_folder(stage).mkdir(parents=True)
        run.save()
        (folder / "resolved.yaml").write_text(yaml.safe_dump(settings or {"algorithm": {"use": "a/b"}}))
        lines = [
            json.dumps({"step": step, "time": 1_000_000 + index * milliseconds, "metrics": metrics})
            for index, (step, metrics) in enumerate(records)
        ]
        if final:
            step = records[-1][0] if records else 0
            metrics = {f"judge/{key}": value for key, value in final.items()}
            lines.append(json.dumps({"step": step, "time": 2_000_000, "metrics": metrics}))
        (run.stage_folder(stage) / "metrics.jsonl").write_text("".join(line + "\n" for line in lines))
        return run_id

    return make


def line(*values: float, every: int = 10, seconds: float = 1.0) -> list[tuple[int, dict[str, float]]]:
    """A monitored metric, and the clock, at steps 10, 20, ..."""
    return [
        (every * (i + 1), {"monitor/score": value, "time/seconds": seconds * (i + 1)})
        for i, value in enumerate(values)
    ]


def table(comparison: Comparison, metric: str) -> dict[str, list[Any]]:
    return {row[0]: list(row[1:]) for row in comparison.report.tables[metric].rows}


def test_runs_that_differ_in_their_seed_are_a_group(make_run: MakeRun) -> None:
    finals = {0: [1.0, 2.0, 3.0, 10.0], 4: [5.0, 6.0, 7.0, 8.0]}
    runs = [
        make_run(settings={"seed": seed, "algorithm": {"use": "a/b", "k": k}}, final={"score": value})
        for k, values in finals.items()
        for seed, value in enumerate(values)
    ]
    comparison = compare(runs)
    rows = table(comparison, "judge/score")
    low, high = bootstrap_interval([finals[0]])
    assert rows["k=0"] == [4, 2.5, low, high, 1.0, 10.0]
    assert rows["k=4"][:2] == [4, 6.5]
    assert [group.label for group in comparison.groups] == ["k=0", "k=4"]
    assert [len(group.runs) for group in comparison.groups] == [4, 4]
    assert comparison.to_dict()["scores"][0]["values"] == dict(zip(runs[:4], finals[0], strict=True))


@pytest.mark.parametrize(
    ("settings", "names", "labels"),
    [
        # by name, when names tell them apart
        ([{"k": 0}, {"k": 1}], ["one", "two"], ["one", "two"]),
        ([{"k": 0}, {"k": 1}], ["k=0 seed=0", "k=1 seed=7"], ["k=0", "k=1"]),
        # by what differs, when they do not
        ([{"a": {"k": 0}}, {"a": {"k": 1}}], ["same", "same"], ["k=0", "k=1"]),
        ([{"a": {"k": 0}}, {"a": {}}], ["same", "same"], ["k=0", "k=none"]),
        ([{"a": {"lr": 1}, "b": {"lr": 1}}, {"a": {"lr": 2}, "b": {"lr": 3}}], ["same"] * 2,
         ["a.lr=1 b.lr=1", "a.lr=2 b.lr=3"]),
        # other components have other parameters: their names are enough
        ([{"a": {"use": "p/x", "k": 1}}, {"a": {"use": "p/y", "tau": 2}}], ["same"] * 2, ["a=p/x", "a=p/y"]),
        # too much differs: the run
        ([{"abcdefg"[i]: i for i in range(7)}, {}], ["same"] * 2, ["same 10000000", "same 20000000"]),
        # nothing differs but seeds and tracking
        ([{"seed": 0, "tracking": {"uri": "x"}}, {"seed": 1}], ["same"] * 2, ["same"]),
        ([{"stages": {"a": {"seed": 0}}}, {"stages": {"a": {"seed": 1}}}], ["seed=0", "seed=1"], ["seed=0"]),
    ],
)  # fmt: skip
def test_groups_are_called_by_what_tells_them_apart(
    make_run: MakeRun, settings: list[dict[str, Any]], names: list[str], labels: list[str]
) -> None:
    runs = [
        make_run(settings={"x": 1, **one}, name=name, final={"score": 1.0})
        for one, name in zip(settings, names, strict=True)
    ]
    assert [group.label for group in compare(runs).groups] == labels


def test_curves_of_different_lengths_meet_where_all_are(make_run: MakeRun) -> None:
    runs = [
        make_run(line(*range(10))),
        make_run(line(*range(0, 20, 2)), settings={"seed": 1, "algorithm": {"use": "a/b"}}),
    ]
    short = make_run(line(4.0, 5.0, 6.0), settings={"seed": 2, "algorithm": {"use": "a/b"}})
    comparison = compare([*runs, short])
    axis = comparison.report.figures["curves"].axes[0]
    mean = next(drawn for drawn in axis.lines if drawn.get_label() == "recipe")
    np.testing.assert_allclose(mean.get_xdata(), [10, 20, 30])
    np.testing.assert_allclose(mean.get_ydata(), [4 / 3, 8 / 3, 4])
    thin = [drawn for drawn in axis.lines if drawn.get_alpha()]
    assert sorted(len(drawn.get_xdata()) for drawn in thin) == [3, 10, 10]
    assert any("ends where the shortest run does, at 30 steps" in note for note in comparison.report.notes)
    assert axis.get_xlabel() == "steps"


def test_against_time_takes_the_time_trained(make_run: MakeRun) -> None:
    # The clock on the wall says otherwise: this run was interrupted for an hour.
    slow = make_run(line(0.0, 10.0, 20.0, seconds=2.0), milliseconds=3_600_000)
    fast = make_run(line(0.0, 10.0, 20.0, seconds=1.0), settings={"seed": 1, "algorithm": {"use": "a/b"}})
    axis = compare([slow, fast], against="time").report.figures["curves"].axes[0]
    mean = next(drawn for drawn in axis.lines if drawn.get_label() == "recipe")
    np.testing.assert_allclose(mean.get_xdata(), [2, 3])
    np.testing.assert_allclose(mean.get_ydata(), [(0 + 10) / 2, (5 + 20) / 2])
    assert axis.get_xlabel() == "training time (s)"


def test_against_cpu_takes_the_cpu_seconds(make_run: MakeRun) -> None:
    runs = [
        make_run(
            [(step, {**metrics, "time/cpu_seconds": cpu * step}) for step, metrics in line(0.0, 10.0, 20.0)],
            settings={"seed": seed, "algorithm": {"use": "a/b"}},
        )
        for seed, cpu in enumerate([0.1, 0.2])
    ]
    axis = compare(runs, against="cpu").report.figures["curves"].axes[0]
    mean = next(drawn for drawn in axis.lines if drawn.get_label() == "recipe")
    np.testing.assert_allclose(mean.get_xdata(), [2, 3])
    np.testing.assert_allclose(mean.get_ydata(), [(10 + 0) / 2, (20 + 5) / 2])
    assert axis.get_xlabel() == "CPU time of training (s)"


def test_runs_that_did_not_count_it_cannot_be_drawn_against_it(make_run: MakeRun) -> None:
    with pytest.raises(UserError, match="did not count their CPU time"):
        compare([make_run(line(1.0, 2.0))], against="cpu")


def test_without_that_clock_the_journal_tells_the_time(make_run: MakeRun) -> None:
    run = make_run([(1, {"a": 0.0}), (2, {"a": 1.0}), (3, {"a": 2.0})], milliseconds=500)
    np.testing.assert_allclose(read([run]).runs[0].curves["a"].seconds, [0, 0.5, 1])


def test_a_metric_between_ticks_of_the_clock_is_interpolated(make_run: MakeRun) -> None:
    run = make_run([(10, {"time/seconds": 1.0}), (15, {"a": 0.0}), (20, {"time/seconds": 3.0})])
    np.testing.assert_allclose(read([run]).runs[0].curves["a"].seconds, [2.0])


def test_points_that_are_not_finite_are_left_out_of_curves() -> None:
    steps = np.arange(4.0)
    broken = Curve(steps, steps, np.array([0.0, np.nan, np.inf, 6.0]))
    whole = Curve(steps, steps, np.array([0.0, 2.0, 4.0, 6.0]))
    found = band([[broken, whole]], "steps")
    np.testing.assert_allclose(found.mean, [0, 2, 4, 6])
    assert band([[Curve(steps, steps, np.full(4, np.nan))]], "steps") is None
    assert band([[]], "steps") is None


def test_curves_that_do_not_meet_have_no_mean() -> None:
    early, late = np.array([0.0, 1.0]), np.array([5.0, 6.0])
    assert band([[Curve(early, early, early), Curve(late, late, late)]], "steps") is None


def test_long_curves_are_thinned() -> None:
    steps = np.arange(5000.0)
    found = band([[Curve(steps, steps, steps)] * 2], "steps")
    assert len(found.x) == 200
    np.testing.assert_allclose(found.mean, found.x)
    assert found.complete


def test_a_single_run_is_drawn_and_told_to_have_no_interval(make_run: MakeRun) -> None:
    comparison = compare([make_run(line(1.0, 2.0), final={"score": 2.0})])
    assert table(comparison, "judge/score")["recipe"] == [1, 2.0, None, None, 2.0, 2.0]
    assert comparison.report.notes == ["A single run has no interval: recipe."]
    axis = comparison.report.figures["curves"].axes[0]
    assert [list(drawn.get_ydata()) for drawn in axis.lines] == [[1.0, 2.0]]
    assert not axis.collections
    assert comparison.to_dict()["scores"][0]["interval"] is None


def test_a_diverged_run_makes_its_group_nan(make_run: MakeRun) -> None:
    runs = [
        make_run(final={"score": value}, settings={"seed": seed, "algorithm": {"use": "a/b"}})
        for seed, value in enumerate([1.0, 2.0, float("nan")])
    ]
    comparison = compare(runs)
    assert np.isnan(table(comparison, "judge/score")["recipe"][1])
    answer = json.loads(json.dumps(comparison.to_dict(), allow_nan=False))
    assert answer["scores"][0]["interquartile_mean"] == "nan"


def test_strata_are_tasks(make_run: MakeRun) -> None:
    runs = [
        make_run(
            line(10.0 * task, 10.0 * task),
            settings={"seed": seed, "environment": {"use": f"p/{task}"}, "algorithm": {"use": "a/b", "k": k}},
            final={"score": 10.0 * task},
        )
        for k in (0, 1)
        for task in (1, 2)
        for seed in (0, 1)
    ]
    apart = compare(runs)
    assert len(apart.groups) == 4
    together = compare(runs, across="environment")
    assert [group.label for group in together.groups] == ["k=0", "k=1"]
    # Within a task all runs are alike, so the stratified interval has no width.
    assert table(together, "judge/score")["k=0"] == [4, 15.0, 15.0, 15.0, 10.0, 20.0]
    with pytest.raises(UserError, match="did you mean 'environment'"):
        compare(runs, across="enviroment")
    with pytest.raises(UserError, match="no setting 'env' to go across"):
        compare(runs, across="env")


def test_metrics_are_found_by_name_and_by_last_part(make_run: MakeRun) -> None:
    run = make_run(line(1.0, 2.0), final={"score": 3.0, "other": 4.0})
    assert list(compare([run]).report.tables) == ["judge/score", "judge/other"]
    assert list(compare([run], ["judge/other"]).report.tables) == ["judge/other"]
    assert list(compare([run], ["score"]).report.tables) == ["judge/score"]
    once = compare([run], ["other"])
    assert not once.report.figures
    assert any("recorded once" in note for note in once.report.notes)
    with pytest.raises(UserError) as error:
        compare([run], ["scor"])
    assert "no run has a metric 'scor'" in str(error.value)
    assert "did you mean 'score'" in str(error.value)
    assert "metrics: judge/other, judge/score, monitor/score, time/seconds" in str(error.value)


def test_the_final_metric_of_an_evaluator_is_meant(make_run: MakeRun) -> None:
    curve = [
        (step, {"train/judge": 0.9, "train/rate": 0.8, "monitor/judge/rate": value})
        for step, value in enumerate([0.1, 0.2])
    ]
    run = make_run(curve, final={"rate": 0.3, "rate_low": 0.2})
    for name in ("judge", "rate"):
        comparison = compare([run], [name])
        assert list(comparison.report.tables) == ["judge/rate"]
        assert [axis.get_title() for axis in comparison.report.figures["curves"].axes] == ["judge: rate"]
        (note,) = [note for note in comparison.report.notes if note.startswith(f"{name} is taken for")]
        assert "judge/rate; it could also be" in note and f"train/{name}" in note
    whole = compare([run], ["train/judge"])
    assert list(whole.report.tables) == ["train/judge"]
    assert not any("taken for" in note for note in whole.report.notes)


def test_what_some_runs_lack_is_left_out_for_them(make_run: MakeRun) -> None:
    with_it = make_run(final={"score": 1.0, "extra": 2.0}, name="one", settings={"k": 1})
    without = make_run(final={"score": 3.0}, name="two", settings={"k": 2})
    comparison = compare([with_it, without])
    assert list(table(comparison, "judge/extra")) == ["one"]
    assert list(table(comparison, "judge/score")) == ["one", "two"]


def test_stages_have_metrics_of_their_own(make_run: MakeRun) -> None:
    run = make_run(line(1.0, 2.0), final={"score": 3.0}, stage="pretrain")
    comparison = compare([run])
    assert table(comparison, "pretrain/judge/score")["recipe"][1] == 3.0
    assert [axis.get_title() for axis in comparison.report.figures["curves"].axes] == ["pretrain: score"]


def test_curves_are_titled_and_labelled_for_people(make_run: MakeRun) -> None:
    def run(environment: str, unit: str) -> str:
        points = [(step, {"monitor/success_rate/rate": 0.5}) for step in (1, 2)]
        made = make_run(points, settings={"environment": {"use": environment}})
        (Path("runs") / made / "progress.json").write_text(json.dumps({"axis": unit}))
        return made

    push = run("her/fetch_push", "env steps")
    axis = compare([push]).report.figures["curves"].axes[0]
    assert axis.get_title() == "FetchPush: success rate"
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("environment steps", "success rate")
    axis = compare([push, run("her/fetch_slide", "updates")]).report.figures["curves"].axes[0]
    assert (axis.get_title(), axis.get_xlabel()) == ("success rate", "steps")


def test_a_run_that_is_not_finished_is_compared_and_told(make_run: MakeRun) -> None:
    killed = make_run(line(1.0, 2.0), status="RUNNING", name="gone")  # no process is there
    running = make_run(line(1.0, 2.0), status="RUNNING", name="there", settings={"k": 2})
    run = Run.open(Path("runs") / running)
    run.state.pid, run.state.host = os.getpid(), os.uname().nodename
    run.state.pid_created = psutil.Process().create_time()
    run.save()
    with (run.folder / "metrics.jsonl").open("a") as journal:
        journal.write('{"step": 30, "ti')  # half a line, as it is written
    notes = compare([killed, running]).report.notes
    assert f"gone ({killed[:8]}) is not finished: KILLED." in notes
    assert f"there ({running[:8]}) is not finished: RUNNING." in notes


def test_runs_without_metrics_are_refused(make_run: MakeRun) -> None:
    with pytest.raises(UserError, match="no metrics yet"):
        compare([make_run()])
    with pytest.raises(UserError, match="no run 'nonsense'"):
        compare(["nonsense"])


def make_sweep(make_run: MakeRun, statuses: Sequence[str]) -> str:
    """A sweep over seeds, one run for each status."""
    parent = make_run(name="mine")
    (Path("runs") / parent / "sweep.json").write_text("{}")
    for number, status in enumerate(statuses):
        values = {"WAITING": [], "FAILED": [number]}.get(status, [number, number + 1])
        settings = {"seed": number, "algorithm": {"use": "a/b"}}
        run_id = make_run(line(*values), name=f"seed={number}", settings=settings, status=status)
        run = Run.open(Path("runs") / run_id)
        run.state.parent, run.state.choices = parent, {"seed": str(number)}
        run.save()
    return parent


def test_a_sweep_stands_for_its_runs(make_run: MakeRun) -> None:
    parent = make_sweep(make_run, ["FINISHED", "FINISHED", "FAILED", "WAITING"])
    comparison = compare(["mine"])
    assert [group.label for group in comparison.groups] == ["mine"]
    assert table(comparison, "monitor/score")["mine"][:2] == [2, 1.5]
    assert "Left out, for they failed: seed=2." in comparison.report.notes
    assert "Not begun yet: seed=3." in comparison.report.notes
    assert comparison.folder == Path("runs") / parent / "comparison"
    for texts in (["mine", parent, parent[:8]], ["last"]):
        assert [run.name for run in compare(texts).groups[0].runs] == ["seed=0", "seed=1"]
    with pytest.raises(UserError, match="none of them has begun"):
        compare([make_sweep(make_run, ["WAITING", "WAITING"])])


@pytest.mark.usefixtures("zygote", "workplace")
def test_a_sweep_here_and_in_the_tracking_store_is_the_same(tracking_uri: str) -> None:
    from framework.runs.store import Store
    from framework.sweep import sweep
    from tests.zygote import ForkedChildren

    settings = ["algorithm.lr=0.1,0.2", "seed=0,1", "algorithm.steps=12"]
    summary = sweep("recipe.yaml", settings, executor=ForkedChildren(2))
    here = compare([summary.name])
    assert [group.label for group in here.groups] == ["lr=0.1", "lr=0.2"]
    files = here.save()
    assert {file.name for file in files} == {"report.json", "index.html", "curves.png"}
    assert all(file.parent == summary.folder / "comparison" for file in files)
    artifacts = Store(tracking_uri).client.list_artifacts(summary.run_id, "comparison")
    assert {artifact.path.rpartition("/")[2] for artifact in artifacts} == {file.name for file in files}

    shutil.rmtree("runs")
    there = compare([summary.run_id])
    assert there.scores == here.scores
    assert [g.label for g in there.groups] == [g.label for g in here.groups]
    one = compare([summary.rows[0].run_id, summary.rows[2].run_id], ["error/mse"])
    assert [score.mean for score in one.scores] == [
        summary.rows[0].metrics["error/mse"],
        summary.rows[2].metrics["error/mse"],
    ]
    with pytest.raises(UserError, match="here or in the tracking store"):
        compare(["0" * 32])


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(group, ["compare", *arguments])


def test_the_command_prints_and_writes(make_run: MakeRun) -> None:
    runs = [
        make_run(line(1.0, 2.0), final={"score": 1.0 + k}, settings={"algorithm": {"use": "a/b", "k": k}})
        for k in (0, 1)
    ]
    result = invoke(*runs)
    assert result.exit_code == 0, result.output
    assert "judge/score" in result.stdout
    assert "k=0" in result.stdout
    assert "written: runs/comparison/index.html" in result.stderr
    assert Path("runs/comparison/curves.png").read_bytes().startswith(b"\x89PNG")

    assert invoke(*runs, "--out", "deep/er/x.png").exit_code == 0
    assert Path("deep/er/x.png").read_bytes().startswith(b"\x89PNG")
    assert invoke(*runs, "--out", "x.svg", "--against", "time").exit_code == 0
    assert "training time" in Path("x.svg").read_text() or Path("x.svg").stat().st_size > 1000
    assert invoke(*runs, "--out", "x.html").exit_code == 0
    page = Path("x.html").read_text()
    assert "data:image/png;base64" in page
    assert "judge/score" in page

    answer = json.loads(invoke(*runs, "--json", "--metric", "judge/score").stdout)
    assert [score["interquartile_mean"] for score in answer["scores"]] == [1.0, 2.0]
    assert answer["groups"][1] == {"label": "k=1", "runs": [runs[1]]}


def test_the_command_refuses_what_it_cannot_do(make_run: MakeRun) -> None:
    run = make_run(final={"score": 1.0})
    assert "give a file that ends in .png" in str(invoke(run, "--out", "x.jpeg2000").exception)
    assert "no curves to draw" in str(invoke(run, "--out", "x.png").exception)
    Path("file").touch()
    assert "cannot write file/x.html" in str(invoke(run, "--out", "file/x.html").exception)
    assert invoke().exit_code == 2
    assert invoke(run, "--against", "patience").exit_code == 2


def test_subjects_know_their_last_value() -> None:
    subject = Subject("id", "name", "FINISHED")
    assert subject.final("score") is None


def test_a_group_of_seeds_is_called_by_the_name_they_share(make_run: MakeRun) -> None:
    for name in ("her-k=0-seed=0", "her-k=0-seed=1"):
        make_run(line(1.0, 2.0), name=name)
    assert [group.label for group in compare(["her-k=0-seed=0", "her-k=0-seed=1"]).groups] == ["her-k=0"]


def test_a_run_trained_longer_is_kept_apart_from_one_that_was_always_that_long(make_run: MakeRun) -> None:
    settings = {"algorithm": {"use": "a/b", "budget": 20}}
    runs = [make_run(line(1.0, 2.0), settings=settings, name=f"her-seed={seed}") for seed in range(3)]
    for run_id in runs[1:]:
        run = Run.open(Path("runs") / run_id)
        run.state.changes = [{"values": {"algorithm.budget": [10, 20], "evaluators.0.n": [1, 2]}}]
        run.save()
    assert [len(group.runs) for group in compare(runs).groups] == [1, 2]
