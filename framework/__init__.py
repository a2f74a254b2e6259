"""A plugin-based experiment framework: install one paper at a time and run it.

What a plugin author and a user of the Python API need is importable from here, and imported when it
is first asked for: `framework --help` needs none of it, and much of it brings in torch, Lightning or MLflow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.lazy import lazily

if TYPE_CHECKING:
    from framework.component import REQUIRED, Component, Param, Part
    from framework.experiment import Experiment, resume, run
    from framework.hookspecs import API, hookimpl
    from framework.report import Report, Table, Video
    from framework.runs.weights import load_weights
    from framework.trained import evaluate, export, load

__all__ = [
    "API",
    "REQUIRED",
    "Component",
    "Experiment",
    "Param",
    "Part",
    "Report",
    "Table",
    "Video",
    "evaluate",
    "export",
    "hookimpl",
    "load",
    "load_weights",
    "resume",
    "run",
]
__version__ = "0.1.0"

__getattr__ = lazily(
    __name__,
    {
        **dict.fromkeys(("REQUIRED", "Component", "Param", "Part"), "component"),
        **dict.fromkeys(("API", "hookimpl"), "hookspecs"),
        "load_weights": "runs.weights",
        "Experiment": "experiment",
        "Report": "report",
        "Table": "report",
        "Video": "report",
        "evaluate": "trained",
        "export": "trained",
        "load": "trained",
        "resume": "experiment",
        "run": "experiment",
    },
)
