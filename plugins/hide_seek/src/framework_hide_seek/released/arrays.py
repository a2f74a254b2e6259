"""Arrays: what is in a released policy's file, by the names that its layers have."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framework.errors import UserError

#: What a file holds beside arrays: its network as a pickled description, which is not read.
_DESCRIPTION = "policy_fn_and_args"


class Arrays:
    """The arrays of one file.

    They are called as TensorFlow called its variables, `policy/policy_net//dense6-0/kernel:0`: the first
    part, empty parts and `:0` are left out here.

    Args:
        path: the file. No code in it is run.

    Raises:
        UserError: it is no such file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with np.load(path, allow_pickle=False) as file:
                found = {name: file[name] for name in file.files if name != _DESCRIPTION}
        except (OSError, ValueError, EOFError, zipfile.BadZipFile, TypeError, AttributeError) as error:
            reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
            raise UserError(f"{path} is not a file of arrays, .npz: {reason}") from None
        self.arrays = {_plain(name): array for name, array in found.items()}
        if not any(name.startswith("policy_net/") for name in self.arrays):
            some = ", ".join(list(found)[:3]) or "nothing"
            raise UserError(
                f"{path} holds no policy of the released ones: it has {some}\n"
                "  theirs have arrays such as policy/policy_net//dense6-0/kernel:0"
            )

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        """An array.

        Raises:
            UserError: it is missing, or holds no numbers.
        """
        return self.get(name)

    def get(self, name: str, *shape: int | None) -> NDArray[np.float32]:
        """An array of a shape, in which None stands for any size; no shape for any.

        Raises:
            UserError: it is missing, or is another.
        """
        if name not in self.arrays:
            raise UserError(f"{self.path} has no array {name}, which a released policy has")
        array = self.arrays[name]
        if shape and (
            array.ndim != len(shape)
            or any(want not in (None, size) for want, size in zip(shape, array.shape, strict=True))
        ):
            wanted = ", ".join("any" if size is None else str(size) for size in shape)
            raise UserError(f"{self.path}: {name} is {array.shape}, where ({wanted}) is needed")
        if array.dtype.kind not in "fiu":
            raise UserError(f"{self.path}: {name} holds {array.dtype}, no numbers")
        numbers: NDArray[np.float32] = array.astype(np.float32)
        return numbers

    def layers(self, pattern: str) -> list[tuple[int, str]]:
        """Layers of the policy whose names are a word and a number, such as `dense11-0`, by their numbers.

        Args:
            pattern: a regular expression, whose first group is the number.
        """
        parts = {name.split("/")[1] for name in self.arrays if name.startswith("policy_net/")}
        found = ((re.fullmatch(pattern, part), part) for part in parts)
        return sorted((int(match[1]), part) for match, part in found if match)

    def dense(self, name: str, inputs: int | None = None, outputs: int | None = None) -> Mapping[str, Any]:
        """A dense layer's `weight`, `(outputs, inputs)` as PyTorch has it, and `bias`."""
        kernel = self.get(f"{name}/kernel", inputs, outputs)
        return {"weight": kernel.T.copy(), "bias": self.get(f"{name}/bias", kernel.shape[1])}


def _plain(name: str) -> str:
    return posixpath.normpath(name).partition("/")[2].removesuffix(":0")
