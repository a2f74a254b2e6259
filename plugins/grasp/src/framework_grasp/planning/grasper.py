"""Grasper: a planner and an evaluator as one model, which chooses a grasp (section III-B of the paper)."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from framework.errors import UserError
from framework.runs.weights import load_weights, read_weights
from framework.supervised.average import averaged_weights
from framework_grasp.planning.autoregressive import AutoregressivePlanner
from framework_grasp.planning.config import (
    AutoregressiveConfig,
    EvaluatorConfig,
    GrasperConfig,
    MixtureConfig,
)
from framework_grasp.planning.evaluator import GraspEvaluator
from framework_grasp.planning.mixture import MixtureDensity
from framework_grasp.planning.planner import GraspPlanner, Proposals, Proposing
from framework_grasp.planning.sight import Sight

#: Grasps whose crops are in memory at once.
CROPS = 1024

_PLANNERS: dict[str, tuple[Any, Any]] = {
    "autoregressive": (AutoregressivePlanner, AutoregressiveConfig),
    "mixture": (MixtureDensity, MixtureConfig),
}


class Plans(NamedTuple):
    """The grasps chosen for b scenes, and what they were chosen from.

    Attributes:
        grasps: `(b, d)`.
        probability: of success, as the evaluator judges it, `(b,)`; NaN without one.
        proposals: all of them, `(b, n, d)`.
        scores: what was compared, `(b, n)`: probabilities, or log-densities without an evaluator.
    """

    grasps: Tensor
    probability: Tensor
    proposals: Tensor
    scores: Tensor


class Grasper(nn.Module):
    """Proposes grasps by its planner, and chooses one by its evaluator.

    What it is made of is in its state, so that a checkpoint alone rebuilds it (`load`).

    Args:
        planner: proposes.
        evaluator: chooses; None for the likeliest proposal.
    """

    def __init__(self, planner: GraspPlanner, evaluator: GraspEvaluator | None = None) -> None:
        super().__init__()
        self.planner, self.evaluator = planner, evaluator

    @property
    def sight(self) -> Sight:
        return self.planner.sight

    @torch.no_grad()
    def probability(self, reliefs: Tensor, grasps: Tensor) -> Tensor:
        """Of the success of grasps `(b, n, d)` in scenes `(b, views, h, w)`: `(b, n)`.

        Raises:
            UserError: there is no evaluator.
        """
        if self.evaluator is None:
            raise UserError("this model has no evaluator\n  give model.evaluator: {use: grasp/evaluator}")
        scenes = torch.arange(len(reliefs), device=reliefs.device).repeat_interleave(grasps.shape[1])
        flat = grasps.flatten(0, 1)
        logits = [
            self.evaluator(reliefs, flat[start : start + CROPS], scenes[start : start + CROPS])
            for start in range(0, len(flat), CROPS)
        ]
        return torch.cat(logits).sigmoid().reshape(grasps.shape[:2])

    @torch.no_grad()
    def plan(
        self,
        reliefs: Tensor,
        count: int = 40,
        how: Proposing = "sample",
        generator: torch.Generator | None = None,
    ) -> Plans:
        """Choose a grasp for each scene.

        Args:
            reliefs: `(b, views, h, w)`, heights in m, NaN where nothing is measured.
            count: proposals to choose from.
            how: they are made.
            generator: on the CPU.
        """
        return self.choose(reliefs, self.planner.propose(reliefs, count, how, generator))

    @torch.no_grad()
    def choose(self, reliefs: Tensor, proposals: Proposals) -> Plans:
        """Choose among proposals, of the planner or of another."""
        grasps = proposals.grasps
        judged = self.evaluator is not None
        scores = self.probability(reliefs, grasps) if judged else proposals.log_density
        best = scores.argmax(dim=1, keepdim=True)
        chosen = grasps.gather(1, best[..., None].expand(-1, -1, grasps.shape[2]))[:, 0]
        found = scores.gather(1, best)[:, 0]
        return Plans(chosen, found if judged else torch.full_like(found, torch.nan), grasps, scores)

    def forward(self, depth: Tensor) -> dict[str, Tensor]:
        """The likeliest grasp by the planner alone, and how probable its success is.

        Args:
            depth: `(b, views, h, w)`, heights in m.
        """
        grasp = self.planner(depth)
        if self.evaluator is None:
            return {"grasp": grasp}
        scenes = torch.arange(depth.shape[0], device=depth.device)
        return {"grasp": grasp, "probability": self.evaluator(depth, grasp, scenes).sigmoid()}

    def get_extra_state(self) -> Tensor:
        """What it is made of as JSON in bytes: state dicts hold tensors."""
        kind = next(name for name, (cls, _) in _PLANNERS.items() if type(self.planner) is cls)
        described = {
            "sight": asdict(self.sight),
            "planner": {"kind": kind, **asdict(self.planner.config)},
            "evaluator": None if self.evaluator is None else asdict(self.evaluator.config),
        }
        return torch.frombuffer(bytearray(json.dumps(described).encode()), dtype=torch.uint8)

    def set_extra_state(self, state: Tensor) -> None:
        found, own = (json.loads(bytes(s.cpu().numpy())) for s in (state, self.get_extra_state()))
        if found != own:
            raise RuntimeError(f"it is another model: {found}, and this one is {own}")


def build(environment: Any, config: GrasperConfig) -> Grasper:
    """Builder of `grasp/grasper`.

    Raises:
        UserError: the planner is none, or the evaluator; or the checkpoint is of another model.
    """
    grasper = as_grasper(config.planner, config.evaluator)
    if config.weights is not None:
        load_weights(grasper, config.weights)
    return grasper


def as_grasper(planner: Any, evaluator: Any = None) -> Grasper:
    """A planner, with an evaluator or alone, or what is a grasper already.

    Raises:
        UserError: it is none of these.
    """
    if isinstance(planner, Grasper) and evaluator is None:
        return planner
    if not isinstance(planner, GraspPlanner):
        raise UserError(
            f"{type(planner).__name__} proposes no grasps\n"
            "  use grasp/autoregressive_planner, grasp/mixture_density or grasp/regression"
        )
    if evaluator is not None and not isinstance(evaluator, GraspEvaluator):
        raise UserError(f"{type(evaluator).__name__} judges no grasps\n  use grasp/evaluator")
    return Grasper(planner, evaluator)


def grasper_of(algorithm: Any) -> Grasper:
    """What an algorithm has trained, or the model where nothing is trained.

    Raises:
        UserError: it has no planner.
    """
    if hasattr(algorithm, "grasper"):
        found: Grasper = algorithm.grasper()
        return found
    return as_grasper(algorithm)


def load(path: Path) -> Grasper:
    """Rebuild a grasper from a checkpoint that the framework wrote, averaged weights where there are some.

    Raises:
        UserError: the file is no checkpoint of a grasper.
    """
    try:
        state = read_weights(path, mmap=True)
        described = json.loads(bytes(state["model._extra_state"].cpu().numpy()))
        cls, config = _PLANNERS[described["planner"].pop("kind")]
        seen = described["sight"]
        sight = Sight(**{**seen, "size": tuple(seen["size"])})
        judge = described["evaluator"]
        grasper = Grasper(
            cls(sight, config(**described["planner"])),
            None if judge is None else GraspEvaluator(sight, EvaluatorConfig(**judge)),
        )
        grasper.load_state_dict(averaged_weights(state, "model."))
    except (UserError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise UserError(f"{path} is not the checkpoint of a planner of grasps: {error}") from error
    return grasper.eval().requires_grad_(requires_grad=False)
