"""Weights from files, of strangers too."""

from __future__ import annotations

import os
import pickle
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from framework import load_weights
from framework.errors import UserError
from framework.runs.checkpoints import CheckedCheckpointIO, CorruptCheckpointError

RAN: list[str] = []


class Evil:
    def __reduce__(self) -> Any:
        return RAN.append, ("code of the file",)


class Own:
    """A class of a plugin, in its checkpoints."""


@pytest.fixture
def model() -> torch.nn.Module:
    return torch.nn.Linear(2, 1)


def checkpoint(model: torch.nn.Module, **more: Any) -> dict[str, Any]:
    return {"state_dict": {f"model.{name}": value for name, value in model.state_dict().items()}, **more}


def test_weights_with_a_wrong_digest_are_refused(tmp_path: Path, model: torch.nn.Module) -> None:
    path = tmp_path / "a.ckpt"
    CheckedCheckpointIO().save_checkpoint(checkpoint(model), path)
    other = torch.nn.Linear(2, 1)
    load_weights(other, path)
    assert torch.equal(other.weight, model.weight)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(CorruptCheckpointError, match="truncated or altered"):
        load_weights(other, path)


def test_what_our_checkpoints_hold_is_read(tmp_path: Path, model: torch.nn.Module) -> None:
    generator = np.random.default_rng(0)
    more = {
        "arrays": [np.zeros(3, dtype) for dtype in ("f4", "f8", "i8", "u1", "?", "U3", "S3", "M8[s]", "c8")],
        "record": np.zeros(2, dtype=[("a", "f4")]),
        "numbers": (np.float64(1), np.int64(2), float("nan"), 2**127, b"bytes", {1, 2}, None),
        "generators": (generator.bit_generator.state, random.getstate(), torch.get_rng_state()),
        "legacy": np.random.get_state(),  # noqa: NPY002
        "size": torch.Size([1]),
    }
    torch.save(checkpoint(model, **more), tmp_path / "a.ckpt")
    other = torch.nn.Linear(2, 1)
    load_weights(other, tmp_path / "a.ckpt")
    assert torch.equal(other.weight, model.weight)


def _zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a.txt", "b")


def _npz(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, a=np.zeros(3))


def _truncated(path: Path) -> None:
    torch.save(checkpoint(torch.nn.Linear(2, 1)), path)
    path.write_bytes(path.read_bytes()[:-200])


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda path: None, "is not a checkpoint that can be read: No such file or directory"),
        (Path.mkdir, "is not a checkpoint that can be read: Is a directory"),
        (Path.touch, "is not a checkpoint that can be read"),
        (lambda path: path.write_text("weights"), "is not a checkpoint that can be read"),
        (
            lambda path: path.write_text("{'state_dict': {}}"),
            "is not a checkpoint that can be read",
        ),
        (lambda path: path.write_bytes(os.urandom(500)), "is not a checkpoint that can be read"),
        (lambda path: path.write_bytes(pickle.dumps([1, 2])), "is not "),
        (lambda path: path.write_bytes(pickle.dumps({"state_dict": {}})), "is not "),
        (_npz, "is not a checkpoint that can be read"),
        (_zip, "is not a checkpoint that can be read"),
        (_truncated, "is not a checkpoint that can be read"),
        (lambda path: torch.save([1, 2], path), "it has no 'state_dict' (list)"),
        (lambda path: torch.save(torch.zeros(2), path), "it has no 'state_dict' (Tensor)"),
        (lambda path: torch.save({"a": 1, "weight": 2}, path), "it has no 'state_dict' (keys 'a', 'weight')"),
        (lambda path: torch.save({"state_dict": [1]}, path), "it has no 'state_dict'"),
        (lambda path: torch.save({"state_dict": {3: 1}}, path), "it has no 'state_dict'"),
        (lambda path: torch.save({"state_dict": {}}, path), "is not like this one"),
        (
            lambda path: torch.save({"state_dict": {"model.weight": [1], "model.bias": 2}}, path),
            "is not like",
        ),
        (
            lambda path: torch.save({"state_dict": {"model.weight": torch.zeros(5)}}, path),
            "is not like this one",
        ),
        (lambda path: torch.save({"state_dict": {}, "x": Evil()}, path), "it holds "),
        (lambda path: torch.save(checkpoint(torch.nn.Linear(2, 1), x=Own()), path), "it holds "),
    ],
)
def test_a_file_that_is_none_is_refused_and_runs_no_code(
    write: Callable[[Path], Any], said: str, tmp_path: Path, model: torch.nn.Module
) -> None:
    path = tmp_path / "a.ckpt"
    write(path)
    with pytest.raises(UserError) as caught:
        load_weights(model, path)
    assert str(caught.value).startswith(
        f"weights: {path} " if "like" not in said else "weights: the model in"
    )
    assert said in str(caught.value)
    assert "weights_only" not in str(caught.value)
    assert RAN == []


def test_a_plugin_may_allow_its_own_classes(tmp_path: Path, model: torch.nn.Module) -> None:
    torch.save(checkpoint(model, own=Own()), tmp_path / "a.ckpt")
    with torch.serialization.safe_globals([Own]):
        load_weights(torch.nn.Linear(2, 1), tmp_path / "a.ckpt")
