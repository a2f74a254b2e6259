"""Names that MLflow refuses, judged by MLflow's own rules."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow.exceptions import MlflowException
from mlflow.utils.validation import _validate_metric, _validate_param_name, _validate_tag_name

from framework.runs.names import Names, file_name, image_name, mlflow_name, shown

AWKWARD = st.text(st.sampled_from("ab/.:_- @#%é\n\0"), max_size=12)


def mlflow_takes(name: str) -> bool:
    try:
        _validate_metric(name, 1.0, 0, 0)
        _validate_param_name(name)
        _validate_tag_name(name)
    except MlflowException:
        return False
    return True


@given(st.text() | AWKWARD | st.text(min_size=200, max_size=400))
def test_every_name_becomes_one_that_mlflow_takes(name: str) -> None:
    assert mlflow_takes(mlflow_name(name))
    assert re.match(r"^[a-zA-Z0-9_\-./ ]+$", image_name(name))
    assert len(image_name(name)) <= 120


@given(st.text(st.sampled_from("abé12/_-. :"), min_size=1, max_size=20))
def test_a_name_that_mlflow_takes_is_left_alone(name: str) -> None:
    if mlflow_takes(name) and "/.." not in name:
        assert mlflow_name(name) == name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("reached@1", "reached_1"),
        ("/lead", "lead"),
        ("a//b/", "a/b"),
        ("../up", "__/up"),
        ("a/./b", "a/_/b"),
        ("", "_"),
        ("größe", "größe"),
    ],
)
def test_what_becomes_of_names(name: str, expected: str) -> None:
    assert mlflow_name(name) == expected


@given(st.lists(AWKWARD, unique=True, max_size=8))
def test_different_names_stay_different(names: list[str]) -> None:
    for accepted in (mlflow_name, file_name):
        rename = Names(accepted)
        found = [rename(name) for name in names]
        assert len(set(found)) == len(names)
        assert [rename(name) for name in names] == found


def test_a_change_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    rename = Names(mlflow_name, "metric")
    for _ in range(3):
        assert rename("reached@1") == "reached_1"
        assert rename("plain") == "plain"
    assert [record.message for record in caplog.records] == [
        "MLflow takes no metric called 'reached@1': there it is 'reached_1'"
    ]


@given(st.text(max_size=300) | AWKWARD)
def test_any_title_can_name_a_file_of_this_folder(title: str) -> None:
    name = file_name(title)
    assert Path(name).name == name
    assert not name.startswith(".")
    assert len(name.encode()) <= 100


def test_what_is_cut_off_shows() -> None:
    assert shown("x" * 500, 500) == "x" * 500
    assert shown("x" * 501, 500) == "x" * 499 + "…"
    assert shown("a\0b\ud800", 500) == "a?b?"
