"""Runs of a sweep as tasks of a Ray cluster whose machines share the working directory."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from framework.errors import UserError
from framework.recipe.variables import allowed
from framework.runs import Run
from framework.sweep.executors.local import Process


class RayTasks:
    """A Ray task for every run, with one processor core, or what is asked for.

    Connects to the cluster that RAY_ADDRESS names, else starts Ray on this machine.

    Args:
        jobs: how many at once.
        resources: of each, as `ray.remote` takes them: `num_cpus=4, num_gpus=1`.

    Raises:
        UserError: Ray is not installed.
    """

    def __init__(self, jobs: int = 1, **resources: Any) -> None:
        try:
            import ray
        except ImportError:
            raise UserError("sweeps on Ray need Ray: pip install 'framework-core[ray]'") from None
        self.slots = jobs
        self._ray = ray
        if not ray.is_initialized():
            ray.init(log_to_driver=False)
        # A run that dies is gone on with by the next sweep, from its checkpoint.
        self._task = ray.remote(max_retries=0, **{"num_cpus": 1, **resources})(execute)

    def start(self, run: Run) -> Task:
        ours = ("FRAMEWORK_", "MLFLOW_", "PYTHONPATH")
        wanted = [name for name in os.environ if name.startswith(ours) or name in allowed()]
        settings = {name: os.environ[name] for name in wanted}
        return Task(self._ray, self._task.remote(str(run.folder.absolute()), str(Path.cwd()), settings))


class Task:
    """A task that executes a run."""

    def __init__(self, ray: Any, reference: Any) -> None:
        self._ray = ray
        self._reference = reference
        self.code: int | None = None

    def done(self) -> bool:
        if not self._ray.wait([self._reference], timeout=0)[0]:
            return False
        # Cancelled, or its worker died: the run's folder tells how far it came.
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
    process = Process(Run.open(Path(folder)))
    try:
        return process.wait()
    except BaseException:
        process.stop()
        process.wait()
        raise
