"""What overrides change."""

from __future__ import annotations

import re
from typing import Any

import pytest

from framework.recipe import RecipeError, load_text
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
        ("algorithm.anything=x # y", "algorithm.anything", "x # y"),
        ("algorithm.anything=007", "algorithm.anything", 7),
        ("algorithm.anything=${seed} #7", "algorithm.anything", "1 #7"),
        ("algorithm.by_level.1=1e5", "algorithm.by_level", {1: "1e5"}),
        ("algorithm.base=C #2", "algorithm.base", "C #2"),
        ("algorithm.base=007", "algorithm.base", "007"),
        ("tracking.tags.paper=2017", "tracking.tags", {"paper": "2017"}),
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


#: What a shell hands over when somebody means a name: to YAML a comment, a number, a directive, ...
TEXTS = [
    "fix #7", "#7", " # ", "007", "1e5", "1_000", "0x1F", "0o17", "-1", ".5", ".inf", ".nan", "1e999",
    "123456789012345678901234567890123456789012", "true", "False", "2024-01-01", "12:30:45", "%x",
    "%YAML 1.2",
    "@x", "`x`", "- x", "-", "a: b", "a:", "? x", "?", ": x", ":", "!x", "!!int 3", "!", "&a", "&a b", "*a",
    "*", "|", ">", "> x", "| x", "---", "--- x", "...", "<<", "=", "a=b", ",", "a, b", "]", "}", "a [b",
    "a {b",
    "don't", "it's \"so\"", "back\\slash", "é", "two\nlines", "a\n b: c\n", "\ttab", "-x", "x:y", "a  b",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_taken_as_typed(text: str, toys: Registry) -> None:
    overrides = [f"{key}={text}" for key in ("model.start", "tracking.run_name", "tracking.tags.a")]
    recipe = load_text(TEXT, overrides=["model.use=toy/net", *overrides], registry=toys)
    for read in (recipe, load_text(recipe.to_yaml(), registry=toys)):
        model = read.stages["main"].model
        assert model is not None
        assert model.arguments["start"] == read.tracking.run_name == read.tracking.tags["a"] == text


@pytest.mark.parametrize("text", ["null", "~", ""])
def test_null_where_it_is_allowed_and_text_where_it_is_not(text: str, toys: Registry) -> None:
    overrides = ["model.use=toy/net", f"model.start={text}", f"tracking.run_name={text}"]
    recipe = load_text(TEXT, overrides=overrides, registry=toys)
    model = recipe.stages["main"].model
    assert model is not None
    assert (model.arguments["start"], recipe.tracking.run_name) == (text, None)


@pytest.mark.parametrize(
    "value",
    [
        "[draft] x",
        "[a]",
        "{a: b}",
        "'a' b",
        '"a" #7',
        "'a' #7",
        "[a] # b",
        "{a: b #7}",
        "[a #7, b]",
        "['",
        '"',
    ],
)
@pytest.mark.parametrize("key", ["tracking.run_name", "model.start", "algorithm.sizes"])
def test_what_begins_like_a_list_or_a_quote_is_refused_where_it_is_none(
    key: str, value: str, toys: Registry
) -> None:
    with pytest.raises(RecipeError) as caught:
        load_text(TEXT, overrides=["model.use=toy/net", f"{key}={value}"], registry=toys)
    said = str(caught.value)
    assert said.startswith(f"override {f'{key}={value}'!r}, column ")
    assert key == "algorithm.sizes" or re.search("quote|bracket", said)


def test_a_comment_is_refused_as_a_number(toys: Registry) -> None:
    with pytest.raises(RecipeError, match=r"parameter 'k' of algorithm toy/learn cannot be '4 #x'"):
        load_text(TEXT, overrides=["algorithm.k=4 #x"], registry=toys)


def test_a_stage_of_its_own_does_not_see_the_typed_text_of_the_top(toys: Registry) -> None:
    text = f"{TEXT}\nmodel: {{use: toy/net}}\nstages: {{a: {{}}, b: {{model: {{start: x}}}}}}"
    recipe = load_text(text, overrides=["model.start=007", "stages.a.model.start=1e5"], registry=toys)
    starts = [stage.model.arguments["start"] for stage in recipe.stages.values() if stage.model]
    assert starts == ["1e5", "x"]
