"""check_plugin: a right plugin passes, each fault is named."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from framework.errors import UserError
from framework.plugins import load_plugins
from framework.testing import check_plugin
from framework.testing.plugin import foreign_imports

RIGHT = {
    "framework_odd/__init__.py": """\
        from framework import Component, hookimpl

        FRAMEWORK_API = 1

        @hookimpl
        def register_models():
            yield Component("line", "framework_odd.parts:make", "framework_odd.config:Line", doc="A line")
        """,
    "framework_odd/config.py": """\
        from dataclasses import dataclass
        from typing import Annotated
        from framework import Param

        @dataclass(frozen=True, kw_only=True)
        class Line:
            width: Annotated[int, Param("how wide")] = 1
        """,
    "framework_odd/parts.py": """\
        import torch

        def make(environment, config):
            return torch.nn.Linear(config.width, 1)
        """,
    "framework_odd-0.1.dist-info/METADATA": "Metadata-Version: 2.1\nName: framework-odd\nVersion: 0.1\n",
    "framework_odd-0.1.dist-info/entry_points.txt": "[framework]\nodd = framework_odd\n",
}


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that this process and those it starts import from, with the plugin `odd` in it."""
    for name, text in RIGHT.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(re.sub("^ {8}", "", text, flags=re.MULTILINE), encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    for module in ("framework_odd", "framework_odd.config", "framework_odd.parts"):
        monkeypatch.delitem(__import__("sys").modules, module, raising=False)
    return tmp_path / "framework_odd"


def test_a_right_plugin_passes(write: Path) -> None:
    plugin = check_plugin("odd")
    assert [component.full_name for component in plugin.components] == ["odd/line"]


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("__init__.py", "FRAMEWORK_API = 1", "", "declares no FRAMEWORK_API"),
        ("__init__.py", "FRAMEWORK_API = 1", "FRAMEWORK_API = 99", "written for plugin API 99"),
        ("__init__.py", "FRAMEWORK_API", "1 / 0  #", "does not load: ZeroDivisionError"),
        ("__init__.py", "yield Component(", "yield from ()  # ", "registers no component"),
        ("__init__.py", ', doc="A line"', "", "odd/line has no doc"),
        (
            "__init__.py",
            "from framework import",
            "import torch\nfrom framework import",
            "loading the plugin imports torch",
        ),
        (
            "config.py",
            "from typing",
            "import torch\nfrom typing",
            "reading the parameters of odd/line imports torch",
        ),
        ("config.py", 'Param("how wide")', "None", "parameter 'width' is not documented"),
        ("parts.py", "environment, config", "config", "is called with environment, parameters"),
        ("parts.py", "def make", "make = 3\ndef other", "cannot be called"),
    ],
)
def test_a_fault_is_named(write: Path, file: str, old: str, new: str, message: str) -> None:
    path = write / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(AssertionError, match=re.escape(message)):
        check_plugin("odd")


OTHER = {
    "framework_base.py": "__all__ = ['Offered']\nclass Offered: ...\nclass Hidden: ...\n",
    "framework_base-0.1.dist-info/METADATA": "Metadata-Version: 2.1\nName: framework-base\nVersion: 0.1\n",
    "framework_base-0.1.dist-info/entry_points.txt": "[framework]\nbase = framework_base\n",
}


@pytest.mark.parametrize(
    ("requires", "line", "message"),
    [
        (True, "from framework_base import Offered", ""),
        (True, "import framework_base", ""),
        (
            True,
            "from framework_base import Hidden",
            "parts.py:1: framework_base.Hidden: framework_base offers Offered",
        ),
        (
            True,
            "import framework_base.inner",
            "parts.py:1: framework_base.inner: framework_base offers Offered",
        ),
        (
            False,
            "from framework_base import Offered",
            "parts.py:1: framework_base.Offered: framework-odd does not require framework-base",
        ),
    ],
)
def test_what_is_imported_of_another_plugin(write: Path, requires: bool, line: str, message: str) -> None:
    for name, text in OTHER.items():
        path = write.parent / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if requires:
        with (write.parent / "framework_odd-0.1.dist-info" / "METADATA").open("a") as metadata:
            metadata.write("Requires-Dist: framework-base\n")
    path = write / "parts.py"
    path.write_text(f"{line}\n{path.read_text()}")
    plugins = {plugin.name: plugin for plugin in load_plugins(["odd", "base"])}
    found = foreign_imports(plugins["odd"], plugins.values())
    assert [wrong.rpartition("/")[2] for wrong in found] == ([message] if message else [])


def test_a_missing_target_is_named(write: Path) -> None:
    (write / "parts.py").write_text("", encoding="utf-8")
    with pytest.raises(UserError, match=r"cannot import its target 'framework_odd\.parts:make'"):
        check_plugin("odd")


def test_a_plugin_that_is_not_installed_is_named() -> None:
    with pytest.raises(UserError, match="pip install framework-nowhere"):
        check_plugin("nowhere")
