"""The pytest fixtures for plugin authors."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from framework.testing.fixtures import RunCommand, RunRecipe

RECIPE = {
    "environment": {"use": "tiny/points"},
    "model": {"use": "tiny/line"},
    "algorithm": {"use": "tiny/descent", "steps": 20},
    "evaluators": [{"use": "tiny/error"}],
    "trainer": {"accelerator": "cpu"},
    "tracking": {"experiment": "tiny", "system_metrics": False, "log_model": False},
}


def test_a_mapping_is_run_in_the_tests_own_folder(
    framework_run: RunRecipe, tiny_plugin: Path, tmp_path: Path
) -> None:
    result = framework_run(RECIPE, ["seed=3"])
    assert any(name.startswith("error/") for name in result.metrics)
    assert Path.cwd() == tmp_path
    assert (tmp_path / "runs" / result.run.state.run_id).is_dir()


def test_a_command_answers_as_it_would_a_shell(framework_command: RunCommand) -> None:
    right = framework_command("list", "model")
    assert (right.exit_code, right.stderr) == (0, "")
    assert "her/actor_critic" in right.stdout
    wrong = framework_command("info", "her/actor_crtic")
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert "did you mean 'her/actor_critic'" in wrong.stderr


def test_having_the_fixtures_imports_nothing_heavy() -> None:
    program = (
        "import sys, framework.testing.fixtures, framework.testing\n"
        "heavy = {'torch', 'lightning', 'mlflow', 'numpy', 'gymnasium'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_who_asks_for_the_network_fails_though_it_passes_over_the_error(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import contextlib, urllib.request\n\n"
        "def test_asks(no_network):\n"
        "    with contextlib.suppress(OSError):\n"
        "        urllib.request.urlopen('http://localhost:9')\n\n"
        "def test_asks_not(no_network): pass\n"
    )
    options = ["-p", "framework.testing.fixtures", "-p", "no:cacheprovider", "-q"]
    command = [sys.executable, "-m", "pytest", *options, str(tmp_path)]
    printed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    assert "2 passed, 1 error" in printed, printed
