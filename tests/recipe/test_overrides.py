"""What overrides change."""

from __future__ import annotations

from typing import Any

import pytest

from framework.recipe import load_text
from framework.registry import Registry

TEXT = """
seed: 1
algorithm: {use: toy/learn, budget: {steps: 10}, extra: {a: 1}, by_level: {1: easy}, sizes: [1, 2]}
evaluators: [{use: toy/judge, episodes: 5}, {use: toy/judge}]
trainer:
"""


@pytest.mark.parametrize(
    ("override", "path", "value"),
    [
        ("seed=2", "seed", 2),
        ("algorithm.rate=1e-2", "algorithm.rate", 0.01),
        ("algorithm.budget.steps=3e5", "algorithm.budget.steps", 300_000),
        ("algorithm.sizes=[3]", "algorithm.sizes", [3]),
        ("algorithm.sizes.1=7", "algorithm.sizes", [1, 7]),
        ("algorithm.extra.b=2", "algorithm.extra", {"a": 1.0, "b": 2.0}),
        ("algorithm.extra={b: 2}", "algorithm.extra", {"a": 1.0, "b": 2.0}),
        ("algorithm.by_level.1=hard", "algorithm.by_level", {1: "hard"}),
        ("algorithm.by_level.2=hard", "algorithm.by_level", {1: "easy", 2: "hard"}),
        ("algorithm.anything.deep.er=1", "algorithm.anything", {"deep": {"er": 1}}),
        ("algorithm.anything=a=b", "algorithm.anything", "a=b"),
        ("algorithm.anything=", "algorithm.anything", None),
        ("algorithm.anything='4'", "algorithm.anything", "4"),
        ("algorithm.anything=x # y", "algorithm.anything", "x"),
        ("algorithm.later={seconds: 3}", "algorithm.later", {"steps": None, "seconds": 3.0}),
        (
            "algorithm={use: toy/fragile}",
            "algorithm",
            {"use": "toy/fragile", "value": 0, "brittle": None, "unreadable": None},
        ),
        ("evaluators.0.episodes=20", "evaluators.0.episodes", 20),
        ("evaluators.1={episodes: 7}", "evaluators.1.episodes", 7),
        ("evaluators=[]", "evaluators", []),
        ("trainer.threads=2", "trainer.threads", 2),
        ("tracking.tags.paper='2017'", "tracking.tags", {"paper": "2017"}),
    ],
)
def test_effect(override: str, path: str, value: Any, toys: Registry) -> None:
    found: Any = load_text(TEXT, overrides=[override], registry=toys).resolved()
    for key in path.split("."):
        found = found[int(key)] if isinstance(found, list) else found[key]
    assert found == value


def test_the_last_of_several_wins_and_all_are_recorded(toys: Registry) -> None:
    recipe = load_text(TEXT, overrides=["seed=2", "algorithm.k=1", "seed=3"], registry=toys)
    assert recipe.stages["main"].seed == 3
    assert recipe.overrides == ("seed=2", "algorithm.k=1", "seed=3")


def test_an_override_can_name_the_component(toys: Registry) -> None:
    recipe = load_text(
        "seed: 1", overrides=["algorithm.use=toy/learn", "algorithm.budget.steps=3"], registry=toys
    )
    assert recipe.stages["main"].algorithm is not None
