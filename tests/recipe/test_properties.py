"""Whatever is written: a recipe or a RecipeError; and what is recorded reads back the same."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from framework.recipe import Recipe, RecipeError, load, load_text
from framework.recipe.model import plain
from framework.recipe.yaml import dump, parse

from . import fake

TOYS = fake.registry()
GOOD = (Path(__file__).parent / "whole.yaml").read_text(encoding="utf-8")
FRAGMENTS = [
    *(
        "${",
        "}",
        "${seed}",
        "${.k}",
        "${oc.env:HOME}",
        "${checkpoint:first}",
        "\\",
        "???",
        "{",
        "[",
        "]",
        ":",
        ",",
    ),
    *(
        "\n",
        " ",
        "  ",
        "- ",
        "\t",
        "'",
        '"',
        "&a ",
        "*a",
        "<<: ",
        "#",
        "!!int ",
        "!x ",
        "|",
        ">",
        "%",
        "---\n",
        "? ",
    ),
    *(
        "seed",
        "use",
        "stages",
        "extends",
        "toy/learn",
        "algorithm",
        "null",
        "true",
        "1e999",
        ".nan",
        "-1",
        "~",
        "é",
    ),
]
# A deadline would measure the other work of the machine.
EXAMPLES = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def either(text: str, *overrides: str) -> Recipe | None:
    try:
        return load_text(text, overrides=overrides, registry=TOYS)
    except RecipeError:
        return None


@EXAMPLES
@given(st.text())
def test_any_text(text: str) -> None:
    either(text)


@EXAMPLES
@given(st.lists(st.sampled_from(FRAGMENTS)).map("".join))
def test_any_fragments(text: str) -> None:
    either(text)


@EXAMPLES
@given(st.integers(0, len(GOOD)), st.integers(0, 12), st.lists(st.sampled_from(FRAGMENTS), max_size=3))
def test_a_good_recipe_with_a_slip(position: int, removed: int, inserted: list[str]) -> None:
    either(GOOD[:position] + "".join(inserted) + GOOD[position + removed :])


@EXAMPLES
@given(st.lists(st.tuples(st.sampled_from(GOOD.split("\n")), st.integers(0, 4)), max_size=12))
def test_lines_of_a_good_recipe_in_disorder(lines: list[tuple[str, int]]) -> None:
    either("\n".join(" " * indent + line for line, indent in lines))


KEYS = st.one_of(
    st.text(max_size=5),
    st.sampled_from(
        ["seed", "algorithm", "use", "k", "stages", "first", "evaluators", "0", "budget", "steps"]
    ),
)


@EXAMPLES
@given(
    st.lists(KEYS, min_size=1, max_size=4).map(".".join),
    st.one_of(st.text(max_size=8), st.lists(st.sampled_from(FRAGMENTS), max_size=4).map("".join)),
)
def test_any_override(key: str, value: str) -> None:
    either(GOOD, f"{key}={value}")
    either(GOOD, key + value)


@EXAMPLES
@given(st.binary())
def test_any_bytes(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_bytes(content)
    with contextlib.suppress(RecipeError):
        load(path, registry=TOYS)


TEXTS = st.one_of(st.text(), st.lists(st.sampled_from(FRAGMENTS), max_size=5).map("".join)).filter(
    lambda text: text != "???"
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63) + 1, 2**63 - 1), st.floats(allow_nan=False), TEXTS
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.text(), st.integers(-9, 9)), inner, max_size=4).filter(
            lambda found: len({str(key) for key in found}) == len(found)
        ),
    ),
    max_leaves=12,
)


@EXAMPLES
@given(VALUES)
@example("\x85")
@example({"\u2028": "\u2029\n\ufeff"})
def test_yaml_reads_what_it_writes(value: Any) -> None:
    assert parse(dump(value), "text").data == value


@EXAMPLES
@given(VALUES, st.integers(0, 2**32 - 1), st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_resolved_is_the_same_recipe(value: Any, seed: int, rate: float) -> None:
    learn = {"use": "toy/learn", "budget": {"steps": 1}, "anything": plain(value), "rate": rate}
    recipe = load_text(dump({"seed": seed, "algorithm": learn}), registry=TOYS)
    use = recipe.stages["main"].algorithm
    assert use is not None
    assert use.arguments["anything"] == value
    again = load_text(recipe.to_yaml(), registry=TOYS)
    assert again.resolved() == recipe.resolved()
    assert again.to_yaml() == recipe.to_yaml()
    assert fake.build_from(use) == fake.build_from(again.stages["main"].algorithm)
