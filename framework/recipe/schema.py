"""The sections of a recipe that belong to the core: `trainer` and `tracking`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Annotated, Literal

from framework.component import Param

Precision = Literal[
    "32-true", "64-true", "16-true", "bf16-true", "16-mixed", "bf16-mixed", "transformer-engine"
]

#: NumPy's and Lightning's seeds are unsigned 32-bit numbers.
Seed = Annotated[int, Param("seed of Python, NumPy, torch and every environment", ge=0, le=2**32 - 1)]


@dataclass(frozen=True, kw_only=True)
class TrainerConfig:
    """How Lightning trains, and how often it saves."""

    accelerator: Annotated[
        Literal["auto", "cpu", "gpu", "cuda", "mps", "tpu"], Param("hardware to train on")
    ] = "auto"
    devices: Annotated[
        int | str | list[int], Param("how many devices, which ones ([0, 2]), 'auto', or -1 for all")
    ] = 1
    num_nodes: Annotated[int, Param("machines that train together", ge=1)] = 1
    strategy: Annotated[str, Param("how devices share the work, as Lightning names it: ddp, fsdp, ...")] = (
        "auto"
    )
    precision: Annotated[Precision, Param("numbers of the model and of its arithmetic")] = "32-true"
    threads: Annotated[int, Param("threads of torch on the CPU", ge=1)] = 1
    deterministic: Annotated[
        bool | Literal["warn"], Param("refuse operations that give a different result each time")
    ] = False
    gradient_clip_val: Annotated[
        float | None,
        Param("what gradients are cut to before each optimiser step; goes before an algorithm's own", gt=0),
    ] = None
    gradient_clip_algorithm: Annotated[
        Literal["norm", "value"],
        Param("whether that is the norm of an optimiser's whole gradient, or the size of each number in it"),
    ] = "norm"
    max_epochs: Annotated[
        int, Param("passes over the algorithm's data; its own budget ends it earlier; -1 for no end", ge=-1)
    ] = 1
    max_time: Annotated[str | None, Param("stop after DD:HH:MM:SS of training")] = None
    checkpoint_seconds: Annotated[float, Param("wall-clock time between two checkpoints", unit="s", gt=0)] = (
        60.0
    )
    checkpoint_every: Annotated[
        int | None, Param("save every so many training steps instead, always at the same ones", ge=1)
    ] = None
    keep: Annotated[int, Param("checkpoints kept, the newest", ge=1)] = 2

    def __post_init__(self) -> None:
        if self.devices in (0, []) or (isinstance(self.devices, int) and self.devices < -1):
            raise ValueError("devices has to be at least 1, or -1 for all of them")
        if self.max_time is not None and not re.fullmatch(r"\d+:\d\d:\d\d:\d\d", self.max_time):
            raise ValueError(f"max_time has to be DD:HH:MM:SS, such as 00:12:00:00, not {self.max_time!r}")


@dataclass(frozen=True, kw_only=True)
class TrackingConfig:
    """Where MLflow keeps the runs of this recipe, and what it keeps."""

    uri: Annotated[
        str | None, Param("tracking store; by default MLFLOW_TRACKING_URI, else sqlite:///mlflow.db")
    ] = None
    experiment: Annotated[
        str | None, Param("experiment the runs belong to; by default the recipe's name")
    ] = None
    run_name: Annotated[str | None, Param("name of the run; by default the recipe's name")] = None
    tags: Annotated[dict[str, str], Param("tags set on the run")] = field(default_factory=dict)
    artifact_location: Annotated[
        str | None,
        Param("where a new experiment keeps its files; by default mlartifacts/ by a SQLite store"),
    ] = None
    system_metrics: Annotated[bool, Param("record CPU, memory and GPU use")] = True
    log_model: Annotated[bool, Param("log the trained model, ready for mlflow models serve")] = True
