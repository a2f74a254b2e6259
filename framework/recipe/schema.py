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
    """How Lightning trains, and when checkpoints are saved."""

    accelerator: Annotated[
        Literal["auto", "cpu", "gpu", "cuda", "mps", "tpu"], Param("hardware to train on")
    ] = "auto"
    devices: Annotated[
        int | str | list[int], Param("number of devices, a list of them ([0, 2]), 'auto', or -1 for all")
    ] = 1
    num_nodes: Annotated[int, Param("number of machines that train together", ge=1)] = 1
    strategy: Annotated[str, Param("how devices share the work, by Lightning's names: ddp, fsdp, ...")] = (
        "auto"
    )
    precision: Annotated[Precision, Param("floating-point precision of the model and its arithmetic")] = (
        "32-true"
    )
    threads: Annotated[int, Param("number of CPU threads of torch", ge=1)] = 1
    deterministic: Annotated[
        bool | Literal["warn"], Param("use deterministic operations only: fail, or warn, where there is none")
    ] = False
    gradient_clip_val: Annotated[
        float | None,
        Param(
            "clip gradients to this before each optimiser step, in place of the algorithm's own limit", gt=0
        ),
    ] = None
    gradient_clip_algorithm: Annotated[
        Literal["norm", "value"],
        Param("clip the norm of each optimiser's whole gradient, or the size of each element"),
    ] = "norm"
    max_epochs: Annotated[
        int, Param("passes over the data; the algorithm's own budget may end earlier; -1 for no limit", ge=-1)
    ] = 1
    max_time: Annotated[str | None, Param("stop after this time of training, as DD:HH:MM:SS")] = None
    checkpoint_seconds: Annotated[float, Param("time between two checkpoints", unit="s", gt=0)] = 60.0
    checkpoint_every: Annotated[
        int | None, Param("training steps between two checkpoints, in place of checkpoint_seconds", ge=1)
    ] = None
    keep: Annotated[int, Param("number of checkpoints to keep, the newest ones", ge=1)] = 2

    def __post_init__(self) -> None:
        if self.devices in (0, []) or (isinstance(self.devices, int) and self.devices < -1):
            raise ValueError("devices has to be at least 1, or -1 for all of them")
        if self.max_time is not None and not re.fullmatch(r"\d+:\d\d:\d\d:\d\d", self.max_time):
            raise ValueError(f"max_time has to be DD:HH:MM:SS, such as 00:12:00:00, not {self.max_time!r}")


@dataclass(frozen=True, kw_only=True)
class TrackingConfig:
    """Where MLflow records the runs of this recipe, and what it records."""

    uri: Annotated[
        str | None, Param("MLflow tracking store; by default MLFLOW_TRACKING_URI, else sqlite:///mlflow.db")
    ] = None
    experiment: Annotated[
        str | None, Param("MLflow experiment of the runs; by default the recipe's name")
    ] = None
    run_name: Annotated[str | None, Param("name of the run; by default the recipe's name")] = None
    tags: Annotated[dict[str, str], Param("tags of the run")] = field(default_factory=dict)
    artifact_location: Annotated[
        str | None,
        Param("where a new experiment stores its files; by default mlartifacts/ beside a SQLite store"),
    ] = None
    system_metrics: Annotated[bool, Param("record the use of CPU, memory and GPU")] = True
    log_model: Annotated[bool, Param("log the trained model, so that `mlflow models serve` can serve it")] = (
        True
    )
