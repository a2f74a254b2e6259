"""DDPG updates per second against Stable-Baselines3's, at equal networks, batches and threads.

    python -m benchmarks.updates [--rounds 7]

Both sample from a filled buffer of FetchPush-sized episodes, put hindsight goals in, and
update critic, actor and targets, one torch thread each, in turns in one process. Both are
float32. `her/hindsight` asks torch for `matmul: medium`, which on AMD processors is float32
through oneDNN instead of MKL; ratios with the same setting on both sides tell how much of
the whole is due to that.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import torch

from benchmarks.timing import Scores, Work, take_turns
from benchmarks.training import Bare
from framework.rl.budget import Budget
from framework.rl.collect.local import Episode
from framework.rl.overlap import Matmul, matmul_precision
from framework_her.actor_critic import ActorCritic
from framework_her.config import ActorCriticConfig, HindsightConfig

HIDDEN, BATCH, UPDATES, EPISODES, STEPS = (256, 256, 256), 256, 40, 400, 50
TARGET = 2.0


class Numbers(gymnasium.Env[dict[str, np.ndarray], np.ndarray]):
    """Random numbers of FetchPush's sizes: what they mean does not matter for speed."""

    def __init__(self) -> None:
        box = lambda n: gymnasium.spaces.Box(-np.inf, np.inf, (n,), np.float64)  # noqa: E731
        self.observation_space = gymnasium.spaces.Dict(
            observation=box(25), achieved_goal=box(3), desired_goal=box(3)
        )
        self.action_space = gymnasium.spaces.Box(-1, 1, (4,), np.float32)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[dict[str, np.ndarray], Any]:
        super().reset(seed=seed)
        self.steps = 0
        return self._observe(), {}

    def step(self, action: np.ndarray) -> tuple[dict[str, np.ndarray], float, bool, bool, dict[str, Any]]:
        self.steps += 1
        return self._observe(), -1.0, False, self.steps >= STEPS, {}

    def compute_reward(self, achieved: np.ndarray, desired: np.ndarray, info: Any) -> np.ndarray:
        return -(np.linalg.norm(achieved - desired, axis=-1) > 0.05).astype(np.float32)

    def _observe(self) -> dict[str, np.ndarray]:
        return {key: self.np_random.normal(size=space.shape) for key, space in self.observation_space.items()}


def ours() -> Callable[[], Any]:
    """`her/hindsight` with a filled buffer; a call makes `UPDATES` updates."""
    environment = gymnasium.vector.SyncVectorEnv(
        [Numbers], autoreset_mode=gymnasium.vector.AutoresetMode.SAME_STEP
    )
    environment.compute_reward = environment.envs[0].unwrapped.compute_reward
    model = ActorCritic(environment, ActorCriticConfig(hidden=HIDDEN))
    config = HindsightConfig(budget=Budget(updates=1), batch_size=BATCH, updates_per_cycle=UPDATES)
    algorithm = Bare(environment, model, config)
    random = np.random.default_rng(0)
    sizes = {"observation": 25, "achieved_goal": 3, "desired_goal": 3, "action": 4}
    for _ in range(EPISODES):
        steps = {key: random.normal(size=(STEPS + 1, size)).astype(np.float32) for key, size in sizes.items()}
        algorithm.replay.add(Episode(steps, terminated=False, success=False))
    algorithm.model.normalizer.update(torch.randn(1000, 28))
    algorithm._optimizer = algorithm.configure_optimizers()
    return algorithm.learn


def stable_baselines() -> Callable[[], Any]:
    """Its DDPG with its hindsight buffer; a call makes `UPDATES` updates."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from stable_baselines3 import DDPG, HerReplayBuffer

        agent = DDPG(
            "MultiInputPolicy",
            Numbers(),
            buffer_size=EPISODES * STEPS,
            learning_starts=EPISODES * STEPS,
            batch_size=BATCH,
            replay_buffer_class=HerReplayBuffer,
            replay_buffer_kwargs={"n_sampled_goal": 4},
            policy_kwargs={"net_arch": list(HIDDEN)},
            device="cpu",
        )
        agent.learn(EPISODES * STEPS)
    return lambda: agent.train(UPDATES, BATCH)


def main() -> int:
    """Print the ratios; return 1 if the target is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)

    def contender(learn: Callable[[], Any], matmul: Matmul) -> Callable[[], Work]:
        def work() -> Work:
            with matmul_precision(matmul):
                learn()
            return Work(UPDATES)

        return work

    here, there = ours(), stable_baselines()
    rates = take_turns(
        {
            f"{name}, {matmul}": contender(learn, matmul)
            for name, learn in (("ours", here), ("sb3", there))
            for matmul in ("medium", "highest")
        },
        rounds,
    )
    for name in rates.cpu:
        print(f"{name:<16} {rates.rate(name, 'cpu'):6.1f} updates per CPU-second")
    for matmul in ("medium", "highest"):
        ratio = rates.ratio(f"ours, {matmul}", f"sb3, {matmul}", "cpu")
        print(f"ours over sb3, both with float32 matmul precision {matmul}: {ratio:.2f}")
    scores = Scores()
    scores.at_least(
        "DDPG updates per CPU-second, as shipped, over Stable-Baselines3's as it comes",
        rates.ratio("ours, medium", "sb3, highest", "cpu"),
        TARGET,
    )
    return scores.exit_code()


if __name__ == "__main__":
    raise SystemExit(main())
