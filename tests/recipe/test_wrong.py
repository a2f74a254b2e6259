"""Every wrong recipe of the corpus is refused with exactly the message written beside it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from framework.recipe import RecipeError, load
from framework.registry import Registry

from .corpus import Case, cases

CORPUS = list(cases())
PLACE = re.compile(r"(\S+\.yaml:[1-9]\d*:[1-9]\d*|override '.*', column [1-9]\d*): \S")


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: f"{case.topic}: {case.title}")
def test_message(case: Case, folder: Path, toys: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEWORK_TEST_FOUR", "4")
    monkeypatch.setenv("FRAMEWORK_TEST_FIVE", "5")
    monkeypatch.setenv("FRAMEWORK_ENV", "FRAMEWORK_TEST_FOUR")
    case.write(folder)
    with pytest.raises(RecipeError) as caught:
        load("recipe.yaml", case.overrides, toys)
    assert str(caught.value) == case.says


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: f"{case.topic}: {case.title}")
def test_every_problem_has_a_place(case: Case) -> None:
    assert case.says
    for line in case.says.split("\n"):
        assert line.startswith("  ") or PLACE.match(line), line


def test_the_corpus_is_large() -> None:
    assert len(CORPUS) >= 60
    assert len({(case.topic, case.title) for case in CORPUS}) == len(CORPUS)
