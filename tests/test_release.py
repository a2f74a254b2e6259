"""What is released has one version, and what is built is looked into."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from release import versions, wheels
from tests.fresh import ROOT

PLUGINS = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))


def test_all_have_one_version() -> None:
    assert versions.differing(versions.current()) == []
    assert sum(place.minor for place in versions.places()) == len(PLUGINS) + 1  # adr needs dex_hand, too


def test_a_version_is_written_everywhere(tmp_path: Path) -> None:
    (tmp_path / "framework").mkdir()
    for path in ("framework/__init__.py", "pyproject.toml", "plugins/adr/pyproject.toml"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text((ROOT / path).read_text(encoding="utf-8"), encoding="utf-8")
    told = versions.differing("7.8.9", tmp_path)
    assert len(told) == 5 and told[-1].startswith('plugins/adr/pyproject.toml: "framework-dex-hand~=')
    versions.write("7.8.9", tmp_path)
    assert versions.differing("7.8.9", tmp_path) == []
    project = tomllib.loads((tmp_path / "plugins/adr/pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == "7.8.9"
    assert project["dependencies"][:2] == ["framework-core[sim]~=7.8.0", "framework-dex-hand~=7.8.0"]


def test_a_requirement_of_another_form_is_named(tmp_path: Path) -> None:
    plugin = tmp_path / "plugins" / "mine" / "pyproject.toml"
    plugin.parent.mkdir(parents=True)
    plugin.write_text('[project]\nversion = "1.0.0"\ndependencies = ["framework-core>=1.0"]\n')
    places = [place for place in versions.places(tmp_path) if place.file.startswith("plugins")]
    assert [place.minor for place in places] == [False, True]
    (tmp_path / "pyproject.toml").write_text('version = "1.0.0"\n')
    (tmp_path / "framework").mkdir()
    (tmp_path / "framework" / "__init__.py").write_text('__version__ = "1.0.0"\n')
    (told,) = versions.differing("1.0.0", tmp_path)
    assert told.startswith("plugins/mine/pyproject.toml: nothing matches")


@pytest.mark.parametrize("given", [["next"], ["--put", "1.0.0"], ["1.0"]])
def test_what_is_no_version_is_refused(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert versions.main(given) == 2
    assert "is not [--set] VERSION" in capsys.readouterr().err


def test_another_tag_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert versions.main([f"v{versions.current()}"]) == 0
    assert versions.main(["v99.0.0"]) == 2
    assert "framework/__init__.py" in capsys.readouterr().err


@pytest.mark.parametrize("file", ["hatch_build.py", "LICENSE"])
def test_plugins_are_built_alike(file: str) -> None:
    texts = {(plugin / file).read_text(encoding="utf-8") for plugin in PLUGINS}
    assert len(texts) == 1
    if file == "LICENSE":
        assert texts == {(ROOT / file).read_text(encoding="utf-8")}


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One wheel, built here; `nox -s wheels` looks into all."""
    folder = tmp_path_factory.mktemp("dist")
    hatch = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(hatch, cwd=ROOT / "plugins" / "hide_seek", check=True, capture_output=True)
    return folder


def test_a_wheel_is_whole(dist: Path) -> None:
    found = wheels.wrong(dist)
    stem = f"framework_hide_seek-{versions.current()}"
    assert [line for line in found if stem in line] == [f"{stem}.tar.gz: not built"]
    assert len(found) == 2 * len(wheels.projects()) - 1


def test_what_is_wrong_in_a_wheel_is_told(dist: Path, tmp_path: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    info = next(name for name in files if name.endswith("/METADATA")).removesuffix("METADATA")
    metadata = files[f"{info}METADATA"].decode()
    cases = {
        "framework_hide_seek/py.typed is missing": {"framework_hide_seek/py.typed": None},
        "framework_hide_seek/recipes/hide_seek.yaml is missing": {
            "framework_hide_seek/recipes/hide_seek.yaml": None
        },
        "framework_hide_seek/recipes/hide_seek.yaml is another": {
            "framework_hide_seek/recipes/hide_seek.yaml": b"seed: 1\n"
        },
        "tests/test_alone.py does not belong there": {"tests/test_alone.py": b""},
        "its licence is missing, or another": {f"{info}licenses/LICENSE": None},
        "the entry point hide_seek is missing": {f"{info}entry_points.txt": b"[framework]\n"},
        "its metadata names no licence file": {
            f"{info}METADATA": metadata.replace("License-File: LICENSE\n", "").encode()
        },
        "it does not require framework-core[sim]~=0.1.0": {
            f"{info}METADATA": metadata.replace("framework-core[sim]~=0.1.0", "framework-core>=0.1").encode()
        },
    }
    folder = ROOT / "plugins" / "hide_seek"
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for said, changes in cases.items():
        with zipfile.ZipFile(tmp_path / wheel.name, "w") as archive:
            for name, text in (files | changes).items():
                if text is not None:
                    archive.writestr(name, text)
        found = list(wheels.in_wheel(tmp_path / wheel.name, "framework_hide_seek", project, folder))
        assert found == [said]
