"""Environment variables in recipes: which may be read, and that their values are recorded nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from framework.errors import UserError, without_secrets
from framework.recipe import Recipe, RecipeError, load_text
from framework.recipe.model import Use, plain
from framework.recipe.variables import OPEN, read
from framework.registry import Registry

from . import fake

LEARN = "use: toy/learn, budget: {steps: 10}"
SECRET = "sesame-4711"


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", SECRET)
    monkeypatch.setenv("NUMBER", "4711")
    monkeypatch.setenv("SIZES", "[4711, 8]")
    monkeypatch.setenv("OTHER", "other-0815")
    monkeypatch.setenv("FRAMEWORK_ENV", "TOKEN, NUMBER,SIZES")
    monkeypatch.setenv("USER", "ada")
    monkeypatch.delenv("UNSET", raising=False)


def found(data: Any, path: str) -> Any:
    for key in path.split("."):
        data = data[int(key)] if isinstance(data, list) else data[key]
    return data


def given(recipe: Recipe, path: str) -> Any:
    """What a part of a recipe gets to use."""
    section, _, rest = path.partition(".")
    stage = recipe.stages["main"]
    used = {"algorithm": stage.algorithm, "model": stage.model, "tracking": recipe.tracking}[section]
    return found(plain(used.arguments if isinstance(used, Use) else used), rest)


@pytest.mark.parametrize(
    ("sections", "path", "value", "recorded"),
    [
        ("algorithm: {LEARN, base: '${oc.env:TOKEN}'}", "algorithm.base", SECRET, "${oc.env:TOKEN}"),
        ("algorithm: {LEARN, base: '${oc.env:TOKEN}/x'}", "algorithm.base", SECRET + "/x",
         "${oc.env:TOKEN}/x"),
        ("algorithm: {LEARN, base: '${oc.env:UNSET,${oc.env:TOKEN}}'}", "algorithm.base", SECRET,
         "${oc.env:UNSET,${oc.env:TOKEN}}"),
        ("algorithm: {LEARN, anything: {a: ['${oc.env:TOKEN}']}}", "algorithm.anything.a.0", SECRET,
         "${oc.env:TOKEN}"),
        ("algorithm: {LEARN, k: '${oc.decode:${oc.env:NUMBER}}'}", "algorithm.k", 4711,
         "${oc.decode:${oc.env:NUMBER}}"),
        ("algorithm: {LEARN, sizes: '${oc.decode:${oc.env:SIZES}}'}", "algorithm.sizes", [4711, 8],
         "${oc.decode:${oc.env:SIZES}}"),
        ("algorithm: {LEARN, base: '${tracking.uri}/x'}\ntracking: {uri: 'a-${oc.env:TOKEN}'}",
         "algorithm.base", f"a-{SECRET}/x", "a-${oc.env:TOKEN}/x"),
        ("algorithm: {LEARN, k: '${.high}', high: '${oc.decode:${oc.env:NUMBER}}'}", "algorithm.k", 4711,
         "${oc.decode:${oc.env:NUMBER}}"),
        ("algorithm: {LEARN, k: 4, base: 's${seed}-${oc.env:TOKEN}-${algorithm.k}'}", "algorithm.base",
         f"s3-{SECRET}-4", "s3-${oc.env:TOKEN}-4"),
        ("algorithm: {LEARN, anything: {a: '${oc.env:TOKEN}', b: '${.a}!', c: '${algorithm.anything.b}'}}",
         "algorithm.anything.c", SECRET + "!", "${oc.env:TOKEN}!"),
        ("algorithm: {LEARN, base: '${oc.select:tracking.uri,x}'}\ntracking: {uri: '${oc.env:TOKEN}'}",
         "algorithm.base", SECRET, None),
        ("algorithm: {LEARN}\nmodel: {use: toy/net, weights: '${checkpoint:${oc.env:TOKEN}}'}",
         "model.weights", f"${{checkpoint:{SECRET}}}", "${checkpoint:${oc.env:TOKEN}}"),
        ("algorithm: {LEARN}\ntracking: {tags: {a: '${oc.env:TOKEN}'}}", "tracking.tags.a", SECRET,
         "${oc.env:TOKEN}"),
        ("algorithm: {LEARN}\nmodel: {use: toy/net, start: '${oc.env:TOKEN}${oc.env:USER}'}", "model.start",
         SECRET + "ada", "${oc.env:TOKEN}${oc.env:USER}"),
    ],
)  # fmt: skip
def test_the_value_is_used_and_the_reference_recorded(
    sections: str, path: str, value: Any, recorded: str | None, toys: Registry
) -> None:
    text = "seed: 3\n" + sections.replace("LEARN", LEARN)
    if recorded is None:  # it depends on the recipe in a way that cannot be written out
        with pytest.raises(RecipeError, match=r"write \$\{oc\.env:TOKEN\} itself here"):
            load_text(text, registry=toys)
        return
    recipe = load_text(text, registry=toys)
    written = recipe.to_yaml()
    assert SECRET not in written
    assert "4711" not in written
    assert found(recipe.resolved(), path) == recorded
    again = load_text(written, registry=toys)
    assert again.to_yaml() == written
    assert given(again, path) == given(recipe, path) == value


def test_in_stages(toys: Registry) -> None:
    text = f"""
