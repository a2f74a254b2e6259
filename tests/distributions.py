"""Installed plugins for tests: a package and its metadata in a folder on `sys.path`."""

from __future__ import annotations

import uuid
from pathlib import Path
from textwrap import dedent

HOOKS = """
    from framework import Component, hookimpl

    @hookimpl
    def register_environments():
        yield Component("{component}", "nowhere.at_all:make", doc="made up")
"""


def install(
    folder: Path,
    name: str,
    code: str | None = None,
    *,
    version: str = "1.0",
    distribution: str | None = None,
    component: str = "thing",
) -> str:
    """Put a plugin into `folder`; return the name of its module, which no other has.

    Args:
        folder: to be put on `sys.path` by the caller.
        name: the entry point's name.
        code: the module's text; by default it registers one environment.
    """
    distribution = distribution or f"framework-{name}"
    module = f"plugin_{uuid.uuid4().hex}"
    (folder / f"{module}.py").write_text(dedent(HOOKS.format(component=component) if code is None else code))
    metadata = folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
    (metadata / "entry_points.txt").write_text(f"[framework]\n{name} = {module}\n")
    return module
