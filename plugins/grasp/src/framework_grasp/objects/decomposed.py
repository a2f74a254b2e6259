"""Objects from folders in which somebody has decomposed meshes already.

Such a folder has a `manifest.json`: `objects` is a list of mappings with `name`, `parts` (OBJ files of convex
parts, relative to the folder; m) and `mass_kg`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial import ConvexHull, QhullError  # type: ignore[import-untyped]

from framework.errors import UserError
from framework_grasp.arrays import Array
from framework_grasp.objects.solid import Part, Solid

MANIFEST = "manifest.json"


def read_decomposed(folder: Path) -> list[Solid]:
    """The objects of a folder, in the order of its manifest.

    Raises:
        UserError: the manifest, or a file it names, is missing or is not such a one.
    """
    path = folder / MANIFEST
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["objects"]
        return [_object(folder, entry) for entry in entries]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path} is no manifest of decomposed objects: {type(error).__name__}: {error}\n"
            "  without a manifest.json, a folder of OBJ and STL files is decomposed here"
        ) from error


def _object(folder: Path, entry: dict[str, Any]) -> Solid:
    parts = tuple(Part("hull", corners=_corners(folder / name)) for name in entry["parts"])
    if not parts or not float(entry["mass_kg"]) > 0:
        raise ValueError(f"{entry['name']} has no parts, or no mass")
    return Solid(str(entry["name"]), parts, float(entry["mass_kg"]))


def _corners(path: Path) -> Array:
    """The corners of a convex part in an OBJ file, those inside its hull left out."""
    lines = path.read_text(encoding="utf-8").splitlines()
    points = np.array([line.split()[1:4] for line in lines if line.startswith("v ")], np.float64)
    if points.ndim != 2 or len(points) < 4:
        raise UserError(f"{path} has no corners of a convex part; lines `v x y z` tell them")
    check_finite(points, path)
    try:
        return np.asarray(points[ConvexHull(points).vertices])
    except QhullError as error:
        raise UserError(f"{path} is flat: a convex part needs a volume") from error


def check_finite(corners: Array, path: Path) -> None:
    """Refuse a file with corners `(n, 3)` that are not finite, which readers leave out or trip over."""
    wrong = np.flatnonzero(~np.isfinite(corners).all(axis=1))
    if len(wrong):
        raise UserError(
            f"{path} has corners that are not finite numbers: {len(wrong)} of {len(corners)}, the first "
            f"{' '.join(f'{x:g}' for x in corners[wrong[0]])}\n"
            "  remove or repair them in the program that made it, and export it again"
        )