tracking: {{run_name: "${{seed}}-${{oc.env:TOKEN}}", tags: {{k: "${{algorithm.base}}"}}}}
seed: 5
algorithm: {{{LEARN}, base: "${{oc.env:TOKEN}}/${{seed}}"}}
stages: {{a: {{}}, b: {{seed: 6, algorithm: {{low: 1}}}}}}
"""
    recipe = load_text(text, overrides=["stages.b.algorithm.anything=${.base}x"], registry=toys)
    written = recipe.resolved()
    assert SECRET not in recipe.to_yaml()
    assert [stage["algorithm"]["base"] for stage in written["stages"].values()] == [
        "${oc.env:TOKEN}/5", "${oc.env:TOKEN}/6"
    ]  # fmt: skip
    assert written["stages"]["b"]["algorithm"]["anything"] == "${oc.env:TOKEN}/6x"
    assert written["tracking"]["run_name"] == "5-${oc.env:TOKEN}"
    assert written["tracking"]["tags"] == {"k": "${oc.env:TOKEN}/5"}
    again = load_text(recipe.to_yaml(), registry=toys)
    assert again.to_yaml() == recipe.to_yaml()
    assert again.tracking == recipe.tracking
    learn = [
        [fake.Learn(**s.algorithm.arguments) for s in each.stages.values() if s.algorithm]
        for each in (recipe, again)
    ]
    assert learn[0] == learn[1]
    assert [one.base for one in learn[0]] == [Path(SECRET, "5"), Path(SECRET, "6")]


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ("algorithm: {LEARN, k: '${oc.env:TOKEN}'}",
         "parameter 'k' of algorithm toy/learn cannot be ${oc.env:TOKEN}\n  expected a whole"),
        ("algorithm: {LEARN, k: '${oc.env:NUMBER}'}",
         "cannot be ${oc.env:NUMBER}\n  expected a whole number >= 0, not a string"),
        ("algorithm: {LEARN, rate: '${oc.decode:${oc.env:NUMBER}}'}",
         "cannot be ${oc.decode:${oc.env:NUMBER}}\n  expected a number > 0 and < 1"),
        ("algorithm: {LEARN, schedule: [1, '${oc.env:TOKEN}']}", "cannot be ${oc.env:TOKEN}\n"),
        ("algorithm: {LEARN, k: ['${oc.env:TOKEN}']}", "cannot be a value with ${oc.env:TOKEN}\n"),
        ("algorithm: {LEARN, order: '${oc.env:TOKEN}'}", "cannot be ${oc.env:TOKEN}\n  expected first in or"),
        ("algorithm: {LEARN, low: '${oc.decode:${oc.env:NUMBER}}'}",
         "algorithm toy/learn refuses its values, and there is a value with ${oc.decode:${oc.env:NUMBER}}"),
        ("algorithm: {LEARN}\nmodel: {use: toy/net, start: '${oc.decode:${oc.env:NUMBER}}'}",
         "cannot be ${oc.decode:${oc.env:NUMBER}}\n  expected a string"),
        ("algorithm: {use: '${oc.env:TOKEN}'}", "${oc.env:TOKEN} names no algorithm"),
        ("algorithm: '${oc.env:TOKEN}'", "the algorithm is a string, not a section"),
        ("algorithm: {LEARN, k: '${oc.decode:${oc.env:TOKEN}\\,}'}",
         "the interpolation fails on what the environment variable 'TOKEN' holds"),
        ("algorithm: {LEARN, k: '${algorithm.${oc.env:TOKEN}}'}",
         "the interpolation fails on what the environment variable 'TOKEN' holds"),
        ("algorithm: {LEARN, anything: '${oc.create:{${oc.env:TOKEN}: 1}}'}", "TOKEN"),
        ("trainer: {max_time: '${oc.env:TOKEN}'}\nalgorithm: {LEARN}", "${oc.env:TOKEN}"),
        ("trainer: '${oc.env:TOKEN}'\nalgorithm: {LEARN}", "'trainer' is a string"),
    ],
)  # fmt: skip
def test_no_message_shows_the_value(sections: str, said: str, toys: Registry) -> None:
    with pytest.raises(RecipeError) as caught:
        load_text(sections.replace("LEARN", LEARN), registry=toys)
    assert SECRET not in str(caught.value)
    assert "4711" not in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["${oc.env:OTHER}", "${oc.env:OTHER,x}", "a${oc.env:${oc.env:WHICH}}", "${oc.${oc.decode:env}:OTHER}"],
)
def test_a_variable_that_is_not_allowed(text: str, toys: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHICH", "OTHER")
    monkeypatch.setenv("FRAMEWORK_ENV", "WHICH")
    recipe = f"algorithm: {{{LEARN}, base: '{text}'}}"
    with pytest.raises(RecipeError) as caught:
        load_text(recipe, registry=toys)
    said = str(caught.value)
    assert "recipe:1:56: the recipe may not read the environment variable 'OTHER'\n  if you trust" in said
    assert "FRAMEWORK_ENV=OTHER" in said
    monkeypatch.setenv("FRAMEWORK_ENV", "WHICH,OTHER")
    load_text(recipe, registry=toys)


def test_a_default_needs_no_permission_where_nothing_is_read(toys: Registry) -> None:
    recipe = load_text(f"algorithm: {{{LEARN}, base: '${{oc.env:UNSET,here}}'}}", registry=toys)
    assert recipe.resolved()["algorithm"]["base"] == "here"


def test_open_variables_need_no_permission(toys: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FRAMEWORK_ENV")
    for name in OPEN:
        monkeypatch.setenv(name, f"/{name}")
        recipe = load_text(f"algorithm: {{{LEARN}, base: '${{oc.env:{name}}}'}}", registry=toys)
        assert recipe.resolved()["algorithm"]["base"] == f"${{oc.env:{name}}}"


def test_a_variable_that_is_gone(toys: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    written = load_text(f"algorithm: {{{LEARN}, base: '${{oc.env:TOKEN}}'}}", registry=toys).to_yaml()
    monkeypatch.delenv("TOKEN")
    with pytest.raises(RecipeError, match="the environment variable 'TOKEN' is not set\n  set it, or give"):
        load_text(written, registry=toys)


def test_names_for_the_server_show_open_variables_only(toys: Registry) -> None:
    text = f"""
