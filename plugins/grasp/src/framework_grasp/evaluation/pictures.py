"""Figures of what planners predict, and of how often it succeeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from framework_grasp.arrays import Array
from framework_grasp.evaluation.figures import canvas
from framework_grasp.evaluation.intervals import Rate
from framework_grasp.evaluation.result import Shown
from framework_grasp.planning.grasper import Grasper
from framework_grasp.trials.hand import OPENING, PAD_WIDTH

#: Samples that show a distribution.
SAMPLES = 60


@torch.no_grad()
def distributions(grasper: Grasper, shown: Sequence[Shown]) -> Figure:
    """Samples of the planner over the view from above, coloured by the evaluator, and what was tried.

    Args:
        grasper: planner and evaluator.
        shown: scenes, a panel each.
    """
    columns = min(3, len(shown))
    figure, axes = canvas(columns, -(-len(shown) // columns), 3.2, 3.2)
    for one, scene in zip(axes, shown, strict=False):
        seen = torch.as_tensor(scene.depth[: grasper.sight.views], dtype=torch.float32)[None]
        generator = torch.Generator().manual_seed(0)
        drawn = grasper.planner.propose(seen, SAMPLES, "sample", generator).grasps
        scores = grasper.probability(seen, drawn)[0].numpy() if grasper.evaluator is not None else None
        panel(one, scene.depth[0], drawn[0].double().numpy(), scores, grasper.sight.span)
        draw_hand(one, scene.grasp, color="tab:red", linewidth=2.0)
        one.set_title(scene.title, fontsize=8)
    for one in axes[len(shown) :]:
        one.remove()
    return figure


def panel(axes: Axes, above: ArrayLike, grasps: Array, scores: ArrayLike | None, span: float) -> None:
    """A view from above with grasps on it, the probable ones green and the improbable ones purple."""
    half = 50 * span  # cm
    axes.imshow(np.asarray(above), cmap="gray", extent=(-half, half, -half, half), interpolation="nearest")
    colours = np.full(len(grasps), 0.7) if scores is None else np.asarray(scores)
    for grasp, colour in zip(grasps, colormaps["PiYG"](colours), strict=True):
        draw_hand(axes, grasp, color=colour, linewidth=0.7, alpha=0.6)
    axes.set(xlim=(-half, half), ylim=(-half, half))
    axes.tick_params(labelsize=6)


def draw_hand(axes: Axes, grasp: Array, **style: object) -> None:
    """The open hand from above: a line from pad to pad, and the pads across it."""
    x, y, yaw = 100 * grasp[0], 100 * grasp[1], grasp[3]
    along, across = np.array([-np.sin(yaw), np.cos(yaw)]), np.array([np.cos(yaw), np.sin(yaw)])
    ends = np.array([[x, y] + side * 50 * OPENING * along for side in (-1, 1)])
    axes.plot(*ends.T, **style)  # type: ignore[arg-type]
    for end in ends:
        axes.plot(*np.array([end - 50 * PAD_WIDTH * across, end + 50 * PAD_WIDTH * across]).T, **style)  # type: ignore[arg-type]


def curves(panels: Mapping[str, Mapping[str, Mapping[int, Rate]]]) -> Figure:
    """Success against the number of proposals, a panel per set and a line per method, with intervals.

    Args:
        panels: by set, method and number.
    """
    figure, axes = canvas(min(2, len(panels)), -(-len(panels) // 2))
    for one, (title, lines) in zip(axes, panels.items(), strict=False):
        for method, rates in lines.items():
            if not rates:
                continue
            counts, found = list(rates), list(rates.values())
            (line,) = one.plot(counts, [rate.rate for rate in found], marker="o", label=method)
            one.fill_between(
                counts,
                [rate.low for rate in found],
                [rate.high for rate in found],
                color=line.get_color(),
                alpha=0.15,
            )
        one.set(xlabel="proposals", ylabel="success", ylim=(-0.02, 1.02), xscale="log", title=title)
        one.grid(alpha=0.3)
        if one.get_legend_handles_labels()[0]:
            one.legend(fontsize="small", loc="lower right")
    for one in axes[len(panels) :]:
        one.remove()
    return figure
