"""What a training costs in another version of the project, and whether it ends in the same weights.

    python -m benchmarks.versions OLD_PYTHON [RECIPE...] [--rounds 3] [--weights]

OLD_PYTHON is the interpreter of an environment in which the other version is installed; this one
is the interpreter that runs the benchmark. Both train each recipe in turns, in processes of their
own; without recipes, those in `benchmarks/small`. Figures are CPU-seconds of the whole command, and
medians of ratios over rounds, this version over the other.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

import torch

from benchmarks.startup import cpu_ms
from benchmarks.timing import Scores

SMALL = Path(__file__).parent / "small"
#: This version may take this much of the other's time.
TARGET = 1.03


def train(python: Path, recipe: Path, folder: Path) -> float:
    """Train a recipe with one installation, in a folder; return the CPU-seconds of the command.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    # A search path of the caller's would put one version's modules into the other.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    folder.mkdir()
    command: list[str | Path] = [python.with_name("framework"), "run", recipe.absolute()]
    return cpu_ms(command, environment, folder) / 1e3


def weights(folder: Path) -> dict[str, torch.Tensor]:
    """What the training in a folder ended in, by name.

    Raises:
        FileNotFoundError: it left no checkpoint.
    """
    files = sorted(folder.rglob("*.ckpt"), key=lambda path: path.stat().st_mtime)
    if not files:
        raise FileNotFoundError(f"no checkpoint under {folder}")
    state = torch.load(files[-1], map_location="cpu", weights_only=False)["state_dict"]
    return {name: value for name, value in state.items() if isinstance(value, torch.Tensor)}


def difference(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> str:
    """Say in words how the weights differ."""
    if ours.keys() != theirs.keys():
        return f"other names: {sorted(ours.keys() ^ theirs.keys())}"
    unequal = [name for name in ours if not torch.equal(ours[name], theirs[name])]
    return f"{len(unequal)} of {len(ours)} differ" if unequal else f"all {len(ours)} equal, bit for bit"


def main() -> int:
    """Print the figures; return 1 if one missed its target."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("old", type=Path, help="interpreter of the other version's environment")
    parser.add_argument("recipes", type=Path, nargs="*")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--weights", action="store_true", help="compare the weights as well")
    given = parser.parse_args()
    scores = Scores()
    for recipe in given.recipes or sorted(SMALL.glob("*.yaml")):
        ratios = []
        for number in range(given.rounds):
            with tempfile.TemporaryDirectory() as scratch:
                sides = [("old", given.old), ("new", Path(sys.executable))]
                cost = {
                    name: train(python, recipe, Path(scratch, name))
                    for name, python in (sides if number % 2 == 0 else sides[::-1])
                }
                ratios.append(cost["new"] / cost["old"])
                print(f"{recipe.stem}: {cost['new']:.1f} CPU-s, the other {cost['old']:.1f}", flush=True)
                if given.weights and number == 0:
                    ours, theirs = (weights(Path(scratch, name)) for name in ("new", "old"))
                    print(f"{recipe.stem}, weights: {difference(ours, theirs)}", flush=True)
        scores.at_most(f"{recipe.stem}, CPU time over the other version's", statistics.median(ratios), TARGET)
    return scores.exit_code()


if __name__ == "__main__":
    raise SystemExit(main())
