from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.errors import UserError
from framework.recipe.yaml import parse
from framework.runs.names import short_names
from framework.sweep.axes import Axes, Range, split_values, written


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0,4", ["0", "4"]),
        ("1e-3, 1e-4", ["1e-3", "1e-4"]),
        ("[64,64],[256,256]", ["[64,64]", "[256,256]"]),
        ("[[1,2],[3]],[]", ["[[1,2],[3]]", "[]"]),
        ("{a: 1, b: 2},{a: 3, b: 4}", ["{a: 1, b: 2}", "{a: 3, b: 4}"]),
        ("'a,b',c", ["'a,b'", "c"]),
        ('"a,\\"b",c', ['"a,\\"b"', "c"]),
        ("['a,]', b],c", ["['a,]', b]", "c"]),
        ("don't,won't", ["don't", "won't"]),
        ("'it''s, so',b", ["'it''s, so'", "b"]),
        ("${checkpoint:a},${checkpoint:b}", ["${checkpoint:a}", "${checkpoint:b}"]),
        ("her/fetch_push,her/fetch_reach", ["her/fetch_push", "her/fetch_reach"]),
        ("", [""]),
        ("null", ["null"]),
    ],
)
def test_commas_separate_outside_brackets_and_quotes(text: str, values: list[str]) -> None:
    assert split_values(text, f"key={text}") == values


_texts = st.text(max_size=8) | st.text(alphabet="a,'\"[]{}: \\", max_size=8)
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=6,
)
_quoted = _texts.map(lambda text: "'" + text.replace("'", "''") + "'")
_written = (
    _values.map(json.dumps)  # every JSON text is YAML
    | _quoted
    | st.lists(_quoted).map(lambda texts: f"[{', '.join(texts)}]")
    | st.from_regex(r"[a-z][a-z0-9_./' -]*[a-z]", fullmatch=True)
)


@given(st.lists(_written, min_size=1, max_size=4))
def test_values_are_split_where_they_were_joined(texts: list[str]) -> None:
    assert split_values(",".join(texts), "key=...") == texts


def test_values_of_a_recipe_are_written_as_overrides_read_them() -> None:
    values = [
        0,
        1e-3,
        True,
        None,
        "p/x",
        "two words",
        " ends ",
        "1",
        "1e3",
        "true",
        "null",
        "a, b",
        "${seed}",
        "it's",
        "[",
        "é",
        [1, "x"],
        {"k": [None]},
    ]
    axis = Axes.parse([f"key={','.join(map(written, values))}"]).axes[0]
    assert [parse(text, "override", override_column=5).data for text in axis.values] == values


@given(st.text(alphabet="ab,[]{}'\"\\ :", max_size=30))
def test_whatever_is_written_is_split_or_refused(text: str) -> None:
    try:
        values = split_values(text, "key")
    except UserError:
        return
    assert "".join(values).replace(" ", "").replace(",", "") == text.replace(" ", "").replace(",", "")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["algorithm.k"], "not of the form key=value"),
        (["=1,2"], "not of the form key=value"),
        (["seed=0,1", "seed=2"], "seed is given twice"),
        (["seed=0,1,1"], "the value 1 is given twice"),
        (["seed=0,,1"], "no value between two commas"),
        (["seed=0,"], "no value between two commas"),
        (["hidden=[64,64"], "] is missing"),
        (["hidden={a: 1"], "} is missing"),
        (["name='a,b"], "' is missing"),
        (["tracking.uri=a,b"], "tracked in one place"),
        (["lr=1e-4..1e-2"], "is a range, for a search: add --trials"),
    ],
)
def test_what_cannot_be_read_is_refused(settings: list[str], said: str) -> None:
    with pytest.raises(UserError) as error:
        Axes.parse(settings)
    assert said in str(error.value)


def test_every_combination_once_the_last_key_fastest() -> None:
    axes = Axes.parse(["algorithm.k=0,4", "model.hidden=[64,64]", "seed=0,1,2"])
    combinations = list(axes.combinations())
    assert [c.name for c in combinations] == [f"k={k} seed={seed}" for k in (0, 4) for seed in (0, 1, 2)]
    assert combinations[1].overrides == ("algorithm.k=0", "model.hidden=[64,64]", "seed=1")
    assert combinations[1].choices == {"algorithm.k": "0", "seed": "1"}


def test_names_are_as_short_as_they_can_be() -> None:
    keys = ["seed", "algorithm.k", "environment.use", "actor.lr", "critic.lr", "a.b.c", "x.b.c"]
    assert list(short_names(keys).values()) == [
        "seed", "k", "environment", "actor.lr", "critic.lr", "a.b.c", "x.b.c",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected", "log"),
    [
        ("1e-4..1e-2", Range(1e-4, 1e-2, whole=False), True),
        ("0.5..1", Range(0.5, 1.0, whole=False), False),
        (".9...999", Range(0.9, 0.999, whole=False), False),
        ("1..8", Range(1, 8, whole=True), False),
        ("-1..1000", Range(-1, 1000, whole=True), False),
        ("1..1_000", Range(1, 1000, whole=True), True),
    ],
)
def test_ranges(text: str, expected: Range, log: bool) -> None:
    (axis,) = Axes.parse([f"key={text}"], ranges=True).axes
    assert axis.range == expected
    assert axis.range.log is log


@pytest.mark.parametrize("text", ["2..1", "1..1", "1..2,3..4", "1..2,5", "1.2.3..4"])
def test_wrong_ranges_are_refused(text: str) -> None:
    with pytest.raises(UserError, match="range"):
        Axes.parse([f"key={text}"], ranges=True)
