"""Rows -> the datasets an environment is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from framework_codex.problem import Problem

if TYPE_CHECKING:
    from datasets import Dataset

PAIR = ("task_id", "prompt", "completion")


def text_table(texts: Iterable[str]) -> Dataset:
    """The column `text`."""
    return _table({"text": list(texts)}, {})


def pair_table(rows: Iterable[Mapping[str, str]]) -> Dataset:
    """The columns of supervised pairs."""
    kept = list(rows)
    return _table({column: [row[column] for row in kept] for column in PAIR}, {})


def problem_table(problems: Iterable[Problem]) -> Dataset:
    """The columns of `Problem.row()`."""
    rows = [problem.row() for problem in problems]
    columns = {field.name: [row[field.name] for row in rows] for field in fields(Problem)}
    return _table(columns, {"atol": "float64", "length": "int64", "stdin": "bool"})


def _table(columns: dict[str, list[Any]], types: Mapping[str, str]) -> Dataset:
    # The types are written down, because a column without rows would have none.
    from datasets import Dataset, Features, Value

    features = Features({name: Value(types.get(name, "string")) for name in columns})
    return Dataset.from_dict(columns, features=features)
