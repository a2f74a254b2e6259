"""Automatic domain randomization: algorithm 1, around an algorithm that learns."""

from __future__ import annotations

from typing import Any

import torch

from framework.contracts import Parametrised
from framework.errors import UserError
from framework.wrapper import Wrapper
from framework_adr.bounds import Bounds
from framework_adr.config import ADRConfig
from framework_adr.episodes import Episodes, Result
from framework_adr.history import History


class ADR(Wrapper):
    """Trains another algorithm on episodes whose parameters lie in ranges that widen as it does well.

    Whenever an episode begins, its parameters are drawn (`Bounds.draw`): half of the episodes have one
    parameter at one of its bounds. What these achieve is taken at the end of each training step, in order,
    and moves the bounds (`Bounds.add`): each once at most, since what was played at another place no longer
    counts. All episodes are learnt from, as published for policies.

    In distributed training all processes share the bounds, and the results of all move them.

    Args:
        environment: a batched environment with parameters (`Parametrised`); what the recipe's section of
            it draws for parameters that are named here is drawn here instead.
        model: what the inner algorithm trains.
        config: the parameters.

    Attributes:
        bounds: the ranges as they are.
        history: and as they were.

    Raises:
        UserError: the environment has no such parameters, or not such values of them, or the inner
            algorithm does not collect its experience with a collector of `framework.rl`.
    """

    def __init__(self, environment: Any, model: Any, config: ADRConfig) -> None:
        super().__init__(config.inner)
        self.config = config
        if not isinstance(environment, Parametrised):
            raise UserError(
                f"{type(environment).__name__} has no parameters that can be set while it runs\n"
                "  adr/adr needs an environment that is framework.contracts.Parametrised, such as adr/puck"
            )
        if not hasattr(getattr(self.wrapped, "collector", None), "watcher"):
            raise UserError(
                f"{type(self.wrapped).__name__} acts in no environment by a collector of framework.rl\n"
                "  adr/adr needs an inner algorithm that learns by reward, such as rl/ppo or her/hindsight"
            )
        self.bounds = Bounds(config, environment.parameters())
        self.history = History(self.bounds)
        self._logged = False
        self._watch(environment, process=0)

    def _watch(self, environment: Any, process: int) -> None:
        seed = [self.config.seed, process]
        self.episodes = Episodes(environment, self.bounds, self.config.performance, seed)
        self.wrapped.collector.watcher = self.episodes  # type: ignore[union-attr]

    def setup(self, stage: str) -> None:
        self.wrapped.setup(stage)
        if self.global_rank > 0:  # whose collector is a new one
            self._watch(self.episodes.environment, self.global_rank)

    def training_step(self, *batch: Any) -> Any:
        answer = self.wrapped.training_step(*batch)
        results = self._of_all_processes(self.episodes.take())
        moved = [self.bounds.add(*result) for result in results]
        done = self.wrapped.progress().done  # type: ignore[operator]
        if any(moved):
            self.history.add(done, self.bounds)
            self.episodes.moved()
        self.log("adr/entropy", self.bounds.entropy)
        if results:
            self.log("adr/performance", sum(result.performance for result in results) / len(results))
        # Two numbers for each parameter, which cost more than all else here: only when they are new.
        if any(moved) or not self._logged:
            self._logged = True
            for name, (low, high) in self.ranges().items():
                self.log(f"adr/{name}/low", low)
                self.log(f"adr/{name}/high", high)
        return answer

    def ranges(self) -> dict[str, tuple[float, float]]:
        """What parameters are drawn from now, by name."""
        return {
            name: (low, high)
            for name, (low, high) in zip(self.bounds.names, self.bounds.values().tolist(), strict=True)
        }

    def _of_all_processes(self, results: list[Result]) -> list[Result]:
        if self.trainer.world_size == 1:
            return results
        gathered: list[Any] = [None] * self.trainer.world_size
        torch.distributed.all_gather_object(gathered, results)
        return [Result(*result) for each in gathered for result in each]

    # Episodes at play are saved with the collector, once for each process.

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.wrapped.on_save_checkpoint(checkpoint)
        checkpoint["adr"] = {"bounds": self.bounds.state_dict(), "history": self.history.state_dict()}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.wrapped.on_load_checkpoint(checkpoint)
        self.bounds.load_state_dict(checkpoint["adr"]["bounds"])
        self.history.load_state_dict(checkpoint["adr"]["history"])
