"""Training planner and evaluator together (section III-C of the paper)."""

from __future__ import annotations

import math
from typing import Annotated, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from framework import Param
from framework.contracts import Progress, Served
from framework.errors import UserError
from framework.report import Report
from framework.supervised.algorithm import Descent
from framework.supervised.average import Averages
from framework.supervised.order import Shuffled
from framework_grasp.learning.augmentation import augment, half_turned
from framework_grasp.learning.config import GraspTrainingConfig
from framework_grasp.learning.examples import Batch, Row, Scenes, collate
from framework_grasp.objects.units import Unit
from framework_grasp.planning.grasper import Grasper, as_grasper
from framework_grasp.planning.planner import Proposing


class GraspTraining(Descent):
    """Maximise the likelihood of the grasps that succeeded, and minimise the cross-entropy of all outcomes.

    Planner and evaluator share no weights: each is trained as if it were alone, on the same scenes.

    Args:
        environment: scenes by split.
        model: a `Grasper`, or a planner alone.
        config: optimiser, schedule and budget.

    Attributes:
        averages: moving averages of the model.
    """

    def __init__(self, environment: Any, model: nn.Module, config: GraspTrainingConfig) -> None:
        super().__init__(config)
        if "train" not in environment:
            raise UserError("grasp/joint learns from the environment's split 'train'")
        self.environment, self.config = environment, config
        self.model = as_grasper(model)
        self.averages = Averages(self.model, () if config.ema is None else (config.ema,))
        self._supply: Shuffled[Row] | None = None
        self._position: dict[str, Any] = {}
        self._generator = torch.Generator().manual_seed(config.seed)

    @property
    def learned(self) -> nn.Module:
        return self.model

    def grasper(self) -> Grasper:
        """The model, with averaged weights if there are some."""
        found = self.model if self.config.ema is None else self.averages.of(self.config.ema)
        assert isinstance(found, Grasper)
        return found

    @property
    def supply(self) -> Shuffled[Row]:
        """Made when it is first needed: a trained model that is only evaluated needs none."""
        if self._supply is None:
            self._supply = Shuffled(Scenes(self.environment["train"]), self.config.seed)
            if self._position:
                self._supply.load_state_dict(self._position)
        return self._supply

    def accumulate(self) -> dict[str, float]:
        world, size = self.world_size, self.config.batch_size
        batch = collate(self.supply.take(size * world)[self.global_rank :: world])
        if self.config.augment and self.model.sight.views == 1:
            batch = augment(batch, self.model.sight.span, self.config.shift, self._generator)
        terms = self.loss(batch.to(self.device))
        if terms["loss"].requires_grad:  # not of scenes without a single success, and without an evaluator
            self.manual_backward(terms["loss"])
        return {name: value.item() for name, value in terms.items()}

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """What is minimised, under "loss", and its parts: nats per grasp that succeeded, and per trial."""
        grasps, scenes = batch.successful()
        terms = {"loss": batch.reliefs.new_zeros(())}
        if len(grasps):
            terms["planner"] = -self.model.planner.log_density(batch.reliefs, grasps, scenes).mean()
            terms["loss"] = terms["loss"] + terms["planner"]
        if self.model.evaluator is not None:
            tried, success, scenes = self._trials(batch)
            logits = self.model.evaluator(batch.reliefs, tried, scenes)
            terms["evaluator"] = F.binary_cross_entropy_with_logits(logits, success.to(logits))
            terms["accuracy"] = ((logits > 0) == success).float().mean()
            terms["loss"] = terms["loss"] + terms["evaluator"]
        return terms

    def _trials(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Some trials of each scene: grasps `(m, d)`, successes `(m,)` and scenes `(m,)`."""
        b, n = batch.success.shape
        order = torch.rand((b, n), generator=self._generator).argsort(dim=1)[:, : self.config.trials]
        rows, columns = torch.arange(b).repeat_interleave(order.shape[1]), order.flatten()
        rows, columns = rows.to(batch.grasps.device), columns.to(batch.grasps.device)
        tried = half_turned(batch.grasps[rows, columns], self._generator)
        return tried, batch.success[rows, columns], rows

    def after_step(self) -> None:
        self.averages.update(self.model)

    # How far ---------------------------------------------------------------------------------

    @property
    def total_steps(self) -> int:
        return math.ceil(self.config.scenes / (self.config.batch_size * self.world_size))

    def progress(self) -> Progress:
        each = self.config.batch_size * self.world_size
        return Progress(self.steps_done * each, self.total_steps * each, "scenes")

    def data_state(self) -> dict[str, Any]:
        return {"supply": self.supply.state_dict(), "generator": self._generator.get_state()}

    def load_data_state(self, state: dict[str, Any]) -> None:
        self._position, self._supply = state["supply"], None
        self._generator.set_state(state["generator"])

    # What is trained ---------------------------------------------------------------------------

    def served(self) -> Served:
        """Depth views to the greedy grasp, and the probability that it succeeds."""
        sight = self.model.sight
        return Served(self.grasper(), {"depth": np.zeros((2, sight.views, *sight.size), np.float32)})

    def act(self, observation: NDArray[np.float32]) -> NDArray[np.float32]:
        """The grasp chosen for views `(views, h, w)`, or for several scenes: `(d,)` or `(b, d)`."""
        seen = torch.as_tensor(np.asarray(observation, np.float32))
        one = seen.dim() == 3
        generator = torch.Generator().manual_seed(self.config.seed)
        chosen = self.grasper().plan(seen[None] if one else seen, generator=generator).grasps.cpu().numpy()
        found: NDArray[np.float32] = chosen[0] if one else chosen
        return found

    def play(
        self,
        environment: Any,
        object: str = "",  # noqa: A002
        unit: Annotated[Unit, Param("of the lengths in a mesh file")] = "m",
        scale: Annotated[float, Param("factor on the lengths of the object", gt=0)] = 1.0,
        friction: Annotated[float, Param("Coulomb's, of the object on pads and table", gt=0, le=5)] = 0.5,
        proposals: Annotated[int, Param("to choose from", ge=1)] = 40,
        how: Proposing = "sample",
        seed: Annotated[int, Param("of the invented object, of its pose and of the proposals", ge=0)] = 0,
    ) -> Report:
        """Grasp an object, and say and draw how.

        Args:
            environment: not looked at.
            object: a mesh, OBJ or STL, or the name of a household object; default: an invented one.
            unit: of the lengths in a mesh file.
            scale: factor on its lengths.
            friction: Coulomb's.
            proposals: to choose from.
            how: they are made: sample, beam or greedy.
            seed: of an invented object, of the pose and of the proposals.
        """
        # Here, or training would need what draws.
        from framework_grasp.evaluation.showing import find_object, show

        solid = find_object(object, seed, unit)
        if scale != 1:
            solid = solid.scaled(scale)
        return show(self.grasper(), solid, friction, proposals, how, seed)
