from __future__ import annotations

import importlib.metadata

from framework.runs.provenance import pip_freeze


def test_what_is_installed_is_listed() -> None:
    installed = {f"{found.name}=={found.version}" for found in importlib.metadata.distributions()}
    assert pip_freeze().splitlines() == sorted(installed, key=str.lower)
