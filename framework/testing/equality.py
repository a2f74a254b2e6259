"""Exact comparison of nested values, with the place of the first difference."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

_SHOWN = 80  # characters or bytes of a long one that a message shows


def assert_same(found: Any, expected: Any, what: str = "value") -> None:
    """Check that two nested values are equal bit for bit; NaN equals NaN.

    Goes into mappings, sequences, dataclasses, tensors and arrays.

    Args:
        found: what is there.
        expected: what should be.
        what: the name of the whole, for the message.

    Raises:
        AssertionError: they differ; the message names the place, as in `state['buffer'][3]`.
    """
    if isinstance(expected, torch.Tensor):
        _same_tensors(found, expected, what)
    elif isinstance(expected, np.ndarray):
        _same_arrays(found, expected, what)
    elif isinstance(expected, Mapping):
        assert isinstance(found, Mapping), f"{what} is a {_kind(found)}, not a {_kind(expected)}"
        _same_names(set(found), set(expected), what)
        for key in expected:
            assert_same(found[key], expected[key], f"{what}[{key!r}]")
    elif isinstance(expected, Sequence) and not isinstance(expected, (str, bytes)):
        assert isinstance(found, Sequence), f"{what} is a {_kind(found)}, not a {_kind(expected)}"
        assert len(found) == len(expected), f"{what} has {len(found)} items, not {len(expected)}"
        for index, (one, other) in enumerate(zip(found, expected, strict=True)):
            assert_same(one, other, f"{what}[{index}]")
    elif dataclasses.is_dataclass(expected) and not isinstance(expected, type):
        assert type(found) is type(expected), f"{what} is a {_kind(found)}, not a {_kind(expected)}"
        for field in dataclasses.fields(expected):
            assert_same(getattr(found, field.name), getattr(expected, field.name), f"{what}.{field.name}")
    else:
        assert type(found) is type(expected), f"{what} is a {_kind(found)}, not a {_kind(expected)}"
        both_nan = isinstance(expected, float) and found != found and expected != expected
        assert both_nan or found == expected, f"{what} is {_short(found, expected)}"


def _same_tensors(found: Any, expected: torch.Tensor, what: str) -> None:
    assert isinstance(found, torch.Tensor), f"{what} is a {_kind(found)}, not a tensor"
    assert found.dtype == expected.dtype, f"{what} has dtype {found.dtype}, not {expected.dtype}"
    _same_arrays(_array(found), _array(expected), what)


def _same_arrays(found: Any, expected: np.ndarray, what: str) -> None:
    assert isinstance(found, np.ndarray), f"{what} is a {_kind(found)}, not an array"
    assert found.dtype == expected.dtype, f"{what} has dtype {found.dtype}, not {expected.dtype}"
    assert found.shape == expected.shape, f"{what} has shape {found.shape}, not {expected.shape}"
    if expected.dtype == object:
        assert_same(found.tolist(), expected.tolist(), what)
        return
    if found.tobytes() == expected.tobytes():
        return
    different = found != expected
    if expected.dtype.kind in "fc":
        different &= ~(np.isnan(found) & np.isnan(expected))
    count = int(np.count_nonzero(different))
    if count:
        where = tuple(int(axis[0]) for axis in np.nonzero(np.atleast_1d(different)))
        values = f"{np.atleast_1d(found)[where]} instead of {np.atleast_1d(expected)[where]}"
        raise AssertionError(
            f"{what} differs in {count} of {expected.size} elements, first at {where}: {values}"
        )


def _array(tensor: torch.Tensor) -> np.ndarray:
    tensor = tensor.detach().cpu()
    if tensor.dtype == torch.bfloat16:
        tensor = tensor.view(torch.int16)
    return np.asarray(tensor.numpy())


def _same_names(found: set[Any], expected: set[Any], what: str) -> None:
    assert found == expected, (
        f"{what} lacks {sorted(map(repr, expected - found))} "
        f"and has unexpected {sorted(map(repr, found - expected))}"
    )


def _short(found: Any, expected: Any) -> str:
    """`3, not 4`; of long texts and bytes what is around their first difference."""
    if isinstance(expected, (str, bytes)) and max(len(found), len(expected)) > _SHOWN:
        pairs = enumerate(zip(found, expected, strict=False))
        at = next((i for i, (one, other) in pairs if one != other), min(len(found), len(expected)))
        part = slice(max(at - _SHOWN // 4, 0), at + _SHOWN // 2)
        return (
            f"{len(found)} long, not {len(expected)}, and differs first at {at}: "
            f"...{found[part]!r}... instead of ...{expected[part]!r}..."
        )
    return f"{found!r:.400}, not {expected!r:.400}"


def _kind(value: Any) -> str:
    return type(value).__name__
