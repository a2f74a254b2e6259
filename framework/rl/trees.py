"""Observations and actions of any space: dictionaries and tuples of tensors, nested as their space is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import gymnasium
import numpy as np
import torch
from torch import Tensor

from framework.errors import UserError

#: A tensor, or a dictionary or tuple of trees.
Tree: TypeAlias = Any


def tree_map(function: Callable[..., Any], *trees: Tree) -> Tree:
    """Apply a function to the leaves of trees of one shape; returns a tree of that shape."""
    first = trees[0]
    if isinstance(first, Mapping):
        return {key: tree_map(function, *(tree[key] for tree in trees)) for key in first}
    if isinstance(first, tuple):
        return tuple(tree_map(function, *parts) for parts in zip(*trees, strict=True))
    return function(*trees)


def leaves(tree: Tree) -> Iterator[Any]:
    """The leaves of a tree, in order."""
    if isinstance(tree, (Mapping, tuple)):
        for part in tree.values() if isinstance(tree, Mapping) else tree:
            yield from leaves(part)
    else:
        yield tree


def space_tree(space: gymnasium.Space[Any]) -> Tree:
    """A space as a tree whose leaves are `Box`, `Discrete`, `MultiDiscrete` and `MultiBinary`.

    Raises:
        UserError: it holds a space of another kind.
    """
    if isinstance(space, gymnasium.spaces.Dict):
        return {key: space_tree(part) for key, part in space.spaces.items()}
    if isinstance(space, gymnasium.spaces.Tuple):
        return tuple(space_tree(part) for part in space.spaces)
    kinds = ("Box", "Discrete", "MultiDiscrete", "MultiBinary")
    if not isinstance(space, tuple(getattr(gymnasium.spaces, kind) for kind in kinds)):
        raise UserError(
            f"policies take no {type(space).__name__} space\n"
            f"  they take {', '.join(kinds)}, and Dict and Tuple of these"
        )
    return space


#: Types that are not kept: what takes more memory than it is worth, or what torch cannot index.
_KEPT_AS = {"float64": "float32", "uint16": "int32", "uint32": "int64", "uint64": "int64"}


def to_tensors(tree: Tree, device: torch.device | str = "cpu") -> Tree:
    """Copies of arrays as tensors; float64 becomes float32, and uint16 int32, but bytes stay bytes."""

    def copy(array: Any) -> Tensor:
        array = np.array(array)
        kept = array.astype(_KEPT_AS.get(array.dtype.name, array.dtype), copy=False)
        return torch.from_numpy(kept).to(device)

    return tree_map(copy, tree)


def flattened(space: gymnasium.Space[Any], x: Tensor) -> Tensor:
    """Elements `(*batch, *shape)` of a space as `(*batch, n)`."""
    shape = space.shape or ()
    return x.reshape(*x.shape[: x.ndim - len(shape)], math.prod(shape))


def batched(space: gymnasium.Space[Any], values: Any, lead: tuple[int, ...] = ()) -> tuple[Tree, bool]:
    """Elements of a space as a batch of arrays `(n, *lead, ...)`, and whether there was only one.

    Args:
        space: of one element.
        values: one element `(*lead, ...)`, or a batch `(n, *lead, ...)`: numbers of any type, in
            arrays, tensors or lists. Keys of a dict that the space does not have are passed over.
        lead: shape between the batch and each element, such as of the agents.

    Raises:
        UserError: something is missing, not numbers, not finite, or of another shape.
    """
    counts: dict[str, int | None] = {}

    def read(part: Tree, value: Any, name: str) -> Tree:
        if isinstance(part, Mapping):
            if not isinstance(value, Mapping):
                raise UserError(f"{name} has to be a dict of {', '.join(part)}, not a {type(value).__name__}")
            if missing := [key for key in part if key not in value]:
                raise UserError(f"{name} lacks {', '.join(missing)}; it has {', '.join(map(str, value))}")
            return {key: read(inner, value[key], f"{name}[{key!r}]") for key, inner in part.items()}
        if isinstance(part, tuple):
            if not isinstance(value, tuple) or len(value) != len(part):
                raise UserError(f"{name} has to be a tuple of {len(part)}")
            both = enumerate(zip(part, value, strict=True))
            return tuple(read(inner, one, f"{name}[{i}]") for i, (inner, one) in both)
        try:
            array = np.asarray(value)
        except (ValueError, TypeError, RuntimeError) as error:  # ragged lists, tensors on another device
            raise UserError(f"{name} is no array of numbers: {error}") from None
        shape = (*lead, *part.shape)
        wanted = f"numbers of {part.dtype}, of shape {shape} or for n of them (n, *{shape})"
        if array.dtype.kind not in ("biuf" if part.dtype.kind == "f" else "biu"):
            raise UserError(f"{name} is of {array.dtype}; expected {wanted}")
        if array.shape != shape and array.shape[1:] != shape:
            raise UserError(f"{name} has shape {array.shape}; expected {wanted}")
        if not np.isfinite(array).all():
            raise UserError(f"{name} is not finite: {array}")
        counts[name] = None if array.shape == shape else len(array)
        return array

    found = read(space_tree(space), values, "observation")
    if len(set(counts.values())) > 1:
        sizes = ", ".join(f"{name}: {count or 'one'}" for name, count in counts.items())
        raise UserError(f"the parts of the observation are of different batches: {sizes}")
    single = None in counts.values()
    return (tree_map(lambda x: x[None], found) if single else found), single
