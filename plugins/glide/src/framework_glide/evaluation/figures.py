"""The figures of the evaluators' reports."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from framework_glide.evaluation.quality import MEASURES
from framework_glide.evaluation.sample_store import Pictures
from framework_glide.evaluation.settings import FAMILIES, Setting
from framework_glide.images.grid import grid

#: Frame of a picture that does not show what its caption says.
RED = (220, 20, 60)

#: Pixels a captioned picture takes, about.
WIDTH = 126

#: Inches a picture takes in a comparison.
CELL = 1.05

#: Characters of a caption in a line above a picture.
WRAP = 20


def captioned(pictures: Pictures, captions: Sequence[str], right: ArrayLike | None = None) -> Pictures:
    """Pictures in rows of eight, each above its caption: `(height, width, 3)`.

    Args:
        pictures: `(n, h, w, 3)`.
        captions: n.
        right: `(n,)`; where it is false, the picture has a red frame.
    """
    framed = np.pad(pictures, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=255)
    if right is not None:
        wrong = ~np.asarray(right, dtype=bool)
        red = np.broadcast_to(np.array(RED, dtype=np.uint8), framed[wrong].shape).copy()
        red[:, 1:-1, 1:-1] = pictures[wrong]
        framed[wrong] = red
    return grid(framed, 8, scale=max(1, WIDTH // framed.shape[2]), captions=captions)


def comparison(rows: Mapping[str, Pictures], captions: Sequence[str] = ()) -> Figure:
    """One row of pictures for each title.

    Args:
        rows: pictures `(n, h, w, 3)` by title; the sizes may differ between titles.
        captions: n, above the columns.
    """
    count = max(len(pictures) for pictures in rows.values())
    head = 0.5 if captions else 0.1
    figure = Figure(figsize=(CELL * count + 1.7, CELL * len(rows) + head), layout="constrained")
    places = figure.subplots(len(rows), 1, squeeze=False)[:, 0]
    for axes, (title, pictures) in zip(places, rows.items(), strict=True):
        axes.imshow(_strip(pictures), interpolation="nearest", extent=(0, len(pictures), 0, 1))
        axes.set(xticks=[], yticks=[], xlim=(0, count))
        axes.spines[:].set_visible(False)
        axes.set_ylabel(
            "\n".join(textwrap.wrap(title, WRAP)), fontsize=7, rotation=0, ha="right", va="center"
        )
    for column, caption in enumerate(captions):
        text = "\n".join(textwrap.wrap(caption, WRAP))
        places[0].text(column + 0.5, 1.04, text, fontsize=5.5, ha="center", va="bottom")
    return figure


def fronts(settings: Sequence[Setting], values: Mapping[str, Mapping[str, float]]) -> Figure:
    """What guidance trades for what; the best compromises are ringed.

    Args:
        settings: no guidance, and scales of one or two kinds.
        values: measures by setting, with the keys of `MEASURES`.
    """
    there = set.intersection(*(set(one) for one in values.values()))
    pairs = [("recall", "precision", True), ("frechet", "accuracy", False), ("frechet", "similarity", False)]
    pairs = [pair for pair in pairs if there.issuperset(pair[:2])]
    figure = Figure(figsize=(4.6 * len(pairs), 4.0), layout="constrained")
    for axes, (x, y, more) in zip(figure.subplots(1, len(pairs), squeeze=False)[0], pairs, strict=True):
        points = np.array([[values[setting.name][x], values[setting.name][y]] for setting in settings])
        _lines(axes, settings, points)
        best = points[pareto(points * [1 if more else -1, 1])]
        axes.plot(*best.T, "o", ms=11, mfc="none", mec="black", alpha=0.6, label="Pareto-optimal")
        axes.set(xlabel=MEASURES[x], ylabel=MEASURES[y])
        if not more:
            axes.invert_xaxis()
    figure.axes[0].legend(fontsize="small")
    return figure


def adversary(settings: Sequence[Setting], values: Mapping[str, Mapping[str, float]]) -> Figure:
    """What the guiding CLIP says of the pictures against what the judge says, over its scales."""
    chosen = [setting for setting in settings if setting.family in ("none", "clip")]
    scales = [setting.scale if setting.family == "clip" else 0.0 for setting in chosen]
    figure = Figure(figsize=(5.0, 3.8), layout="constrained")
    axes = figure.subplots()
    own = [values[setting.name]["similarity"] for setting in chosen]
    judged = [values[setting.name]["accuracy"] for setting in chosen]
    axes.plot(scales, own, "o-", color="tab:orange")
    axes.set(xlabel="CLIP guidance, scale", xscale="symlog")
    axes.set_ylabel("similarity, by the CLIP that guides", color="tab:orange")
    other = axes.twinx()
    other.plot(scales, judged, "s-", color="tab:blue")
    other.set_ylabel("attribute accuracy, by the judge", color="tab:blue")
    return figure


def elo_figure(names: Sequence[str], scores: Mapping[str, tuple[ArrayLike, ArrayLike, ArrayLike]]) -> Figure:
    """Elo scores with their intervals, a panel for each question asked.

    Args:
        names: of the settings.
        scores: score, low and high, `(settings,)` each, by question.
    """
    figure = Figure(figsize=(4.2 * len(scores), 0.4 * len(names) + 1.2), layout="constrained")
    for axes, (title, parts) in zip(
        figure.subplots(1, len(scores), squeeze=False)[0], scores.items(), strict=True
    ):
        score, low, high = (np.asarray(part) for part in parts)
        places = np.arange(len(names))[::-1]
        axes.errorbar(score, places, xerr=[score - low, high - score], fmt="o", capsize=3)
        axes.set_yticks(places, names)
        axes.axvline(0, color="grey", lw=0.8)
        axes.set(title=title, xlabel="Elo")
    return figure


def pareto(points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which points `(n, d)` no other is better than, more being better in each dimension: `(n,)`."""
    at_least = np.all(points[None] >= points[:, None], axis=2)
    better = np.any(points[None] > points[:, None], axis=2)
    return np.asarray(~np.any(at_least & better, axis=1))


def _lines(axes: Axes, settings: Sequence[Setting], points: NDArray[np.float64]) -> None:
    for family, colour, mark in (
        ("none", "black", "*"),
        ("cfg", "tab:blue", "o"),
        ("clip", "tab:orange", "s"),
    ):
        chosen = [i for i, setting in enumerate(settings) if setting.family == family]
        if not chosen:
            continue
        chosen.sort(key=lambda i: settings[i].scale)
        label = FAMILIES[settings[chosen[0]].family]
        axes.plot(*points[chosen].T, marker=mark, color=colour, label=label, lw=1, ms=9 if mark == "*" else 5)
        for i in chosen if family != "none" else ():
            axes.annotate(
                f"{settings[i].scale:g}", points[i], fontsize=7, xytext=(4, 4), textcoords="offset points"
            )
    axes.grid(alpha=0.3)


def _strip(pictures: Pictures) -> Pictures:
    """Pictures side by side, a white line of pixels between them."""
    edge = max(1, pictures.shape[2] // 16)
    framed = np.pad(pictures, ((0, 0), (0, 0), (0, edge), (0, 0)), constant_values=255)
    return np.concatenate(list(framed), axis=1)
