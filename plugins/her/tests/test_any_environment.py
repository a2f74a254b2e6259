"""Hindsight learns in goal environments of gymnasium that no plugin offers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import framework_her.fetch
from framework.testing import check_algorithm, check_environment
from framework.testing.fixtures import RunRecipe

PAGE = Path(__file__).parents[3] / "docs" / "your-environment.md"
REACH = {"use": "gymnasium/make", "id": "tests.gym.reach:tests/Reach-v0", "num_envs": 2}
MODEL = {"use": "her/actor_critic", "hidden": [16]}
HINDSIGHT: dict[str, Any] = {
    "use": "her/hindsight",
    "budget": {"env_steps": 10_000},
    "steps_per_cycle": 25,
    "updates_per_cycle": 2,
    "batch_size": 32,
}


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the page shows; returns the recipe's."""
    blocks = re.findall(r'```\w+ title="([^"]+)"\n(.*?)```', PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for name, text in blocks:
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path / "arm.yaml"


def test_a_resumed_training_equals_an_uninterrupted_one() -> None:
    check_algorithm(HINDSIGHT, environment=REACH, model=MODEL)


def test_what_cannot_be_saved_is_named_to_its_author() -> None:
    connected = {**REACH, "id": "tests.gym.reach:tests/Connected-v0"}
    with pytest.raises(AssertionError, match=r"cannot be saved: Connected\.connection cannot be saved"):
        check_algorithm(HINDSIGHT, environment=connected, model=MODEL)


def test_rewards_that_targets_are_not_made_for_are_refused(framework_run: RunRecipe) -> None:
    with pytest.raises(Exception, match=r"(?s)rewards from 0 to 1.*clip_targets: false"):
        framework_run(
            {
                "environment": {**REACH, "kwargs": {"bonus": 1.0}},
                "model": MODEL,
                "algorithm": HINDSIGHT,
                "tracking": {"system_metrics": False, "log_model": False},
            }
        )


def test_the_page_shows_an_environment_that_keeps_its_contract(shown: Path) -> None:
    check_environment({"use": "gymnasium/make", "id": "my_robot:Arm-v0", "num_envs": 2}, steps=70)


def test_a_single_fetch_environment_is_saved() -> None:
    framework_her.fetch.register()
    section = {"use": "gymnasium/make", "id": "framework_her/FetchReach-v0", "num_envs": 1}
    check_environment({**section, "max_episode_steps": 7}, steps=12)


@pytest.mark.slow
def test_what_the_page_shows_learns(shown: Path, framework_run: RunRecipe) -> None:
    assert framework_run(shown).metrics["success_rate/rate"] > 0.9
