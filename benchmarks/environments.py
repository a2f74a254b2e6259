"""Speed of FetchPush against bare MuJoCo, EnvPool and gymnasium-robotics.

    python -m benchmarks.environments [--num-envs 32] [--rounds 7] [--stock-python PATH]

One environment step is 20 physics steps; ours include observations, rewards and resets.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import os
import subprocess
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.timing import Clock, Contender, Scores, Work, take_turns
from framework.sim.engine import Batch, mujoco
from framework_her.fetch.config import FetchConfig
from framework_her.fetch.model import SUBSTEPS
from framework_her.fetch.tasks import make_push

#: Two episodes, so that resets are part of what is timed.
STEPS = 100
STOCK_STEPS = 500
TARGETS = {"Batch.step": 0.85, "EnvPool": 1.6, "gymnasium-robotics": 3.0}


def ours(num_envs: int, threads: int) -> Contender:
    """FetchPush as recipes use it."""
    env = make_push(FetchConfig(num_envs=num_envs, threads=threads))
    env.reset(seed=0)
    return partial(_step_through, env, _actions(num_envs))


def bare(num_envs: int, threads: int) -> Contender:
    """Nothing but `Batch.step`, from the very states and controls that `ours` steps from."""
    env = make_push(FetchConfig(num_envs=num_envs, threads=threads))
    env.reset(seed=0)
    inputs: list[np.ndarray] = []
    step = env.batch.step

    def recording(*arguments: Any) -> None:
        inputs.append(env.batch.state.copy())
        step(*arguments)

    env.batch.step = recording
    _step_through(env, _actions(num_envs))
    batch = Batch(env.batch.model, num_envs, threads)

    def run() -> Work:
        for rows in inputs:
            batch.state[...] = rows
            batch.step(nstep=SUBSTEPS)
        return Work(len(inputs) * num_envs)

    return run


def envpool(num_envs: int, threads: int) -> Contender:
    """EnvPool's FetchPush, synchronous, on as many threads."""
    pool = importlib.import_module("envpool").make(
        "FetchPush-v4", env_type="gymnasium", num_envs=num_envs, num_threads=threads, seed=0
    )
    pool.reset()
    return partial(_step_through, pool, _actions(num_envs))


def stock_process(python: str) -> Contender:
    """gymnasium-robotics' FetchPush in one process, on a MuJoCo its classes work with."""
    child = subprocess.Popen(
        [python, str(Path(__file__).with_name("stock_process.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    questions, answers = child.stdin, child.stdout
    if "ready" not in answers.readline():
        raise RuntimeError(f"{python} cannot run gymnasium-robotics' FetchPush-v4")

    def run() -> Work:
        questions.write(f"{STOCK_STEPS}\n")
        questions.flush()
        return Work(STOCK_STEPS, float(answers.readline()))

    return run


def stock_patched() -> Contender:
    """gymnasium-robotics' FetchPush in this process, mended so that it runs on this MuJoCo."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        push: Any = importlib.import_module("gymnasium_robotics.envs.fetch.push")
        utils: Any = importlib.import_module("gymnasium_robotics.utils.mujoco_utils")
    # Its helpers compare integers with members of enumerations, which MuJoCo 4 refuses.
    plain = {
        name: SimpleNamespace(**{key: int(value) for key, value in getattr(mujoco, name).__members__.items()})
        for name in ("mjtJoint", "mjtEq", "mjtObj")
    }
    utils.mujoco = SimpleNamespace(**(vars(mujoco) | plain))
    env = push.MujocoFetchPushEnv()
    actions = _actions(1)[:50, 0]

    def run() -> Work:
        for step in range(STOCK_STEPS):
            if step % 50 == 0:
                env.reset()
            env.step(actions[step % 50])
        return Work(STOCK_STEPS)

    return run


def main(arguments: list[str] | None = None) -> int:
    """Print the ratios; return 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--num-envs", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument(
        "--stock-python",
        default=os.environ.get("STOCK_PYTHON"),
        help="a Python with gymnasium-robotics and mujoco 3.10; default: $STOCK_PYTHON",
    )
    options = parser.parse_args(arguments)
    scores = Scores()
    compare(scores, options.num_envs, 1, options.rounds, None)
    compare(scores, options.num_envs, 2, options.rounds, options.stock_python)
    return scores.exit_code()


def compare(scores: Scores, num_envs: int, threads: int, rounds: int, stock_python: str | None) -> None:
    """Measure one number of threads: by CPU time on one, by wall-clock on two."""
    clock: Clock = "cpu" if threads == 1 else "wall"
    contenders = {"ours": ours(num_envs, threads), "Batch.step": bare(num_envs, threads)}
    missing = {}
    for name, make in {"EnvPool": lambda: envpool(num_envs, threads), "patched": stock_patched}.items():
        try:
            contenders[name] = make()
        except ImportError as error:
            missing[name] = f"not installed ({error})"
    if stock_python:
        contenders["gymnasium-robotics"] = stock_process(stock_python)
    elif threads > 1:
        missing["gymnasium-robotics"] = "give --stock-python (nox -s stock makes one)"
    rates = take_turns(contenders, rounds)
    title = f"FetchPush, {num_envs} envs, {threads} thread{'s' * (threads > 1)}, {clock}: ours"
    for name in contenders:
        print(f"  {name:<20} {rates.rate(name, 'cpu'):8.0f} /CPU-s {rates.rate(name, 'wall'):8.0f} /s")
    for name, target in TARGETS.items():
        if name in missing:
            scores.skip(f"{title} / {name}", missing[name])
        elif name in contenders:
            scores.at_least(f"{title} / {name}", rates.ratio("ours", name, clock), target)


def _actions(num_envs: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (STEPS, num_envs, 4)).astype(np.float32)


def _step_through(env: Any, actions: np.ndarray) -> Work:
    for action in actions:
        env.step(action)
    return Work(actions.shape[0] * actions.shape[1])


if __name__ == "__main__":
    raise SystemExit(main())
