"""An LSTM over rollouts in which episodes start: ours against sb3-contrib's, which steps through them.

`python -m benchmarks.recurrence`
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import torch
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from torch import Tensor

from benchmarks.timing import Scores, Work, take_turns
from framework.rl.memory import Memory

INPUTS, UNITS = 64, 128
#: Steps, environments, the share of steps at which an episode starts, and the target.
ROLLOUTS = ((160, 16, 0.01, 2.0), (32, 64, 0.1, 1.2))
PASSES = 4


def rollout(steps: int, count: int, share: float) -> tuple[Tensor, Tensor]:
    """Observations `(steps, count, INPUTS)` and where episodes start, `(steps, count)`."""
    generator = torch.Generator().manual_seed(0)
    first = torch.rand(steps, count, generator=generator) < share
    return torch.randn(steps, count, INPUTS, generator=generator), first


def contenders(steps: int, count: int, share: float) -> dict[str, Callable[[], Work]]:
    """Forward and backward over one rollout, `PASSES` times, with the same weights and answers."""
    x, first = rollout(steps, count, share)
    memory = Memory(INPUTS, UNITS)
    zeros = torch.zeros(1, count, UNITS)
    # sb3-contrib takes rows one environment after another.
    flat, starts = x.transpose(0, 1).flatten(0, 1), first.t().flatten().float()

    def ours() -> Tensor:
        return memory(x, None, first)[0]

    def theirs() -> Tensor:
        y, _ = RecurrentActorCriticPolicy._process_sequence(flat, (zeros, zeros), starts, memory.net)
        return y.reshape(count, steps, UNITS).transpose(0, 1)

    torch.testing.assert_close(ours(), theirs())

    def work(forward: Callable[[], Tensor]) -> Callable[[], Work]:
        def run() -> Work:
            for _ in range(PASSES):
                forward().sum().backward()
            return Work(PASSES)

        return run

    return {"ours": work(ours), "sb3-contrib": work(theirs)}


def main() -> int:
    """Print the ratios; return 1 if a target is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    scores = Scores()
    for steps, count, share, target in ROLLOUTS:
        rates = take_turns(contenders(steps, count, share), rounds)
        scores.at_least(
            f"LSTM over {steps} x {count} steps, {share:.0%} of them starts, over sb3-contrib's",
            rates.ratio("ours", "sb3-contrib", "cpu"),
            target,
        )
    return scores.exit_code()


if __name__ == "__main__":
    raise SystemExit(main())
