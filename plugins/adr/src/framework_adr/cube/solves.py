"""Goals in a row with the cube, and how many trials solved it: wholly, and half of it (table 6)."""

from __future__ import annotations

from typing import Any

from framework.errors import UserError
from framework.report import Report, Table
from framework.rl.evaluate import Outcomes
from framework_adr.cube.config import SolvesConfig
from framework_adr.cube.env import CubeEnv
from framework_dex_hand import Successes


class Solves(Successes):
    """Plays trials without exploration, and counts the goals that each reached in a row.

    A trial in which all goals of its way to the solved cube were reached is a full solve, one in which half
    of them were is a half. The paper's scramble has 43 goals, 26 turns of faces and 17 flips: where goals
    are random, 43 in a row count as one, and 22 as a half.

    Args:
        config: the parameters.
    """

    keys = (*Successes.keys, "way", "solved")

    def __init__(self, config: SolvesConfig) -> None:
        super().__init__(config)

    def _play(self, algorithm: Any, environment: Any, episodes: int, stream: int) -> Outcomes:
        if not isinstance(environment, CubeEnv):
            raise UserError(
                f"{type(environment).__name__} has no cube to solve\n"
                "  adr/solves needs adr/cube; for other hands: dex_hand/successes"
            )
        return super()._play(algorithm, environment, episodes, stream)

    def _report(self, played: Outcomes, environment: Any) -> Report:
        report = super()._report(played, environment)
        goals, way = played.info["successes"], played.info["way"]
        found = {
            "half": float((2 * goals >= way).mean()),
            "full": float((goals >= way).mean()),
            "solved": float(played.info["solved"].mean()),
        }
        report.metrics |= found
        report.tables["solves"] = Table(
            ["trials", "goals of a full solve, mean", "half", "full", "cube solved"],
            [[len(goals), float(way.mean()), *found.values()]],
            caption="Shares of the trials that reached half of these goals in a row, or all.",
        )
        return report
