"""Tables of samples and what became of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from framework.report import Table
from framework_codex.evaluation.judging import OUTCOMES, Judged

_MISSING = re.compile(r"ModuleNotFoundError: No module named '([\w.]+)'")


def outcome_table(results: Sequence[Judged]) -> Table:
    """How many samples had each outcome, by temperature."""
    rows = []
    for result in results:
        counted, samples = result.outcome_counts(), result.samples
        # Recorded samples seldom tell how long they are, and never why they end.
        drawn = samples.tokens[samples.tokens > 0]
        cut = samples.finish.count("length") / len(samples.texts) if result.temperature is not None else None
        lengths = [drawn.mean() if len(drawn) else None, cut]
        rows.append([result.temperature, len(samples.texts), *counted.values(), *lengths])
    outcomes = [outcome.replace("_", " ") for outcome in OUTCOMES]
    return Table(["temperature", "samples", *outcomes, "mean tokens", "share cut at max_tokens"], rows)


def missing_modules(results: Sequence[Judged]) -> Table | None:
    """Modules that programs asked for in vain, most wanted first; None if there are none."""
    wanted: Counter[str] = Counter()
    for result in results:
        found = (_MISSING.match(verdict.detail) for verdict in result.verdicts)
        wanted.update(match[1].partition(".")[0] for match in found if match)
    if not wanted:
        return None
    return Table(
        ["module", "samples that fail for it"],
        wanted.most_common(),
        caption="Programs may import Python's standard library, and what is named in judge.packages.",
    )


def problem_table(results: Sequence[Judged], ks: Sequence[int]) -> Table:
    """One row per problem and temperature: samples, passed, pass@k, other outcomes."""
    rows = []
    for result in results:
        found: list[list[str]] = [[] for _ in result.samples.problems]
        for task, verdict in zip(result.samples.task, result.verdicts, strict=True):
            found[task].append(verdict.outcome)
        values = result.pass_at(ks)
        for task, problem in enumerate(result.samples.problems):
            counted = {outcome: found[task].count(outcome) for outcome in OUTCOMES}
            passed = counted.pop("passed")
            others = ", ".join(f"{name} {count}" for name, count in counted.items() if count)
            row = [problem.task_id, result.temperature, len(found[task]), passed]
            rows.append([*row, *values[task], others])
    estimates = [f"pass@{k}" for k in ks]
    return Table(["problem", "temperature", "n", "passed", *estimates, "otherwise"], rows)
