"""Which of an environment's problems an evaluator takes."""

from __future__ import annotations

from typing import Any

import numpy as np

from framework.errors import UserError
from framework_codex.evaluation.config import SelectConfig
from framework_codex.problem import Problem


def problems_of(environment: Any, config: SelectConfig) -> tuple[Problem, ...]:
    """The problems of an environment that a config selects.

    Raises:
        UserError: there are none.
    """
    splits = list(environment.keys()) if hasattr(environment, "keys") else []
    if "problems" not in splits:
        raise UserError(
            f"the environment has no problems to solve, only {', '.join(splits) or 'no splits at all'}\n"
            "  use codex/problems, codex/chains, or codex/code mixed with chains"
        )
    problems = [Problem.of(row) for row in environment["problems"]]
    if config.lengths:
        found = sorted({problem.length for problem in problems})
        problems = [problem for problem in problems if problem.length in config.lengths]
        if not problems:
            raise UserError(f"no problem has one of the lengths {list(config.lengths)}; there are {found}")
    if not problems:
        raise UserError("the environment's split problems is empty")
    if 0 < config.limit < len(problems):
        spread = np.linspace(0, len(problems) - 1, config.limit).round().astype(int)
        problems = [problems[position] for position in spread]
    return tuple(problems)
