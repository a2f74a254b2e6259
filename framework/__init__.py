"""A plugin-based experiment framework: install one paper at a time and run it.

What a plugin author and a user of the Python API need is importable from here; what
brings in torch, Lightning or MLflow is imported when it is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from framework.component import REQUIRED, Component, Param
from framework.hookspecs import API, hookimpl

if TYPE_CHECKING:
    from framework.checkpoints import load_weights
    from framework.experiment import Experiment, resume, run
    from framework.report import Report, Table, Video
    from framework.trained import evaluate

_LAZY = {
    "load_weights": "framework.checkpoints",
    "Experiment": "framework.experiment",
    "Report": "framework.report",
    "Table": "framework.report",
    "Video": "framework.report",
    "evaluate": "framework.trained",
    "resume": "framework.experiment",
    "run": "framework.experiment",
}

__all__ = [
    "API",
    "REQUIRED",
    "Component",
    "Experiment",
    "Param",
    "Report",
    "Table",
    "Video",
    "evaluate",
    "hookimpl",
    "load_weights",
    "resume",
    "run",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'framework' has no attribute {name!r}")
