"""Installed plugins are found where `importlib.metadata`, which is asked too, finds them."""

from __future__ import annotations

import importlib.metadata
import shutil
import subprocess
import sys
import zipfile
from importlib.machinery import PathFinder
from pathlib import Path

import pytest

from framework.entry_points import entry_points
from framework.plugins import discover

from .distributions import install

METADATA = "Metadata-Version: 2.1\nName: {}\nVersion: {}\nSummary: Name: not this\n\nName: nor this\n"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in front of all that is installed."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def write(folder: Path, text: str, name: str = "framework-x", version: str = "1") -> Path:
    folder.mkdir(parents=True)
    kind = "METADATA" if folder.suffix == ".dist-info" else "PKG-INFO"
    (folder / kind).write_text(METADATA.format(name, version))
    (folder / "entry_points.txt").write_text(text)
    return folder


def found() -> list[tuple[str, str, str, str]]:
    return sorted(
        (each.name, each.value, each.header("Name"), each.header("Version")) for each in entry_points()
    )


def oracle() -> list[tuple[str, str, str, str]]:
    entries = importlib.metadata.entry_points(group="framework")
    dists = [(entry, entry.dist) for entry in entries if entry.dist]
    assert len(dists) == len(list(entries))
    # The backport, which takes the place of Python's own finder once anything imports it, has another order.
    return sorted((e.name, e.value.partition("[")[0].strip(), d.name, d.version) for e, d in dists)


@pytest.fixture(autouse=True, params=[False, True], ids=["python", "backport"])
def finder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's own finder, or that of the backport `importlib_metadata`, which some libraries import."""
    backport = pytest.importorskip("importlib_metadata").MetadataPathFinder
    others = [each for each in sys.meta_path if not isinstance(each, backport)]
    if request.param:
        monkeypatch.delattr(PathFinder, "find_distributions", raising=False)
        monkeypatch.setattr(sys, "meta_path", [*others, backport()])
    else:
        # Importing the backport takes it away.
        find = staticmethod(importlib.metadata.MetadataPathFinder.find_distributions)
        monkeypatch.setattr(PathFinder, "find_distributions", find, raising=False)
        monkeypatch.setattr(sys, "meta_path", others)


TEXTS = {
    "plain": "[framework]\nx = framework_x\n",
    "others": "[scripts]\nframework = a:b\n\n[framework]\nx = x\ny=framework_y\n[frameworks]\nz = z\n",
    "remarks": "# [framework]\n[framework]\n# x = a\n\n  x = framework_x:hooks.all [extra, other]  \n",
    "several": "[framework]\nx = a\n[b]\nc = d\n[framework]\ny = e\n",
    "none": "[framework.more]\nx = a\n",
}


@pytest.mark.parametrize(
    "folder", ["framework_x-1.dist-info", "Framework.X-1.egg-info", "framework_x.egg-info"]
)
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_texts(text: str, folder: str, path: Path) -> None:
    write(path / folder, text)
    assert found() == oracle()


def test_whichever_comes_first_hides_the_others(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = path / "first", path / "second"
    write(first / "framework_x-2.dist-info", "[framework]\nx = new\n", version="2")
    write(second / "Framework.X-1.dist-info", "[framework]\nx = old\ngone = old\n")
    write(second / "framework_y-1.dist-info", "[framework]\ny = hidden\n", "framework-y")
    (write(first / "framework_y-2.dist-info", "", "framework-y") / "entry_points.txt").unlink()
    for folder in (second, first, first):
        monkeypatch.syspath_prepend(folder)
    assert found() == oracle()
    assert ("x", "new", "framework-x", "2") in found()
    assert not {"gone", "y"} & {name for name, *_ in found()}


def test_the_working_directory(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(path / "here" / "framework_x-1.dist-info", TEXTS["plain"])
    monkeypatch.chdir(path / "here")
    monkeypatch.syspath_prepend("")
    assert found() == oracle()
    assert ("x", "framework_x", "framework-x", "1") in found()


def test_what_is_no_folder(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(path / "framework_x-1.dist-info", TEXTS["plain"])
    (path / "framework_file-1.egg-info").write_text("Name: file\n")
    monkeypatch.syspath_prepend(path / "nowhere")
    assert found() == oracle()
    assert ("x", "framework_x", "framework-x", "1") in found()


def test_a_zip_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(path / "x.zip", "w") as archive:
        archive.writestr("framework_x-1.dist-info/METADATA", METADATA.format("framework-x", "1"))
        archive.writestr("framework_x-1.dist-info/entry_points.txt", TEXTS["plain"])
    monkeypatch.syspath_prepend(path / "x.zip")
    assert found() == oracle()
    assert ("x", "framework_x", "framework-x", "1") in found()


def test_an_egg(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(path / "framework_x-1.egg" / "EGG-INFO", TEXTS["plain"])
    monkeypatch.syspath_prepend(path / "framework_x-1.egg")
    assert found() == oracle()
    assert ("x", "framework_x", "framework-x", "1") in found()


def test_somebody_elses_finder(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(path / "elsewhere" / "framework_x-1.dist-info", TEXTS["plain"])

    class Finder:
        find_spec = PathFinder.find_spec

        def find_distributions(self, context: object) -> list[importlib.metadata.Distribution]:
            return [importlib.metadata.Distribution.at(folder)]

    monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
    assert ("x", "framework_x", "framework-x", "1") in found()


def test_letters_that_are_none(path: Path) -> None:
    folder = write(path / "framework_x-1.dist-info", "")
    (folder / "entry_points.txt").write_bytes(b"[framework]\nx = a\n[\xff]\n\xfe = b\n")
    assert ("x", "a", "framework-x", "1") in found()


def test_a_plugin_is_there_from_when_it_is_installed_until_it_is_removed(path: Path) -> None:
    def names() -> set[str]:
        return {plugin.name for plugin, _ in discover()}

    assert "new" not in names()
    install(path, "new")
    assert "new" in names()
    shutil.rmtree(path / "framework_new-1.0.dist-info")
    assert "new" not in names()


def test_it_is_not_asked_without_need(tmp_path: Path) -> None:
    code = "import sys; from framework.entry_points import entry_points as e; e(); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "importlib.metadata" not in done.stdout.split()
