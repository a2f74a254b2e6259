"""Meshes of one's own: decomposed once, and refused with their names and what to do."""

from __future__ import annotations

import json
import logging

import numpy as np
import pytest

from framework.errors import UserError
from framework_grasp.objects import meshes
from framework_grasp.objects.meshes import solids_in

trimesh = pytest.importorskip("trimesh")


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def saved(mesh, path):
    mesh.export(path)
    return path


def box(x=0.04, y=0.05, z=0.06):
    return trimesh.creation.box((x, y, z))


@pytest.mark.parametrize("name", ["box.stl", "box.obj", "BOX.STL"])
def test_a_convex_one_is_one_part(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(box().export(file_type=name[-3:].lower()).encode() if name[-1] == "j" else b"")
    if name[-1] != "j":
        path.write_bytes(box().export(file_type="stl"))
    (solid,) = solids_in(path)
    assert solid.name == path.stem and len(solid.parts) == 1
    np.testing.assert_allclose(solid.extent, [0.04, 0.05, 0.06], atol=1e-6)
    assert solid.mass == pytest.approx(300 * 0.04 * 0.05 * 0.06, rel=1e-4)


def test_a_hollow_one_is_decomposed_once_and_kept(tmp_path, monkeypatch):
    pytest.importorskip("coacd")
    corner = trimesh.util.concatenate([box(), box().apply_translation((0.035, 0.045, 0.0))])
    path = saved(corner, tmp_path / "corner.stl")
    (solid,) = solids_in(path)
    assert 2 <= len(solid.parts) <= 20
    assert sum(part.volume for part in solid.parts) == pytest.approx(2 * box().volume, rel=0.3)
    monkeypatch.setattr(meshes, "_decompose", None)
    (again,) = solids_in(path)
    for one, other in zip(solid.parts, again.parts, strict=True):
        assert np.array_equal(one.corners, other.corners)


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (None, "gone.stl", "there is no file .*gone.stl"),
        (b"", "nothing.obj", "nothing.obj is empty: it has no faces"),
        (b"hello", "text.stl", "text.stl is not a mesh, or cut"),
        (b"v 0 0 0\nv 1 0 0\nf 1 2 7\n", "damaged.obj", "damaged.obj is (empty|not a mesh)"),
        (b"hello", "text.ply", "text.ply is none of the mesh files that are read: .obj, .stl"),
    ],
)
def test_what_is_no_mesh(tmp_path, content, name, message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=message):
        solids_in(path)


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
@pytest.mark.parametrize("folder", ["as it is", "decomposed"])
def test_corners_that_are_not_finite(tmp_path, number, folder):
    lines = box().export(file_type="obj").splitlines()
    last = max(i for i, line in enumerate(lines) if line.startswith("v "))
    lines[last] = f"v 0.02 {number} 0.03"
    (tmp_path / "broken.obj").write_text("\n".join(lines))
    if folder == "decomposed":
        entry = {"name": "thing", "parts": ["broken.obj"], "mass_kg": 0.2}
        (tmp_path / "manifest.json").write_text(json.dumps({"objects": [entry]}))
    message = f"broken.obj has corners that are not finite numbers: 1 of 8, .* 0.02 {number} 0.03\n.*export"
    with pytest.raises(UserError, match=message):
        solids_in(tmp_path)


def test_an_stl_whose_corners_are_not_finite(tmp_path):
    corners = box().vertices.copy()
    corners[3, 0] = np.nan
    path = saved(trimesh.Trimesh(corners, box().faces, process=False), tmp_path / "broken.stl")
    with pytest.raises(UserError, match=r"broken.stl has corners that are not finite numbers"):
        solids_in(path)


@pytest.mark.parametrize(
    ("mesh", "unit", "message"),
    [
        (box(40, 50, 60), "m", "is huge: 60 m long.*\n.*in mm: give unit: mm"),
        (box(1e4, 1e4, 1e4), "m", "is huge: 1e\\+04 m long.*\n  scale it"),
        (box(4e-5, 5e-5, 6e-5), "mm", "is tiny: 6e-08 m long"),
        (box(0.05, 0.05, 0.0), "m", "is flat: it has no volume"),
    ],
)
def test_sizes_that_no_hand_can_hold(tmp_path, mesh, unit, message):
    with pytest.raises(UserError, match=f"thing.obj {message}"):
        solids_in(saved(mesh, tmp_path / "thing.obj"), unit)


def test_millimetres(tmp_path):
    (solid,) = solids_in(saved(box(40, 50, 60), tmp_path / "thing.obj"), "mm")
    np.testing.assert_allclose(solid.extent, [0.04, 0.05, 0.06], atol=1e-6)


def test_too_many_faces(tmp_path, monkeypatch):
    monkeypatch.setattr(meshes, "_FACES", 11)
    with pytest.raises(UserError, match=r"box.stl is huge: 12 faces"):
        solids_in(saved(box(), tmp_path / "box.stl"))


def test_open_and_self_intersecting_ones_are_closed_and_said_to_be_so(tmp_path, caplog):
    pytest.importorskip("coacd")
    lid = box()
    lid.update_faces(np.arange(12) > 1)
    crossed = trimesh.util.concatenate([box(), box().apply_translation((0.02, 0.021, 0.022))])
    with caplog.at_level(logging.WARNING, "framework"):
        (first,) = solids_in(saved(lid, tmp_path / "lid.obj"))
        (second,) = solids_in(saved(crossed, tmp_path / "crossed.obj"))
        solids_in(saved(box(), tmp_path / "sound.obj"))
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2 and "lid.obj is open" in said[0] and "crossed.obj intersects itself" in said[1]
    assert first.parts and second.parts


def test_a_folder_of_meshes_and_one_without(tmp_path):
    for name in ("b.stl", "a.obj", "notes.txt"):
        saved(box(), tmp_path / name) if name != "notes.txt" else (tmp_path / name).write_text("x")
    assert [solid.name for solid in solids_in(tmp_path)] == ["a", "b"]
    (tmp_path / "none").mkdir()
    with pytest.raises(UserError, match=r"there are no meshes in .*none"):
        solids_in(tmp_path / "none")


def test_decomposed_objects(tmp_path):
    saved(box(), tmp_path / "part.obj")
    entry = {"name": "thing", "parts": ["part.obj"], "mass_kg": 0.2}
    (tmp_path / "manifest.json").write_text(json.dumps({"objects": [entry]}))
    (solid,) = solids_in(tmp_path)
    assert solid.name == "thing" and solid.mass == 0.2 and len(solid.parts[0].corners) == 8
    (tmp_path / "manifest.json").write_text(json.dumps({"objects": [{"name": "thing"}]}))
    with pytest.raises(UserError, match=r"manifest.json is no manifest .* KeyError: 'parts'"):
        solids_in(tmp_path)
