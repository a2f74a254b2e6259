"""Speed of Rubik's cube in the hand: 26 cubelets and three layers, against the block.

    python -m benchmarks.cube [--num-envs 64] [--rounds 5]

An environment step is 10 physics steps of 8 ms, with observations, rewards and resets. Actions are random, on
one thread. Rates are those of this machine as it is: what else runs on it slows all three alike, so that
ratios tell more.
"""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

import numpy as np

from benchmarks.timing import Contender, Scores, Work, take_turns
from framework_adr.cube.config import CubeConfig
from framework_adr.cube.env import CubeEnv
from framework_dex_hand.config import ReorientConfig
from framework_dex_hand.env import ReorientEnv

#: Environment steps per CPU-second, and how many of them are taken in a round.
TARGETS = {"exact": 300.0, "layered": 1800.0}
STEPS = {"exact": 5, "layered": 25, "block": 25}
#: By how much the block may be faster: it makes 2,480 steps where these make what they should.
SHARES = {name: target / 2480 for name, target in TARGETS.items()}


def play(env: Any, actions: np.ndarray) -> Work:
    """Go through the actions."""
    for action in actions:
        env.step(action)
    return Work(actions.shape[0] * actions.shape[1])


def main(arguments: list[str] | None = None) -> int:
    """Print rates and ratios; return 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--num-envs", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(arguments)
    common: dict[str, Any] = {"num_envs": options.num_envs, "threads": 1, "starts": 32}
    environments: dict[str, Any] = {
        "block": ReorientEnv(ReorientConfig(**common)),
        "layered": CubeEnv(CubeConfig(**common, cube="layered", goals="random")),
        "exact": CubeEnv(CubeConfig(**common, cube="exact", goals="random")),
    }
    random = np.random.default_rng(0)
    contenders: dict[str, Contender] = {}
    for name, env in environments.items():
        env.reset(seed=0)
        actions = random.uniform(-1, 1, (STEPS[name], options.num_envs, 20)).astype(np.float32)
        contenders[name] = partial(play, env, actions)
    rates = take_turns(contenders, options.rounds)
    scores = Scores()
    for name, target in TARGETS.items():
        scores.at_least(f"{name}: env steps per CPU-second", rates.rate(name, "cpu"), target)
        scores.at_least(f"{name} / block", rates.ratio(name, "block", "cpu"), SHARES[name])
    print(f"  block {rates.rate('block', 'cpu'):.0f} env steps per CPU-second")
    return scores.exit_code()


if __name__ == "__main__":
    raise SystemExit(main())
