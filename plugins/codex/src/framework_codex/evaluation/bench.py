"""What evaluators of samples work with: a model, problems, a folder."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framework.errors import UserError
from framework_codex.code_model import CodeModel, Recorded, code_model_of
from framework_codex.evaluation.config import DrawConfig, RunConfig
from framework_codex.evaluation.judging import Judged, judged, unjudgeable
from framework_codex.evaluation.sample_file import file_of
from framework_codex.evaluation.samples import Samples, draw
from framework_codex.execution.verdict import JudgeConfig
from framework_codex.problem import Problem

log = logging.getLogger("framework")


@dataclass(frozen=True)
class Bench:
    """Draws and judges samples as a config says.

    Attributes:
        model: what draws them.
        problems: those the config selects.
        counts: samples of each.
        config: the parameters.
        folder: where samples and verdicts are kept.
        notes: what the reader of the report has to know.
    """

    model: CodeModel
    problems: tuple[Problem, ...]
    counts: tuple[int, ...]
    config: DrawConfig
    folder: Path
    notes: list[str]

    @property
    def recorded(self) -> bool:
        return isinstance(self.model, Recorded)

    def samples(self, temperature: float) -> Samples:
        """Samples of every problem."""
        sampling = self.config.sampling(temperature)
        return draw(self.model, self.problems, sampling, self.counts, self.config.seed, self.folder)

    def judged(self, temperature: float, judge: JudgeConfig) -> Judged:
        """Samples of the problems that can be judged, and what became of them; a note names the others."""
        (result,) = self.results([temperature], judge)
        return result

    def results(self, temperatures: Sequence[float], judge: JudgeConfig) -> list[Judged]:
        """As `judged`, at each temperature, of the same problems at all.

        Raises:
            UserError: no problem can be judged.
        """
        found = []
        for temperature in temperatures:
            known = None if self.recorded else temperature
            found.append(judged(self.samples(temperature), judge, self.folder, known))
        broken: dict[str, str] = {}
        for result in found:
            broken = {**result.unjudgeable(), **broken}
        if not broken:
            return found
        self.notes.append(_left_out(broken, len(self.problems)))
        return [result.without(broken) for result in found]

    def path(self, what: str, temperature: float) -> Path:
        """A file in the folder for something of these samples, named like theirs."""
        sampling = self.config.sampling(temperature)
        return file_of(what, self.folder, self.model, sampling, self.config.seed)

    def usable(self, k: Sequence[int]) -> tuple[int, ...]:
        """The k there are enough samples for; a note tells of the others.

        Raises:
            UserError: none is left, or one exceeds the n that was asked for.
        """
        least = min(self.counts)
        kept = tuple(sorted({one for one in k if one <= least}))
        if len(kept) == len(set(k)):
            return kept
        if not (self.recorded and kept):
            way = "" if self.recorded else f"n at least {max(k)}, or "
            raise UserError(
                f"pass@{max(k)} needs {max(k)} samples of every problem, and there are {least}\n"
                f"  give {way}k at most {least}"
            )
        left_out = ", ".join(str(one) for one in sorted(set(k) - set(kept)))
        self.notes.append(f"Some problem has only {least} samples: k = {left_out} is left out.")
        return kept


@contextmanager
def bench(
    config: DrawConfig, folder: Path | None, algorithm: Any, problems: Sequence[Problem]
) -> Iterator[Bench]:
    """Set up what an evaluator of samples needs; without a folder, in a temporary one.

    Problems whose own canonical solution does not pass are left out, before anything is drawn.

    Raises:
        UserError: the algorithm cannot sample, there are too few recorded samples, or no problem
            can be judged.
    """
    model = code_model_of(algorithm)
    kept, counts, notes = _counted(model, tuple(problems), config.n)
    with tempfile.TemporaryDirectory() as temporary:
        work = folder or Path(temporary)
        if isinstance(config, RunConfig):
            judgeable = _judgeable(kept, config.judge, work, notes)
            counts = tuple(count for count, good in zip(counts, judgeable, strict=True) if good)
            kept = tuple(problem for problem, good in zip(kept, judgeable, strict=True) if good)
        yield Bench(model, kept, counts, config, work, notes)


def _judgeable(
    problems: tuple[Problem, ...], config: JudgeConfig, folder: Path, notes: list[str]
) -> list[bool]:
    """Which problems can be judged; a note names the others."""
    reasons = unjudgeable(problems, config, folder)
    if reasons:
        notes.append(_left_out(reasons, len(problems)))
    return [problem.task_id not in reasons for problem in problems]


def _left_out(reasons: Mapping[str, str], total: int) -> str:
    """Say which problems cannot be judged, in the log as well.

    Raises:
        UserError: none can.
    """
    named = [f"{name} ({reason})" for name, reason in reasons.items()]
    if len(reasons) == total:
        listed = "\n  ".join(named[:10])
        raise UserError(
            f"none of the {total} problems can be judged\n  {listed}\n"
            "  correct their tests or their canonical_solution, leave that empty if it is not known, "
            "or raise judge.limits"
        )
    note = f"{len(reasons)} of {total} problems cannot be judged and are left out: {'; '.join(named)}."
    log.warning(note)
    return note


def _counted(
    model: CodeModel, problems: tuple[Problem, ...], n: int
) -> tuple[tuple[Problem, ...], tuple[int, ...], list[str]]:
    """Problems there are samples of, and how many of each to take."""
    if not isinstance(model, Recorded):
        return problems, (n,) * len(problems), []
    there = model.counts()
    # Whether problems may be without samples was asked when the file was read.
    kept = tuple(problem for problem in problems if there.get(problem.task_id))
    if not kept:
        raise UserError("the recorded samples are of none of the selected problems")
    counts = tuple(there[problem.task_id] for problem in kept)
    out = len(problems) - len(kept)
    notes = [f"{out} of {len(problems)} problems have no recorded samples and are left out."]
    return kept, counts, notes if out else []
