"""What happened in the scenes of one set of objects at one scale."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framework_grasp.arrays import Array
from framework_grasp.evaluation.intervals import Rate, rate_of
from framework_grasp.evaluation.methods import Chosen
from framework_grasp.evaluation.situations import Situation
from framework_grasp.trials.trial import FAILURES


@dataclass(frozen=True)
class Shown:
    """A scene for a picture.

    Attributes:
        depth: `(views, h, w)`, heights in m.
        grasp: that was tried, `(d,)`.
        title: above it.
    """

    depth: NDArray[Any]
    grasp: Array
    title: str


class Result:
    """Outcomes by method.

    Args:
        best: the method whose grasps are shown.
        pictures: so many scenes are kept to be shown, each of another object.

    Attributes:
        objects: name of each scene's object.
        failures: trials by method and failure, those that did not fail first.
        shown: scenes.
    """

    def __init__(self, best: str, pictures: int) -> None:
        self.best, self.pictures = best, pictures
        self.objects: list[str] = []
        self.failures: dict[str, NDArray[np.int64]] = {}
        self.shown: list[Shown] = []
        self._success: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
        self._judged: defaultdict[str, list[float]] = defaultdict(list)

    def try_out(self, situation: Situation, chosen: Chosen) -> None:
        """Try the grasps that were chosen in a scene."""
        ends = np.cumsum([len(grasps) for grasps in chosen.grasps.values()])
        outcomes = situation.bench.try_grasps(situation.pose, np.concatenate(list(chosen.grasps.values())))
        new = situation.object not in self.objects
        for (method, grasps), end in zip(chosen.grasps.items(), ends, strict=True):
            own = slice(end - len(grasps), end)
            self._success[method].append((len(self.objects), float(outcomes.success[own].mean())))
            counted = np.bincount(outcomes.failure[own], minlength=len(FAILURES))
            self.failures[method] = self.failures.get(method, 0) + counted
        self.objects.append(situation.object)
        for method, probability in chosen.probability.items():
            self._judged[method].append(probability)
        if new and len(self.shown) < self.pictures:
            held = "held" if self._success[self.best][-1][1] else "not held"
            grasp = chosen.grasps[self.best][0]
            self.shown.append(Shown(situation.depth, grasp, f"{situation.object}: {held}"))

    @property
    def methods(self) -> list[str]:
        return list(self._success)

    def rate(self, method: str) -> Rate:
        """Of the scenes in which the method had a grasp to try."""
        scenes, success = zip(*self._success[method], strict=True)
        return rate_of(success, [self.objects[i] for i in scenes])

    def expected(self, method: str) -> float | None:
        """The mean probability that the evaluator gave, if it judged."""
        found = self._judged.get(method)
        return float(np.mean(found)) if found else None
