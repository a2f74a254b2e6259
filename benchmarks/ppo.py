"""PPO beside Stable-Baselines3's, with the same settings in the same environments.

    python -m benchmarks.ppo [ppo_halfcheetah ppo_hopper ppo_walker2d] [--seeds 0 1 2]
                             [--steps 1000000] [--save FILE]

Each recipe is trained as it stands, by `framework.run`, and its settings are handed to the peer. One after
the other in one process, one torch thread each. Both are judged by the recipe's evaluator, in the same
episodes, after training; CPU-seconds are those of all of it: building, training and judging, and for ours the
tracking too. With `--save`, what is done is kept in that file, and not done again by another call.

The target: our mean over seeds is not below the peer's 95% interval (bootstrap over seeds). A million steps
take a third of an hour for either on one core, so that all of it takes hours: it is run by name alone.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

import framework
from benchmarks.timing import Scores
from framework.recipe import Recipe, load
from framework.rl.mean_return import MeanReturn
from framework.rl.on_policy.config import PolicyConfig, PPOConfig
from framework.statistics import bootstrap_interval

RECIPES = Path(__file__).parents[1] / "recipes"
DEFAULT = ("ppo_halfcheetah", "ppo_hopper", "ppo_walker2d")
ACTIVATIONS = {"tanh": torch.nn.Tanh, "relu": torch.nn.ReLU, "elu": torch.nn.ELU}


class Result(NamedTuple):
    """What one training came to.

    Attributes:
        value: mean return after it, of episodes without exploration.
        cpu: CPU-seconds.
    """

    value: float
    cpu: float


def ours(recipe: Recipe, folder: Path) -> float:
    """Train and judge as `framework run` does."""
    done = framework.run(recipe, root=folder / "runs", quiet=True)
    return float(done.metrics["mean_return/return"])


def theirs(recipe: Recipe, folder: Path) -> float:
    """Train Stable-Baselines3's PPO with what a recipe says, and judge it likewise."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from stable_baselines3 import PPO
        from stable_baselines3.common.env_util import make_vec_env
        from stable_baselines3.common.vec_env import VecNormalize

        stage = recipe.stages["main"]
        assert stage.environment
        assert stage.model
        assert stage.algorithm
        config = PPOConfig(**stage.algorithm.arguments)
        model = PolicyConfig(**stage.model.arguments)
        seed, size = stage.seed, int(stage.environment.arguments["num_envs"])
        last = config.learning_rate if config.final_learning_rate is None else config.final_learning_rate
        environment = VecNormalize(
            make_vec_env(stage.environment.arguments["id"], n_envs=size, seed=seed),
            norm_obs=model.normalize,
            norm_reward=config.normalize_rewards,
            gamma=config.gamma,
        )
        peer = PPO(
            "MlpPolicy",
            environment,
            learning_rate=lambda left: last + (config.learning_rate - last) * left,
            n_steps=config.steps,
            batch_size=config.steps * size // config.minibatches,
            n_epochs=config.epochs,
            gamma=config.gamma,
            gae_lambda=config.lam,
            clip_range=config.clip,
            clip_range_vf=config.clip_value,
            ent_coef=config.entropy_weight,
            vf_coef=config.value_weight,
            max_grad_norm=float("inf") if config.max_gradient_norm is None else config.max_gradient_norm,
            policy_kwargs={
                "net_arch": list(model.hidden),
                "activation_fn": ACTIVATIONS[model.activation],
                "log_std_init": float(np.log(model.std)),
            },
            seed=seed,
            device="cpu",
        )
        peer.learn(config.budget.env_steps or 0)

        class Player:
            def player(self) -> Callable[[Any], Any]:
                return lambda seen: peer.predict(environment.normalize_obs(seen), deterministic=True)[0]

        judge = stage.evaluators[0].build(seed=seed)
        assert isinstance(judge, MeanReturn)
        return judge(Player(), stage.environment.build(seed=seed)).metrics["return"]


SIDES = {"ours": ours, "sb3": theirs}


def measured(name: str, side: str, seed: int, steps: int | None, folder: Path) -> Result:
    """One training."""
    overrides = [f"seed={seed}", "evaluators.0.every=0", f"tracking.uri=sqlite:///{folder / 'mlflow.db'}"]
    if steps is not None:
        overrides.append(f"algorithm.budget.env_steps={steps}")
    recipe = load(RECIPES / f"{name}.yaml", overrides)
    start = time.process_time()
    value = SIDES[side](recipe, folder)
    return Result(value, time.process_time() - start)


def main() -> int:
    """Print a table and how the sides compare; return 1 if a target was missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("recipes", nargs="*", default=DEFAULT)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", type=int, help="in place of the recipes' own")
    parser.add_argument("--save", type=Path, help="file that results are added to and read from, JSON lines")
    given = parser.parse_args()
    torch.set_num_threads(1)
    logging.getLogger("framework").setLevel(logging.ERROR)
    kept: dict[tuple[Any, ...], Result] = {}
    if given.save and given.save.exists():
        for line in given.save.read_text().splitlines():
            *key, value, cpu = json.loads(line)
            kept[tuple(key)] = Result(value, cpu)
    scores = Scores()
    print(f"{'recipe':<18}{'seed':>5}  {'side':<5}{'return':>10}{'CPU-s':>9}")
    with tempfile.TemporaryDirectory() as folder:
        for name in given.recipes:
            found: dict[str, list[Result]] = {side: [] for side in SIDES}
            for seed in given.seeds:
                for side in SIDES:
                    key = (name, given.steps, seed, side)
                    if key not in kept:
                        kept[key] = measured(name, side, seed, given.steps, Path(folder))
                        if given.save:
                            with given.save.open("a") as file:
                                print(json.dumps([*key, *kept[key]]), file=file)
                    result = kept[key]
                    found[side].append(result)
                    print(
                        f"{name:<18}{seed:>5}  {side:<5}{result.value:>10.1f}{result.cpu:>9.1f}", flush=True
                    )
            _compare(name, found, scores)
    return scores.exit_code()


def _compare(name: str, found: dict[str, list[Result]], scores: Scores) -> None:
    values = {side: [result.value for result in results] for side, results in found.items()}
    interval = bootstrap_interval([values["sb3"]])
    if interval is None:
        scores.skip(f"{name}: return beside sb3's", "an interval needs two seeds or more")
    else:
        mean, low = statistics.mean(values["ours"]), float(interval[0])
        scores.at_least(f"{name}: mean return, against the low end of sb3's interval", mean, low)
    cpu = {side: sum(result.cpu for result in results) for side, results in found.items()}
    print(f"{name}: CPU of a training, sb3's over ours: {cpu['sb3'] / cpu['ours']:.2f}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
