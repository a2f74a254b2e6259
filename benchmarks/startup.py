"""CPU milliseconds of the commands that people wait for most.

    python -m benchmarks.startup [--rounds 15]

Each command runs as installed, in a process of its own, in turns with a Python that does
nothing; the figures are medians of user plus system time.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import distributions
from pathlib import Path

from benchmarks.timing import Scores

RECIPE = Path(__file__).parents[1] / "recipes" / "her.yaml"
TARGETS = {"--help": 60.0, "list": 90.0}


def cpu_ms(command: Sequence[str | Path], environment: dict[str, str], folder: Path | None = None) -> float:
    """Run a command, in a folder if one is given; return the CPU time it took, in milliseconds.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment, cwd=folder)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e3


def main() -> int:
    """Print the figures; return 1 if one missed its target."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    program = Path(sys.executable).with_name("framework")
    commands: dict[str, list[str | Path]] = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "framework --help": [program, "--help"],
        "framework list": [program, "list"],
        "framework info trainer": [program, "info", "trainer"],
        f"framework check recipes/{RECIPE.name}": [program, "check", RECIPE],
    }
    environment = {name: value for name, value in os.environ.items() if name != "FRAMEWORK_PLUGINS"}
    times: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            time = cpu_ms(command, environment)
            if number:  # the first round writes bytecode and warms the disk cache
                times[name].append(time)
    scores = Scores()
    print(f"{sum(1 for _ in distributions())} distributions are installed")
    for name, measured in times.items():
        median = statistics.median(measured)
        target = TARGETS.get(name.removeprefix("framework "))
        if target is None:
            print(f"{name + ', CPU ms':<72} {median:8.3f}")
        else:
            scores.at_most(f"{name}, CPU ms", median, target)
    return scores.exit_code()


if __name__ == "__main__":
    raise SystemExit(main())
