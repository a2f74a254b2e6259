"""Callbacks and loggers of Lightning in a recipe: they do their work, and go on when a run is resumed."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import torch

import framework
from framework.errors import UserError
from framework.runs import Run, find_run
from framework.runs.checkpoints import checkpoints, load_checkpoint

RECIPE = """\
environment: {use: tiny/points}
model: {use: tiny/line}
algorithm: {use: tiny/fitting}
evaluators: [{use: tiny/error}]
trainer:
  accelerator: cpu
  max_epochs: 20
  callbacks:
    - {use: EarlyStopping, monitor: val/from_best, patience: 3}
    - {use: ModelCheckpoint, monitor: val/from_best}
  loggers: [{use: CSVLogger, flush_logs_every_n_steps: 1}]
tracking: {experiment: tiny, system_metrics: false, log_model: false}
"""


@pytest.fixture
def recipe(workplace: Path) -> str:
    (workplace / "recipe.yaml").write_text(RECIPE)
    return "recipe.yaml"


def weights(run: Run, name: str = "") -> dict[str, torch.Tensor]:
    path = run.folder / "checkpoints" / (name or run.state.stages[""].checkpoint)
    state: dict[str, torch.Tensor] = load_checkpoint(path)["state_dict"]
    return state


def looked(run: Run) -> list[float]:
    """What the logger of the recipe has been told of the validations."""
    found = []
    for path in sorted(run.folder.glob("logs/*/*/metrics.csv")):
        with path.open() as file:
            found += [float(row["val/from_best"]) for row in csv.DictReader(file) if row["val/from_best"]]
    return found


def test_the_best_checkpoint_is_judged_and_the_training_stops(
    recipe: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", "framework"):
        result = framework.run(recipe, quiet=True)
    assert (
        "EarlyStopping: Monitored metric val/from_best did not improve in the last 3 records" in caplog.text
    )
    assert "Best score: 0.000; the training ended after 12 of 40 steps" in caplog.text
    assert looked(result.run) == [2, 1, 0, 1, 2, 3]  # epochs 0 to 5
    assert result.run.state.stages[""].checkpoint == "kept/epoch=2-step=6.ckpt"
    short = framework.run(recipe, ["trainer.callbacks=[]", "trainer.max_epochs=3"], quiet=True)
    assert short.run.state.stages[""].checkpoint == "step-000000006.ckpt"
    assert all(torch.equal(value, weights(short.run)[name]) for name, value in weights(result.run).items())
    last = weights(result.run, "step-000000012.ckpt")
    assert not torch.equal(last["model.weight"], weights(result.run)["model.weight"])
    assert result.metrics == short.metrics
    again = framework.evaluate(result.run.state.run_id)
    assert again["error"].metrics["mse"] == result.metrics["error/mse"]


@pytest.mark.parametrize("step", [5, 9])
def test_resumed_they_go_on(step: int, recipe: str, workplace: Path) -> None:
    (workplace / "fail").touch()
    cut = [f"algorithm.fail_at={step}", "trainer.checkpoint_every=1"]
    with pytest.raises(RuntimeError, match="told to fail"):
        framework.run(recipe, cut, quiet=True)
    (workplace / "fail").unlink()
    run = framework.resume("last", quiet=True).run
    assert looked(run) == [2, 1, 0, 1, 2, 3]
    whole = framework.run(recipe, quiet=True).run
    assert run.state.stages[""].checkpoint == whole.state.stages[""].checkpoint
    for name in ("", "step-000000012.ckpt"):
        assert all(torch.equal(value, weights(whole, name)[key]) for key, value in weights(run, name).items())


def test_one_that_is_damaged_is_not_judged(recipe: str) -> None:
    framework.run(recipe, quiet=True)
    run = find_run("last")
    (run.folder / "checkpoints" / "kept" / "epoch=2-step=6.ckpt").write_bytes(b"")
    run.state.stages[""].finished = False
    run.state.status = "KILLED"
    run.save()
    assert framework.resume("last", quiet=True).run.state.stages[""].checkpoint == "step-000000012.ckpt"


def test_ones_own(recipe: str, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (workplace / "own_parts.py").write_text(
        "from pathlib import Path\n"
        "from lightning.pytorch import Callback\n"
        "class Count(Callback):\n"
        "    def __init__(self, path: str, start: int = 0):\n"
        "        self.path, self.steps = path, start\n"
        "    def on_train_batch_end(self, *_):\n"
        "        self.steps += 1\n"
        "        Path(self.path).write_text(str(self.steps))\n"
        "def not_a_callback(): return 3\n"
    )
    monkeypatch.syspath_prepend(workplace)
    count = "trainer.callbacks=[{use: 'own_parts:Count', path: steps.txt, start: 100}]"
    framework.run(recipe, [count, "trainer.max_epochs=1"], quiet=True)
    assert Path("steps.txt").read_text() == "102"
    with pytest.raises(UserError, match="unknown parameter 'strat' for callback own_parts:Count\n"):
        framework.run(recipe, [count.replace("start", "strat")])
    wrong = "trainer.callbacks=[{use: 'own_parts:not_a_callback'}]"
    with pytest.raises(UserError, match=r"builds a int, which is no lightning.*Callback"):
        framework.run(recipe, [wrong], quiet=True)
    with pytest.raises(UserError, match="EarlyStopping cannot be built: MisconfigurationException"):
        framework.run(recipe, ["trainer.callbacks.0.mode=low"], quiet=True)
    with pytest.raises(UserError, match=r"Lightning refuses .* `val/lss`"):
        framework.run(recipe, ["trainer.callbacks.0.monitor=val/lss"], quiet=True)


LOOK = "monitor: monitor/error/mse, mode: max"  # of a descent the first is the worst, or the best by this
LOOKED_AT = [
    "algorithm={use: tiny/descent, steps: 20}",
    "evaluators=[{use: tiny/error, every: 3}]",
    f"trainer.callbacks=[{{use: EarlyStopping, patience: 3, {LOOK}}}, {{use: ModelCheckpoint, {LOOK}}}]",
]


def test_what_evaluators_find_is_monitored(recipe: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "framework"):
        run = framework.run(recipe, LOOKED_AT, quiet=True).run
    assert "monitor/error/mse did not improve in the last 3 records" in caplog.text
    assert "the training ended after 12 of 20 steps" in caplog.text  # seen at 3, 6, 9 and 12
    assert run.state.stages[""].checkpoint == "kept/epoch=0-step=3.ckpt"
    short = framework.run(recipe, [*LOOKED_AT, "trainer.callbacks=[]", "algorithm.steps=3"], quiet=True).run
    assert all(torch.equal(value, weights(short)[name]) for name, value in weights(run).items())


def test_what_was_monitored_is_known_when_resumed(recipe: str, workplace: Path) -> None:
    (workplace / "fail").touch()
    cut = ["algorithm.fail_at=11", "algorithm.fail_while=fail", "trainer.checkpoint_every=1"]
    with pytest.raises(RuntimeError, match="told to fail"):
        framework.run(recipe, [*LOOKED_AT, *cut], quiet=True)
    (workplace / "fail").unlink()
    run = framework.resume("last", quiet=True).run
    assert run.state.stages[""].checkpoint == "kept/epoch=0-step=3.ckpt"
    assert checkpoints(run.folder / "checkpoints")[0].name == "step-000000012.ckpt"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("trainer.callbacks.0.monitor=monitor/eror/mse", "EarlyStopping monitors monitor/eror/mse, which no"),
        ("trainer.callbacks.1.monitor=monitor/error/rmse", "does not find: monitor/error/mse"),
        ("evaluators.0.every=0", "give an evaluator `every`"),
    ],
)
def test_what_no_evaluator_finds_is_refused(change: str, said: str, recipe: str) -> None:
    with pytest.raises(UserError, match=said):
        framework.run(recipe, [*LOOKED_AT, change], quiet=True)


def test_what_an_evaluator_finds_is_no_divergence(recipe: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import framework_tiny.parts as parts

    monkeypatch.setattr(parts.Error, "monitor", lambda *_: {"loss": float("nan")})
    result = framework.run(recipe, [*LOOKED_AT[:2], "trainer.callbacks=[]"], quiet=True)
    assert result.run.state.status == "FINISHED"
