"""Tasks that samples of a model solve, to fine-tune on: Codex-S from one's own problems (section 4.3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from framework.contracts import Progress
from framework_codex.curation import keeping
from framework_codex.curation.config import SolvedTasksConfig
from framework_codex.evaluation.bench import bench
from framework_codex.evaluation.judging import Judged, unjudgeable
from framework_codex.evaluation.selection import problems_of
from framework_codex.problem import Problem


class SolvedTasks:
    """Draws samples of problems, and writes those that some sample solves to `problems.jsonl`.

    The paper drops problems that none of 100 samples solves, as too hard or ambiguous, and those whose
    solutions do not always pass. What is kept is learned from by its canonical solution or, without one,
    by the likeliest sample that passes.

    Args:
        config: the parameters.
    """

    def __init__(self, config: SolvedTasksConfig) -> None:
        self.config = config

    def produce(self, folder: Path, progress: Callable[[Progress], None]) -> None:
        config = self.config
        if keeping.is_done(folder):
            return
        asked = problems_of(config.problems, config)
        progress(Progress(0, len(asked), "tasks"))
        work = folder / "work"
        dropped = unjudgeable(asked, config.judge, work)
        with bench(config, work, config.model, asked) as desk:
            result = desk.judged(config.temperature, config.judge)
        dropped |= {
            problem.task_id: "its tests raise by themselves"
            for problem in asked
            if problem not in result.samples.problems and problem.task_id not in dropped
        }
        solved: list[Problem] = []
        for task, problem in enumerate(result.samples.problems):
            solution = problem.canonical_solution or _likeliest(result, task)
            if result.correct[task]:
                solved.append(replace(problem, canonical_solution=solution))
            else:
                dropped[problem.task_id] = f"none of {config.n} samples solves it"
        dropped |= (out := keeping.unsteady(solved, config.judge, config.repeats))
        keeping.write(folder, [one for one in solved if one.task_id not in out], dropped)
        progress(Progress(len(asked), len(asked), "tasks"))


def _likeliest(result: Judged, task: int) -> str:
    """The sample of a problem that passes and has the highest mean log-probability; "" if none passes."""
    own = np.flatnonzero((result.samples.task == task) & result.passed)
    if not len(own):
        return ""
    scores = np.nan_to_num(result.samples.mean_logprob[own], nan=-np.inf)
    text: str = result.samples.texts[own[int(scores.argmax())]]
    return text