algorithm: {{{LEARN}}}
tracking:
  uri: "postgresql://me:${{oc.env:TOKEN}}@host/db"
  run_name: "${{oc.env:USER}}-${{oc.env:TOKEN}}"
  experiment: "${{oc.env:USER}}-x"
  tags: {{who: "${{oc.env:USER}}", token: "${{oc.env:TOKEN}}"}}
"""
    recipe = load_text(text, registry=toys)
    assert recipe.tracking.run_name == f"ada-{SECRET}"
    named = recipe.tracking_names
    assert named.uri == "postgresql://me:${oc.env:TOKEN}@host/db"
    assert read(named.uri) == f"postgresql://me:{SECRET}@host/db"
    assert (named.run_name, named.experiment) == ("${oc.env:USER}-${oc.env:TOKEN}", "ada-x")
    assert named.tags == {"who": "ada", "token": "${oc.env:TOKEN}"}
    assert without_secrets(f"cannot connect to {recipe.tracking.uri}") == f"cannot connect to {named.uri}"


def test_a_recorded_text_that_cannot_be_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOKEN")
    with pytest.raises(UserError, match=r"\$\{oc.env:TOKEN\}: the environment variable in it is not set"):
        read("http://${oc.env:TOKEN}")
    with pytest.raises(UserError, match="may not read the environment variable 'OTHER'"):
        read("http://${oc.env:OTHER}")


def test_open_variables_are_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "recipes.md").read_text(encoding="utf-8")
    assert [name for name in OPEN if f"`{name}`" not in text] == []
