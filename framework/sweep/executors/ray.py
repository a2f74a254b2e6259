"""Runs of a sweep as tasks of a Ray cluster whose machines share the working directory."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from framework.errors import UserError
from framework.recipe import Recipe, load
from framework.recipe.variables import allowed
from framework.runs import Run
from framework.sweep.executors.local import Process

#: Times that a run goes on elsewhere after the machine or the worker it was on was lost.
RETRIES = 3
#: Seconds for what an earlier worker has left behind to write its checkpoint and end.
GRACE = 60.0


class RayTasks:
    """A Ray task for every run, with the processor cores and GPUs that its recipe asks for.

    A run whose worker or machine dies goes on from its checkpoint on another.

    Args:
        jobs: how many at once; those that the cluster has no room for yet wait in its queue.
        address: of the cluster; by default the one that RAY_ADDRESS names, else Ray is started on this
            machine.

    Raises:
        UserError: Ray is not installed, or there is no cluster at the address.
    """

    def __init__(self, jobs: int = 1, address: str | None = None) -> None:
        try:
            import ray
        except ImportError:
            raise UserError("sweeps on Ray need Ray: pip install 'framework-core[ray]'") from None
        self.slots = jobs
        self._ray: Any = ray
        if not ray.is_initialized():
            try:
                ray.init(address=address, log_to_driver=False)
            except (ConnectionError, RuntimeError, ValueError) as error:
                where = address or os.environ.get("RAY_ADDRESS", "this machine")
                said = str(error).strip().partition("\n")[0]
                raise UserError(
                    f"no Ray cluster can be used at {where}: {said}\n  start one there with: ray start --head"
                ) from error
        self._task = self._ray.remote(max_retries=RETRIES)(execute)

    def start(self, run: Run) -> Task:
        ours = ("FRAMEWORK_", "MLFLOW_", "PYTHONPATH")
        wanted = [name for name in os.environ if name.startswith(ours) or name in allowed()]
        settings = {name: os.environ[name] for name in wanted}
        recipe = load(run.folder / "resolved.yaml")
        needs = resources_of(recipe, has_gpus=self._ray.cluster_resources().get("GPU", 0) > 0)
        task = self._task.options(name=run.state.name, **needs)
        return Task(self._ray, task.remote(str(run.folder.absolute()), str(Path.cwd()), settings))


def resources_of(recipe: Recipe, has_gpus: bool) -> dict[str, int]:
    """What Ray keeps for a run: what its most demanding stage uses, as `ray.remote` takes it.

    Args:
        recipe: of the run.
        has_gpus: whether there are any, for `trainer.accelerator: auto`.
    """
    cpus, gpus = 1, 0
    for stage in recipe.stages.values():
        trainer, algorithm = stage.trainer, stage.algorithm
        given = len(trainer.devices) if isinstance(trainer.devices, list) else trainer.devices
        devices = int(given) if str(given).isdecimal() else 1
        on_gpus = trainer.accelerator in ("gpu", "cuda") or (trainer.accelerator == "auto" and has_gpus)
        collectors = algorithm and algorithm.arguments.get("collectors")
        workers = collectors.workers if collectors and collectors.use == "processes" else 0
        cpus = max(cpus, devices * (trainer.threads + workers))
        gpus = max(gpus, devices if on_gpus and algorithm else 0)
    return {"num_cpus": cpus, "num_gpus": gpus}


class Task:
    """A task that executes a run."""

    def __init__(self, ray: Any, reference: Any) -> None:
        self._ray = ray
        self._reference = reference
        self.code: int | None = None

    def done(self) -> bool:
        if not self._ray.wait([self._reference], timeout=0)[0]:
            return False
        # Cancelled, or its workers died again and again: the run's folder tells how far it came.
        with contextlib.suppress(self._ray.exceptions.RayError):
            self.code = self._ray.get(self._reference)
        return True

    def stop(self) -> None:
        # Raises KeyboardInterrupt in the task.
        self._ray.cancel(self._reference)


def execute(folder: str, directory: str, settings: dict[str, str]) -> int:
    """On the worker: execute a run in a process of its own; return the exit code."""
    os.chdir(directory)
    os.environ.update(settings)
    run = Run.open(Path(folder))
    end = time.monotonic() + GRACE
    while run.alive and time.monotonic() < end:
        # Ray has lost the worker that it was on; its process writes a checkpoint and ends, if it still can.
        time.sleep(0.2)
        run = Run.open(Path(folder))
    process = Process(run, force=bool(run.elsewhere), before=_end_with_parent)
    try:
        return process.wait()
    except BaseException:
        process.stop()
        process.wait()
        raise


def _end_with_parent() -> None:
    """Let the system send SIGTERM to this process when the worker that started it dies."""
    if sys.platform == "linux":
        set_signal_of_parents_death = 1
        ctypes.CDLL(None).prctl(set_signal_of_parents_death, signal.SIGTERM)
