"""Does a policy trained here solve the published Fetch tasks on their own MuJoCo?

    python transfer.py train policy.npz [RECIPE OVERRIDE...]   # with the framework
    python transfer.py here  policy.npz                        # with the framework
    python transfer.py judge policy.npz                        # with mujoco 3.10 and gymnasium-robotics

gymnasium-robotics' environment classes fail on the MuJoCo that the framework needs, so two
Python environments take part, and the policy travels between them as a file of arrays:
`mean`, `std`, `clip` of the input normaliser and `W0`, `b0`, `W1`, ... of the layers, relu
between them and tanh at the end; the input is the observation and then the desired goal.

`train` and `here` write the success rate in our environment beside the policy, as
`policy.json`; `judge` prints that of the published one as JSON, and fails where the two are
more than 5 points apart.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

NAMES = {
    "reach": "FetchReach",
    "push": "FetchPush",
    "slide": "FetchSlide",
    "pick_and_place": "FetchPickAndPlace",
}
STEPS = 50
#: How far apart the two success rates may be.
TOLERANCE = 0.05


class Policy:
    """A policy read from its file; call it with inputs `(batch, n)` for actions `(batch, 4)`."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as arrays:
            self.mean, self.std, self.clip = arrays["mean"], arrays["std"], float(arrays["clip"])
            count = sum(name.startswith("W") for name in arrays)
            self.layers = [(arrays[f"W{i}"], arrays[f"b{i}"]) for i in range(count)]

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        hidden = np.clip((inputs - self.mean) / self.std, -self.clip, self.clip)
        for weight, bias in self.layers[:-1]:
            hidden = np.maximum(hidden @ weight.T + bias, 0)
        weight, bias = self.layers[-1]
        return np.tanh(hidden @ weight.T + bias)

    def act(self, observation: dict[str, np.ndarray]) -> np.ndarray:
        """Actions for observations as the environments give them, batched or not."""
        return self(np.concatenate([observation["observation"], observation["desired_goal"]], axis=-1))


def judge(policy: Policy, task: str, episodes: int, seed: int = 0) -> float:
    """Success rate at the last step of episodes of the published environment."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        import gymnasium
        import gymnasium_robotics

        gymnasium.register_envs(gymnasium_robotics)
        env = gymnasium.make(f"{NAMES[task]}-v4", max_episode_steps=STEPS)
    successes = 0.0
    for episode in range(episodes):
        observation, _ = env.reset(seed=seed + episode)
        info: dict[str, Any] = {}
        for _ in range(STEPS):
            observation, _, _, _, info = env.step(policy.act(observation).astype(np.float32))
        successes += float(info["is_success"])
    return successes / episodes


def here(policy: Policy, task: str, episodes: int, seed: int = 0) -> float:
    """Success rate at the last step of as many episodes of our environment."""
    from framework_her.fetch.config import FetchConfig
    from framework_her.fetch.env import FetchEnv
    from framework_her.fetch.tasks import TASKS

    env = FetchEnv(TASKS[task], FetchConfig(num_envs=episodes, max_episode_steps=STEPS))
    observation, _ = env.reset(seed=seed)
    info: dict[str, Any] = {}
    for _ in range(STEPS):
        observation, _, _, _, info = env.step(policy.act(observation).astype(np.float32))
    return float(info["is_success"].mean())


def train(path: Path, recipe: Path, overrides: list[str]) -> None:
    """Run a recipe and write its policy."""
    from framework.experiment import Experiment, run

    result = run(recipe, overrides)
    runner = Experiment.reopen(result.run).trained()
    built = runner.build()
    runner.restore(built)
    built.algorithm.export_npz(path)


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says; return 1 where the success rates do not agree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=["train", "here", "judge"])
    parser.add_argument("policy", type=Path)
    parser.add_argument("--task", choices=NAMES, help="default: push, or what the policy was trained on")
    parser.add_argument("--episodes", type=int, default=400)
    parser.add_argument("--recipe", type=Path, default=Path("recipes/her.yaml"))
    parser.add_argument("overrides", nargs="*")
    options = parser.parse_intermixed_args(arguments)
    path, episodes = options.policy, options.episodes
    notes = path.with_suffix(".json")
    if options.what != "judge":
        if options.what == "train":
            train(path, options.recipe, options.overrides)
        task = options.task or "push"
        found = {"task": task, "episodes": episodes, "success": here(Policy(path), task, episodes)}
        notes.write_text(json.dumps(found) + "\n", encoding="utf-8")
        print(json.dumps(found))
        return 0
    import mujoco

    noted = json.loads(notes.read_text(encoding="utf-8")) if notes.is_file() else {}
    task = options.task or noted.get("task", "push")
    answer = {"task": task, "episodes": episodes, "mujoco": mujoco.__version__}
    answer["success"] = judge(Policy(path), task, episodes)
    answer["here"] = noted.get("success")
    print(json.dumps(answer))
    return int(answer["here"] is not None and abs(answer["here"] - answer["success"]) > TOLERANCE)


if __name__ == "__main__":
    sys.exit(main())
