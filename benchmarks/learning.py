"""Time to learn FetchPush, against Stable-Baselines3's hindsight with the settings of its zoo.

    python -m benchmarks.learning [--seed 0] [--goal 0.9] [--our-steps 500000] [--their-steps 1000000]
                                  [--every 20000] [--episodes 64] [--whole]

Ours is recipes/her.yaml as it stands, theirs TQC as RL Baselines3 Zoo tunes it for FetchPush, on
our environment by its gymnasium id, so that both learn the same task on the same MuJoCo. One after
the other in one process, one torch thread each. Every `--every` steps both are judged in the same
episodes; a side is done when two judgements in a row are at the goal, and what the first of them
took counts, without the time of judging. The other side stops when it has had ten times what ours
took, unless `--whole`; its success is then that of its last judgement. This takes hours: it is
run by name alone.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import gymnasium
import torch

import framework_her.fetch
from benchmarks.timing import Scores
from benchmarks.training import RECIPE, built
from framework.recipe import load
from framework.rl.evaluate import evaluate_policy
from framework_her.fetch.config import FetchConfig
from framework_her.fetch.tasks import make_push

TARGET = 10.0
#: The peer's settings for FetchPush in its zoo; the rest are its defaults.
ZOO: dict[str, Any] = {
    "buffer_size": 1_000_000,
    "batch_size": 2048,
    "gamma": 0.95,
    "learning_rate": 1e-3,
    "tau": 0.05,
    "policy_kwargs": {"net_arch": [512, 512, 512], "n_critics": 2},
    "replay_buffer_kwargs": {"goal_selection_strategy": "future", "n_sampled_goal": 4},
}


@dataclass
class Trial:
    """One side's learning, on clocks that stand still while it is judged.

    Attributes:
        name: whose.
        goal: success to reach.
        episodes: of a judgement.
        limit: seconds of wall-clock after which to give up.
        points: steps, wall-clock, CPU and success of every judgement.
    """

    name: str
    goal: float
    episodes: int
    limit: float = float("inf")
    points: list[tuple[int, float, float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._environment = make_push(FetchConfig(num_envs=16, threads=1))
        self._spent, self._since = (0.0, 0.0), _now()

    def judge(self, steps: int, policy: Callable[[Any], Any]) -> bool:
        """Play the same episodes as ever; return whether to go on."""
        now = _now()
        wall, cpu = (self._spent[i] + now[i] - self._since[i] for i in (0, 1))
        success = float(evaluate_policy(self._environment, policy, self.episodes, seed=1).success.mean())
        self.points.append((steps, wall, cpu, success))
        print(
            f"{self.name:<5}{steps:>9} steps {wall:8.1f} s {cpu:8.1f} CPU-s  success {success:.3f}",
            flush=True,
        )
        self._spent, self._since = (wall, cpu), _now()
        return self.done is None and wall < self.limit

    @property
    def done(self) -> tuple[int, float, float, float] | None:
        """The first of two judgements in a row at the goal."""
        for point, following in zip(self.points, self.points[1:], strict=False):
            if min(point[3], following[3]) >= self.goal:
                return point
        return None


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def ours(trial: Trial, steps: int, every: int, seed: int) -> None:
    """Train recipes/her.yaml."""
    algorithm = built(load(RECIPE, [f"seed={seed}", "environment.threads=1"]), seed)
    cycle = algorithm.env_steps_per_cycle
    per_look = max(1, every // cycle)
    done = 0
    while done < steps:
        algorithm.loop(per_look)
        done += per_look * cycle
        if not trial.judge(done, algorithm.act):
            return


def theirs(trial: Trial, steps: int, every: int, seed: int) -> None:
    """Train Stable-Baselines3's TQC with hindsight."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sb3_contrib import TQC
        from stable_baselines3 import HerReplayBuffer
        from stable_baselines3.common.callbacks import BaseCallback

        class Judge(BaseCallback):
            def _on_step(self) -> bool:
                if self.num_timesteps % every:
                    return True
                return trial.judge(
                    self.num_timesteps, lambda seen: self.model.predict(seen, deterministic=True)[0]
                )

        framework_her.fetch.register()
        environment = gymnasium.make("framework_her/FetchPush-v0")
        peer = TQC(
            "MultiInputPolicy",
            environment,
            replay_buffer_class=HerReplayBuffer,
            seed=seed,
            device="cpu",
            **ZOO,
        )
        peer.learn(steps, callback=Judge())


def main() -> int:
    """Print both curves and the ratio; return 1 if it misses its target."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--goal", type=float, default=0.9)
    parser.add_argument("--our-steps", type=int, default=500_000)
    parser.add_argument("--their-steps", type=int, default=1_000_000)
    parser.add_argument("--every", type=int, default=20_000)
    parser.add_argument("--episodes", type=int, default=64)
    parser.add_argument("--whole", action="store_true", help="let the peer go on to its last step")
    given = parser.parse_args()
    torch.set_num_threads(1)
    mine = Trial("ours", given.goal, given.episodes)
    ours(mine, given.our_steps, given.every, given.seed)
    scores, reached = Scores(), mine.done
    if reached is None:
        scores.skip("time to learn FetchPush", f"ours did not reach {given.goal:g}")
        return 1
    limit = float("inf") if given.whole else TARGET * reached[1]
    other = Trial("sb3", given.goal, given.episodes, limit)
    theirs(other, given.their_steps, given.every, given.seed)
    last = other.done or other.points[-1]
    bound = "" if other.done else f", at least: it is at {last[3]:.3f}"
    for what, index in (("wall-clock", 1), ("CPU", 2)):
        ratio = last[index] / reached[index]
        scores.at_least(f"{what} to {given.goal:g} on FetchPush, sb3's over ours{bound}", ratio, TARGET)
    return scores.exit_code()


if __name__ == "__main__":
    raise SystemExit(main())
