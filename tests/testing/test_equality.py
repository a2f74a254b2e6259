"""assert_same: equal bit for bit, and where not."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

from framework.testing import assert_same


@dataclass
class Pair:
    left: Any
    right: Any


VALUE: Any = {
    "array": np.array([[1.0, np.nan], [np.inf, -0.0]]),
    "tensor": torch.tensor([1.0, torch.nan], dtype=torch.bfloat16),
    "flags": np.array([True, False]),
    "objects": np.array([None, {"a": np.zeros(2)}], dtype=object),
    "list": [1, 2.5, "three", None, (4, float("nan"))],
    "pair": Pair(np.arange(3), b"bytes"),
    "empty": np.zeros((0, 3)),
    "scalar": np.float64(0.1),
}


def test_a_copy_is_the_same() -> None:
    assert_same(copy.deepcopy(VALUE), VALUE)


def _with(key: str, value: Any) -> Any:
    return {**copy.deepcopy(VALUE), key: value}


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (
            _with("array", np.array([[1.0, np.nan], [np.inf, 1e-300]])),
            "value['array'] differs in 1 of 4 elements, first at (1, 1)",
        ),
        (_with("array", VALUE["array"].astype(np.float32)), "value['array'] has dtype float32, not float64"),
        (_with("array", VALUE["array"][:1]), "value['array'] has shape (1, 2), not (2, 2)"),
        (_with("array", [[1.0]]), "value['array'] is a list, not an array"),
        (_with("tensor", torch.tensor([1.0, 2.0], dtype=torch.bfloat16)), "value['tensor'] differs"),
        (_with("tensor", torch.tensor([1.0, torch.nan])), "value['tensor'] has dtype torch.float32"),
        (
            _with("objects", np.array([None, {"a": np.ones(2)}], dtype=object)),
            "value['objects'][1]['a'] differs",
        ),
        (_with("list", [1, 2.5, "three", None, (4, 0.0)]), "value['list'][4][1] is 0.0, not nan"),
        (_with("list", [1, 2.5]), "value['list'] has 2 items, not 5"),
        (
            _with("list", [1.0, 2.5, "three", None, (4, float("nan"))]),
            "value['list'][0] is a float, not a int",
        ),
        (_with("pair", Pair(np.arange(3), b"other")), "value['pair'].right is b'other'"),
        (_with("more", 1), "value lacks [] and has unexpected [\"'more'\"]"),
        (_with("scalar", np.float64(0.1) + 1e-17 * 3), "value['scalar']"),
        ([], "value is a list, not a dict"),
    ],
)
def test_a_difference_is_placed(found: Any, message: str) -> None:
    with pytest.raises(AssertionError, match=re.escape(message)):
        assert_same(found, VALUE)


def test_a_long_difference_is_short() -> None:
    long = bytes(range(256)) * 100
    other = long[:5000] + b"\0" + long[5001:]
    for found, expected, said in (
        (long, other, "at 5000"),
        (str(long), str(other), "differs first at"),
        (long[:-1], long, "at 25599"),
    ):
        with pytest.raises(AssertionError) as caught:
            assert_same({"buffer": found}, {"buffer": expected})
        message = str(caught.value)
        assert message.startswith("value['buffer'] is ")
        assert said in message
        assert len(message) < 700
    with pytest.raises(AssertionError) as caught:
        assert_same(range(10_000), 3)
    assert len(str(caught.value)) < 900
