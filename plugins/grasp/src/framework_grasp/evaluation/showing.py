"""What `framework play` shows: an object, how it is seen, the grasp that is chosen and how it goes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from framework.errors import UserError
from framework.report import Report
from framework_grasp.depth import cameras, views
from framework_grasp.evaluation.film import Film
from framework_grasp.evaluation.methods import relief
from framework_grasp.evaluation.pictures import distributions
from framework_grasp.evaluation.result import Shown
from framework_grasp.objects.household import household
from framework_grasp.objects.meshes import solids_in
from framework_grasp.objects.random import random_solid
from framework_grasp.objects.solid import Solid
from framework_grasp.objects.units import Unit
from framework_grasp.planning.grasper import Grasper
from framework_grasp.planning.planner import Proposing
from framework_grasp.trials.bench import Bench
from framework_grasp.trials.trial import FAILURES


def find_object(name: str, seed: int, unit: Unit = "m") -> Solid:
    """An object by its name.

    Args:
        name: of a file, of one of the household objects, or "" for an invented one.
        seed: of the invented one.
        unit: of the lengths in a file.

    Raises:
        UserError: there is none, or the file is no mesh that can be grasped.
    """
    if not name:
        return random_solid(seed)
    known = {solid.name: solid for solid in household()}
    if name in known:
        return known[name]
    if not Path(name).exists():
        raise UserError(
            f"there is no object {name!r}: no such file, and no household object of that name\n"
            f"  there are: {', '.join(known)}"
        )
    return solids_in(Path(name), unit)[0]


def show(
    grasper: Grasper, solid: Solid, friction: float, proposals: int, how: Proposing, seed: int
) -> Report:
    """Lay an object down, choose a grasp and try it.

    Args:
        grasper: chooses.
        solid: the object.
        friction: Coulomb's.
        proposals: to choose from.
        how: they are made.
        seed: of the pose and of the proposals.

    Raises:
        UserError: the object does not come to rest.
    """
    random = np.random.default_rng(seed)
    bench = Bench(solid, 4, friction)
    pose = bench.rest(random)
    if pose is None:
        raise UserError(f"{solid.name} does not come to rest on the table\n  try another seed")
    bench.put(pose)
    depth = views(bench, cameras(grasper.sight.views))
    generator = torch.Generator().manual_seed(seed)
    plan = grasper.plan(relief(depth, grasper), proposals, how, generator)
    grasp = plan.grasps[0].double().cpu().numpy()
    film = Film(bench)
    outcome = bench.try_grasps(pose, grasp[None], film.watch)
    x, y, z, *angles = grasp.tolist()
    held = "held" if outcome.success[0] else f"not held ({FAILURES[outcome.failure[0]]})"
    probability = float(plan.probability[0])
    judged = "" if np.isnan(probability) else f", probability {probability:.3f}"
    turned = ", ".join(
        f"{name} {angle:.3f} rad" for name, angle in zip(("yaw", "pitch", "roll"), angles, strict=False)
    )
    width = float(outcome.width[0])
    closed = "the hand did not close" if np.isnan(width) else f"width {width:.3f} m"
    note = f"{solid.name}: x {x:.3f} m, y {y:.3f} m, z {z:.3f} m, {turned}, {closed}{judged}: {held}"
    report = Report(notes=[note], title=f"{solid.name}: {held}")
    report.metrics = {"success": float(outcome.success[0]), "width": width, "probability": probability}
    film.add_to(report)
    report.figures["grasp"] = distributions(grasper, [Shown(depth, grasp, f"{solid.name}: {held}")])
    return report
