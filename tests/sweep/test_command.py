"""`framework sweep` as it is used: its children are processes of their own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner

from framework.cli.group import group
from framework.errors import UserError
from tests.sweep.helpers import runs_of, wait_until
from tests.zygote import Forked

pytestmark = pytest.mark.usefixtures("workplace")
ARGUMENTS = ["sweep", "recipe.yaml", "seed=0,1", "algorithm.steps=100", "algorithm.pause=0.02"]


def start(*arguments: str, output: str, fork: bool = False) -> Forked:
    return Forked("tests.zygote:run_command", [arguments, fork], Path(output))


def runs_a_child(sweep: int) -> bool:
    """Whether a sweep's process has started one for a child, however little that has done."""
    with contextlib.suppress(psutil.Error):
        return any("resume" in one.cmdline() for one in psutil.Process(sweep).children())
    return False


@pytest.mark.slow
@pytest.mark.usefixtures("zygote")
def test_killed_interrupted_and_brought_to_its_end() -> None:
    with start(*ARGUMENTS, output="1.log") as process:
        wait_until(lambda: runs_a_child(process.pid))
        process.kill(signal.SIGKILL)
    wait_until(lambda: runs_of()[0].alive)  # it lives on

    with start(*ARGUMENTS, output="2.log") as process:
        wait_until(lambda: "still running" in process.output.read_text())
        wait_until(lambda: any(path.stat().st_size for path in runs_of()[0].folder.glob("metrics.jsonl")))
        os.killpg(process.pid, signal.SIGINT)  # what Ctrl-C does
        assert process.wait() == 130, process.output.read_text()
    run = runs_of()[0]
    assert run.state.status == "KILLED"
    assert list(run.folder.glob("checkpoints/*.ckpt"))
    assert (run.folder / "output.log").read_text().count("stopped by SIG") == 1

    run_id = run.state.run_id
    name = next(line for line in Path("2.log").read_text().splitlines() if "--resume" in line).split()[-1]
    with start("sweep", "--resume", name, "--jobs", "2", "--json", output="3.log") as process:
        assert process.wait(120) == 0, process.output.read_text()
    printed = process.output.read_text()
    answer = json.loads(printed[printed.index("{\n") :])
    assert answer["sweep"] == name
    assert answer["finished"]
    assert [run["status"] for run in answer["runs"]] == ["finished", "finished"]
    assert answer["runs"][0]["run_id"] == run_id
    assert [run["choices"] for run in answer["runs"]] == [{"seed": "0"}, {"seed": "1"}]
    assert all(Path(run["log"]).is_file() and run["metrics"]["error/mse"] > 0 for run in answer["runs"])


@pytest.mark.usefixtures("zygote")
def test_failures_and_what_to_do_are_printed() -> None:
    with start(
        "sweep", "recipe.yaml", "algorithm.lr=0.1,1e30", "algorithm.batch=[100]", output="log", fork=True
    ) as process:
        assert process.wait(120) == 2, process.output.read_text()
    printed = process.output.read_text()
    assert "combination" in printed
    assert "lr=1e30 failed: train/loss became" in printed
    assert f"{runs_of()[1].folder / 'output.log'}" in printed
    assert "framework sweep --resume recipe-" in printed
    assert "framework compare recipe-" in printed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give a RECIPE, or --resume NAME"),
        (["recipe.yaml", "seed=0,1", "--trials", "3"], "both --trials N and --metric NAME"),
        (["recipe.yaml", "seed=0,1", "--metric", "x"], "both --trials N and --metric NAME"),
        (["recipe.yaml", "--resume", "mine"], "give no recipe"),
        (["--resume", "mine"], "no sweep 'mine'"),
        (["nothing.yaml", "seed=0,1"], "no such file"),
    ],
)
def test_wrong_arguments(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(group, ["sweep", *arguments])
    assert isinstance(result.exception, UserError)
    assert said in str(result.exception)


@pytest.mark.parametrize("arguments", [["recipe.yaml", "seed=0,1", "--jobs", "0"], ["--direction", "up"]])
def test_wrong_options(arguments: list[str]) -> None:
    assert CliRunner().invoke(group, ["sweep", *arguments]).exit_code == 2


def test_the_sweep_itself_stays_light() -> None:
    # It waits beside its children, who need the memory; and Optuna is an extra.
    code = (
        "import sys, framework.sweep, framework.compare\n"
        "print([name for name in ('torch', 'lightning', 'mlflow', 'optuna') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


def test_without_optuna_one_is_told_what_to_install() -> None:
    code = (
        "import sys; sys.modules['optuna'] = None\n"
        "from framework.cli import main\n"
        "main(['sweep', 'recipe.yaml', 'algorithm.lr=1e-3..1e-1', '--trials', '2', '--metric', 'mse'])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert found.returncode == 2
    assert found.stderr == "error: a search needs Optuna: pip install optuna\n"
    assert not Path("runs").exists()
