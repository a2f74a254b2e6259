"""Objects from mesh files of one's own (pip install framework-grasp[meshes])."""

from __future__ import annotations

import hashlib
import logging
import os
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.spatial import ConvexHull  # type: ignore[import-untyped]

from framework.errors import UserError
from framework_grasp.arrays import Array
from framework_grasp.objects.decomposed import MANIFEST, check_finite, read_decomposed
from framework_grasp.objects.intersections import intersects_itself
from framework_grasp.objects.solid import Part, Solid
from framework_grasp.objects.units import UNITS, Unit

#: Endings of files that are read.
ENDINGS: Final = (".obj", ".stl")
#: Objects of other lengths cannot be grasped, or seen whole, m.
_LONGEST: Final = (0.005, 0.32)
#: Meshes of more faces are refused.
_FACES: Final = 1_000_000
#: Masses are kept between these, kg.
_MASS: Final = (0.012, 0.5)
#: Of convex parts.
_CORNERS: Final = 40
_PARTS: Final = 20
#: Changes when the same mesh would be decomposed differently.
_VERSION: Final = 1

log = logging.getLogger("framework")


def solids_in(path: Path, unit: Unit = "m", density: float = 300.0) -> list[Solid]:
    """The objects of a file or folder, by name.

    Meshes are decomposed into convex parts once, which takes half a minute or so, and kept in
    `$XDG_CACHE_HOME/framework/grasp` (by default under `~/.cache`). Open and self-intersecting ones are
    closed in that; the log says so.

    Args:
        path: an OBJ or STL file; a folder of them; or a folder as `decomposed` describes it.
        unit: of the files' lengths.
        density: of the objects, kg/m3; they weigh 12 to 500 g.

    Raises:
        UserError: nothing is there; a mesh is empty, damaged, not finite, too large or too small; or what it
            takes is not installed; the message names the file and what would be right.
    """
    if path.is_dir() and (path / MANIFEST).exists():
        return read_decomposed(path)
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in ENDINGS)
    else:
        files = [path]
    if not files:
        raise UserError(f"there are no meshes in {path}: no {' or '.join(ENDINGS)} file, and no {MANIFEST}")
    return [_solid(file, unit, density) for file in files]


def _solid(path: Path, unit: Unit, density: float) -> Solid:
    mesh = _read(path)
    corners, faces = np.array(mesh.vertices, np.float64) * UNITS[unit], np.array(mesh.faces, np.int64)
    _check_size(corners, path, unit)
    if not mesh.is_watertight:
        log.warning("%s is open: its surface has holes, which are closed to find its convex parts", path)
    elif intersects_itself(corners, faces):
        log.warning("%s intersects itself: it is taken as the union of its volumes", path)
    parts = _decomposed(corners, faces, path)
    volume = sum(part.volume for part in parts)
    return Solid(path.stem, parts, float(np.clip(density * volume, *_MASS)))


def _read(path: Path) -> Any:
    """Read a mesh, with corners merged that are the same."""
    if not path.is_file():
        raise UserError(f"there is no file {path}")
    if path.suffix.lower() not in ENDINGS:
        raise UserError(f"{path} is none of the mesh files that are read: {', '.join(ENDINGS)}")
    try:
        import trimesh
    except ImportError as error:
        raise _not_installed(path, error) from error
    try:
        # Unprocessed, lest it leave out unsaid what has corners that are not finite.
        mesh: Any = trimesh.load(path, force="mesh", skip_materials=True, process=False)
    except Exception as error:  # a damaged file breaks its readers in many ways
        raise UserError(
            f"{path} is not a mesh, or damaged: {type(error).__name__}: {error}\n"
            "  export it again as OBJ or binary STL"
        ) from error
    if not len(mesh.faces):
        if path.stat().st_size and not len(mesh.vertices):
            raise UserError(
                f"{path} is not a mesh, or cut: it has no faces\n  export it again as OBJ or binary STL"
            )
        raise UserError(f"{path} is empty: it has no faces\n  export a surface, not points or curves")
    if len(mesh.faces) > _FACES:
        raise UserError(
            f"{path} is huge: {len(mesh.faces)} faces, where {_FACES} are the most\n"
            "  simplify it; some thousands do"
        )
    check_finite(mesh.vertices, path)
    mesh.process()
    return mesh


