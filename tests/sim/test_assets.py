from __future__ import annotations

import sys

import pytest

from framework.errors import UserError
from framework.sim import asset_path


@pytest.fixture
def robots(tmp_path, monkeypatch):
    package = tmp_path / "toy_robots"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')\n")
    (package / "arm.xml").write_text("<mujoco/>")
    monkeypatch.syspath_prepend(tmp_path)
    return package


def test_files_are_found_without_importing_the_package(robots):
    assert asset_path("toy_robots", "arm.xml") == robots / "arm.xml"
    assert "toy_robots" not in sys.modules


def test_a_missing_file_says_how_to_mend_the_package(robots):
    with pytest.raises(UserError, match=r"no file 'leg.xml'[\s\S]*pip install .*toy-robots"):
        asset_path("toy_robots", "leg.xml")


def test_a_missing_package_says_what_to_install():
    with pytest.raises(
        UserError, match=r"'arm.xml' comes with robots-of-mars[\s\S]*pip install robots-of-mars"
    ):
        asset_path("no_such_robots", "arm.xml", "robots-of-mars")
