"""Workers: many collectors in processes of their own, used as one."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import numpy as np
from torch import nn

from framework.errors import UserError
from framework.origins import dumps
from framework.rl.collect.config import CollectorsConfig
from framework.rl.collect.processes import Processes, WorkerDied
from framework.rl.collect.ray import Actors
from framework.rl.vector import warn_if_unsaved

log = logging.getLogger("framework")

_TRIES = 3  # workers that may die over the same chunk


class Workers:
    """Collectors that each step an environment like the given one, at the same time.

    One call returns a whole chunk of each. Their order is that of the workers, whoever is done first, so that
    what is learnt depends on the number of workers and on nothing else. With every chunk comes the state
    that its worker has after it: that is what checkpoints hold, and where another worker goes on if
    one dies. It collects the lost chunk once more, the same one, so that a death costs time alone. (Where
    the environment has no `get_state`, new episodes are begun instead.)

    They start at the first chunk.

    Args:
        config: which, and how many.
        environment: one that the core has built, or that can be pickled.
        policy: what acts; of what learns, the weights that are in it are sent.
        make: `make(environment, policy, seed)` is a worker's `Collector`.
        join: makes one chunk of one of each worker.
        seed: of all of them.

    Attributes:
        replaced: workers that died and were replaced, since the training began.
    """

    def __init__(
        self,
        config: CollectorsConfig,
        environment: Any,
        policy: nn.Module,
        make: Callable[[Any, Any, int], Any],
        join: Callable[[list[Any]], Any],
        seed: int,
    ) -> None:
        self.config, self.environment, self.policy = config, environment, policy
        self.replaced = 0
        self._make, self._join = make, join
        self._seeds = np.random.SeedSequence(seed).generate_state(config.workers).tolist()
        self._states: list[bytes | None] = [None] * config.workers
        self._ahead = [True] * config.workers  # whether a worker's own state is not the one here
        self._pool: Any = None
        self._handles: list[Any] = []
        self._weights: Any = None
        self._has_weights = [False] * config.workers

    def broadcast(self, model: nn.Module) -> None:
        """Let workers act with these weights from the next chunk on."""
        self._start()
        weights = model.state_dict()
        held = {name: weights[name].cpu() for name in self.policy.state_dict()}
        self._weights = self._pool.broadcast(dumps(held))
        self._has_weights = [False] * self.config.workers

    def chunk(self, *order: Any) -> Any:
        """What all workers have collected, each by one call of its collector's `chunk`.

        Raises:
            UserError: workers die again and again, or refuse.
        """
        self._start()
        asked = dumps(order)
        calls = [self._ask(worker, asked) for worker in range(self.config.workers)]
        return self._join([self._answer(worker, asked, call) for worker, call in enumerate(calls)])

    def state_dict(self) -> dict[str, Any]:
        """The state of every worker after its last chunk."""
        return {"workers": list(self._states), "replaced": self.replaced}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned.

        Raises:
            UserError: it is of another number of workers.
        """
        saved = state.get("workers", [None])
        if len(saved) != self.config.workers:
            raise UserError(
                f"this checkpoint was written with {len(saved)} workers and cannot go on with "
                f"{self.config.workers}\n  give algorithm.collectors.workers: {len(saved)}"
            )
        self._states, self.replaced = list(saved), state["replaced"]
        self._ahead = [True] * len(saved)

    def close(self) -> None:
        """End the workers; another chunk starts them anew."""
        if self._pool is not None:
            self._pool.close(self._handles)
            self._pool, self._handles = None, []

    @property
    def watcher(self) -> None:
        """Nobody."""
        return None

    @watcher.setter
    def watcher(self, _: Any) -> NoReturn:
        raise UserError(
            f"nobody can look on between the steps that workers take (collectors.use: {self.config.use})\n"
            "  give collectors: {use: local}"
        )

    def _start(self) -> None:
        if self._pool is not None:
            return
        if self.config.use == "processes":
            known = (self.environment, *self.policy.modules())
            modules = {type(each).__module__ for each in known} | {"framework.rl.off_policy.explorer"}
            self._pool = Processes(sorted(modules - {"__main__"}))
        else:
            self._pool = Actors(self.config.cpus)
        self._handles = [self._new(worker) for worker in range(self.config.workers)]
        self._ahead = [True] * self.config.workers
        self._has_weights = [False] * self.config.workers
        warn_if_unsaved(self.environment)

    def _new(self, worker: int) -> Any:
        try:
            made = dumps((self._make, self.environment, self.policy, self._seeds[worker]))
        except Exception as error:
            raise UserError(
                f"{type(self.environment).__name__} cannot be sent to workers: {error}\n"
                "  name it in a recipe, which they can build it from, or give collectors: {use: local}"
            ) from error
        return self._pool.start(worker, made)

    def _ask(self, worker: int, order: bytes) -> Any:
        weights = None if self._has_weights[worker] else self._weights
        state = self._states[worker] if self._ahead[worker] else None
        try:
            return self._pool.ask(self._handles[worker], weights, state, order)
        except WorkerDied as death:
            return death

    def _answer(self, worker: int, order: bytes, call: Any) -> Any:
        for _ in range(_TRIES):
            try:
                if isinstance(call, WorkerDied):
                    raise call
                chunk, self._states[worker] = pickle.loads(self._pool.answer(call))
            except WorkerDied as death:
                why = str(death)
                log.warning("worker %d died (%s); another one collects its chunk again", worker, why)
                self.replaced += 1
                self._handles[worker] = self._new(worker)
                self._ahead[worker], self._has_weights[worker] = True, False
                call = self._ask(worker, order)
            else:
                self._ahead[worker], self._has_weights[worker] = False, True
                return chunk
        raise UserError(
            f"{_TRIES} workers died over the same chunk, the last one by: {why}\n"
            "  see whether they run out of memory, or the environment crashes"
        )
