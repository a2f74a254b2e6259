"""Which of a run's processes this is, and which run all of them are in.

The first process makes or opens runs, the others take part in the same ones in the same
order: the folder of the first lists them in the file `job`. Processes that the first one
starts find that folder in their environment; those that a launcher started together (torchrun,
SLURM) in a file named after the launcher's job.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from framework.errors import UserError

_JOB = "FRAMEWORK_JOB"
_KEYS = ("TORCHELASTIC_RUN_ID", "TORCHELASTIC_RESTART_COUNT", "SLURM_JOB_ID", "SLURM_STEP_ID", "MASTER_PORT")
_PATIENCE = 600.0  # seconds
_job: Path | None = None
_joined = 0


def is_first_process() -> bool:
    """Whether this is process 0 of a distributed run, or the only one."""
    return all(os.environ.get(name, "0") == "0" for name in ("RANK", "LOCAL_RANK", "SLURM_PROCID"))


def announce(folder: Path) -> None:
    """Tell the other processes, those to come too, that this one goes on with the run in `folder`."""
    global _job
    folder = folder.resolve()
    if _job is None or not _job.parent.is_dir():
        _job = folder / "job"
        _job.unlink(missing_ok=True)
        os.environ[_JOB] = str(_job)
        if _launched_together():
            _meeting_point(folder.parent).write_text(str(_job), encoding="utf-8")
    with contextlib.suppress(OSError), _job.open("a", encoding="utf-8") as file:  # a full disk
        file.write(f"{folder}\n")


def join(root: Path) -> Path:
    """The folder of the next run that the first process goes on with; waits for it.

    Raises:
        UserError: there is none after ten minutes.
    """
    global _joined
    end = time.monotonic() + _PATIENCE
    while True:
        with contextlib.suppress(OSError):
            # Only whole lines.
            opened = _job_of_first(root).read_text(encoding="utf-8").rpartition("\n")[0].splitlines()
            if len(opened) > _joined:
                _joined += 1
                return Path(opened[_joined - 1])
        if time.monotonic() > end:
            rank = os.environ.get("RANK", os.environ.get("LOCAL_RANK"))
            raise UserError(
                f"process {rank} has not heard of the run within {_PATIENCE:.0f} s\n"
                f"  the first process has to see the same folder {root.resolve()}"
            )
        time.sleep(0.1)


def _job_of_first(root: Path) -> Path:
    if _JOB in os.environ:
        return Path(os.environ[_JOB])
    point = _meeting_point(root.resolve())
    # A launcher that has no name for its job finds what an earlier one left: older than itself.
    if point.stat().st_mtime < psutil.Process(os.getppid()).create_time() - 1:
        raise FileNotFoundError
    return Path(point.read_text(encoding="utf-8"))


def _launched_together() -> bool:
    return "TORCHELASTIC_RUN_ID" in os.environ or "SLURM_PROCID" in os.environ


def _meeting_point(root: Path) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    return root / (".job-" + "-".join(os.environ.get(key, "") for key in _KEYS))


@contextlib.contextmanager
def outliving(still_running: Callable[[], bool], mark: Callable[[], None]) -> Iterator[None]:
    """See to it that a run whose other processes die does not stay RUNNING.

    Lightning then kills this one as well, which may wait for the others inside of torch. First
    give it the time to fail by itself, which says why; else `mark` the run.
    """
    from lightning.fabric.strategies.launchers.subprocess_script import _ChildProcessObserver

    kill = _ChildProcessObserver._terminate_all

    def terminate(self: _ChildProcessObserver) -> None:
        for _ in range(100):
            time.sleep(0.1)
            if not still_running():
                return
        mark()
        kill(self)

    _ChildProcessObserver._terminate_all = terminate  # type: ignore[method-assign]
    try:
        yield
    finally:
        _ChildProcessObserver._terminate_all = kill  # type: ignore[method-assign]
