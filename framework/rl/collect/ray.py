"""Workers as actors of a Ray cluster."""

from __future__ import annotations

import logging
from typing import Any

from framework.errors import UserError
from framework.rl.collect.processes import WorkerDied
from framework.rl.collect.worker import Worker

log = logging.getLogger("framework")

_PATIENCE = 60.0  # seconds without an answer before it is said


class Actors:
    """Starts workers on the cluster that RAY_ADDRESS names, else on this machine.

    Args:
        cpus: cores that Ray keeps for each.

    Raises:
        UserError: Ray is not installed.
    """

    def __init__(self, cpus: float = 1.0) -> None:
        try:
            import ray
        except ImportError:
            raise UserError("collectors.use: ray needs Ray: pip install 'framework-core[ray]'") from None
        self._ray: Any = ray
        if not ray.is_initialized():
            ray.init(log_to_driver=False)
        # A worker that dies is replaced with the state that it had, which Ray does not know.
        options = {"num_cpus": cpus, "max_restarts": 0, "scheduling_strategy": "SPREAD"}
        self._make = self._ray.remote(**options)(Worker)

    def start(self, number: int, made: bytes) -> Any:
        """Start worker `number`; see `Worker` for `made`."""
        return self._make.remote(made)

    def broadcast(self, weights: bytes) -> Any:
        """Put weights where every node fetches them once."""
        return self._ray.put(weights)

    def ask(self, handle: Any, weights: Any, state: bytes | None, order: bytes) -> Any:
        """Call a worker's `work`; returns what `answer` takes."""
        return handle.work.remote(weights, state, order)

    def answer(self, call: Any) -> bytes:
        """What `work` returned; as `Processes.answer`."""
        errors = self._ray.exceptions
        while not self._ray.wait([call], timeout=_PATIENCE)[0]:
            log.warning("still waiting for a worker: it may need more time, or the cluster more cores")
        try:
            return self._ray.get(call)  # type: ignore[no-any-return]
        except errors.RayTaskError as error:
            if isinstance(error.cause, UserError):
                raise UserError(str(error.cause)) from None
            raise RuntimeError(f"a worker failed:\n{error}") from None
        except errors.RayError as error:
            raise WorkerDied(str(error).strip().partition("\n")[0]) from error

    def close(self, handles: list[Any]) -> None:
        """End workers."""
        if self._ray.is_initialized():
            for handle in handles:
                self._ray.kill(handle)
