"""Step gymnasium-robotics' FetchPush when told to; a program of its own.

It runs under a Python whose MuJoCo its classes still work with (before 3.17). Each line it
reads is a number of steps; it answers with the CPU-seconds they took.
"""

from __future__ import annotations

import sys
import time

import gymnasium
import gymnasium_robotics
import numpy as np


def main() -> None:
    """Answer until the input ends."""
    gymnasium.register_envs(gymnasium_robotics)
    env = gymnasium.make("FetchPush-v4")
    actions = np.random.default_rng(0).uniform(-1, 1, (50, 4)).astype(np.float32)
    print("ready", flush=True)
    for line in sys.stdin:
        start = time.process_time()
        for step in range(int(line)):
            if step % 50 == 0:
                env.reset()
            env.step(actions[step % 50])
        print(time.process_time() - start, flush=True)


if __name__ == "__main__":
    main()