def _check_size(corners: Array, path: Path, unit: Unit) -> None:
    """Refuse what no hand of 10 cm can grasp, and guess the unit it is in."""
    longest = float(np.ptp(corners, axis=0).max())
    low, high = _LONGEST
    if low <= longest <= high:
        if np.ptp(corners, axis=0).min() < 1e-5:
            raise UserError(f"{path} is flat: it has no volume\n  give it a thickness")
        return
    fits = [name for name in UNITS if name != unit and low <= longest / UNITS[unit] * UNITS[name] <= high]
    guess = f"it seems to be in {fits[-1]}: give unit: {fits[-1]}, or scale the file" if fits else "scale it"
    size = "huge" if longest > high else "tiny"
    raise UserError(
        f"{path} is {size}: {longest:.4g} m long, where objects are from {low} to {high} m\n  {guess}"
    )


def _decomposed(corners: Array, faces: Any, path: Path) -> tuple[Part, ...]:
    """Convex parts, from the cache if they were found before."""
    digest = hashlib.sha256(repr(_VERSION).encode() + corners.tobytes() + faces.tobytes()).hexdigest()[:32]
    kept = _cache() / f"{digest}.npz"
    try:
        with np.load(kept) as file:
            return tuple(Part("hull", corners=file[name]) for name in sorted(file.files))
    except (OSError, ValueError):
        hulls = _decompose(corners, faces, path)
    arrays: dict[str, Any] = {f"{number:03d}": hull for number, hull in enumerate(hulls)}
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        unfinished = kept.with_name(f".{os.getpid()}-{kept.name}")
        np.savez(unfinished, **arrays)
        unfinished.replace(kept)
    except OSError as error:
        log.warning("the convex parts of %s cannot be kept: %s", path, error)
    return tuple(Part("hull", corners=hull) for hull in hulls)


def _decompose(corners: Array, faces: Any, path: Path) -> list[Array]:
    hull = ConvexHull(corners)
    if _volume(corners, faces) > 0.97 * hull.volume:
        return [_simple(corners)]
    try:
        import coacd  # type: ignore[import-untyped]
    except ImportError as error:
        raise _not_installed(path, error) from error
    coacd.set_log_level("error")
    try:
        # A coarser search than by default, which is 10 times as long and no better for grasping.
        parts = coacd.run_coacd(
            coacd.Mesh(corners, faces),
            threshold=0.08,
            max_convex_hull=_PARTS,
            preprocess_resolution=30,
            resolution=1000,
            mcts_nodes=10,
            mcts_iterations=20,
            seed=0,
        )
    except Exception as error:
        raise UserError(
            f"{path} cannot be decomposed: {error}\n"
            f"  repair or simplify the mesh, or decompose it yourself: a folder with {MANIFEST}"
        ) from error
    found = [_simple(np.asarray(points, np.float64)) for points, _ in parts if len(points) >= 4]
    if not found:
        raise UserError(f"{path} has no convex parts\n  repair the mesh: it encloses no volume")
    return found


def _volume(corners: Array, faces: Any) -> float:
    """Enclosed by a surface; of an open one, nothing that means much."""
    a, b, c = np.moveaxis(corners[faces], 1, 0)
    return abs(float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum()) / 6)


def _simple(points: Array) -> Array:
    """The corners of the convex hull of points, thinned out to some that are far from one another."""
    points = points[ConvexHull(points).vertices]
    if len(points) <= _CORNERS:
        return points
    chosen = [int(np.linalg.norm(points - points.mean(axis=0), axis=1).argmax())]
    distance = np.linalg.norm(points - points[chosen[0]], axis=1)
    while len(chosen) < _CORNERS:
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return np.asarray(points[chosen])


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "framework", "grasp")


def _not_installed(path: Path, error: ImportError) -> UserError:
    return UserError(
        f"to read {path}, {error.name} is needed, which is not installed\n"
        "  python -m pip install 'framework-grasp[meshes]'"
    )
