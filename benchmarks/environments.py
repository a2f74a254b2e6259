"""Speed of the multi-goal tasks against bare MuJoCo, EnvPool and gymnasium-robotics.

    python -m benchmarks.environments [TASK...] [--num-envs 32] [--threads 1 2] [--rounds 7]
                                      [--stock-python PATH]

One environment step is 20 physics steps; ours include observations, rewards and resets.
gymnasium-robotics is compared on FetchPush alone.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.timing import Clock, Contender, Scores, Work, take_turns
from framework.sim.engine import Batch, mujoco
from framework_her.fetch import tasks as fetch
from framework_her.fetch.config import FetchConfig
from framework_her.hand import tasks as hand
from framework_her.hand.config import BlockConfig, EggConfig, HandReachConfig, PenConfig


@dataclass(frozen=True)
class Task:
    """What is timed.

    Attributes:
        make: builds it with `num_envs` and `threads`.
        envpool: EnvPool's id.
        steps: two episodes, so that resets are part of what is timed.
        targets: how many times as fast as each other contender it should be.
    """

    make: Callable[..., Any]
    envpool: str
    steps: int
    targets: dict[str, float]


ARM = {"Batch.step": 0.95, "EnvPool": 1.8, "gymnasium-robotics": 3.0}
HAND = {"Batch.step": 0.95, "EnvPool": 1.2}


def _task(make: Any, config: Any, envpool: str, steps: int, targets: dict[str, float], **given: Any) -> Task:
    def build(num_envs: int, threads: int) -> Any:
        return make(config(num_envs=num_envs, threads=threads, **given))

    return Task(build, envpool, steps, targets)


TASKS = {
    "FetchPush": _task(fetch.make_push, FetchConfig, "FetchPush-v4", 100, ARM),
    "FetchSlide": _task(fetch.make_slide, FetchConfig, "FetchSlide-v4", 100, ARM),
    "FetchPickAndPlace": _task(fetch.make_pick_and_place, FetchConfig, "FetchPickAndPlace-v4", 100, ARM),
    "HandReach": _task(hand.make_reach, HandReachConfig, "HandReach-v3", 100, HAND),
    "HandBlock": _task(hand.make_block, BlockConfig, "HandManipulateBlock-v1", 200, HAND),
    "HandEgg": _task(hand.make_egg, EggConfig, "HandManipulateEgg-v1", 200, HAND),
    "HandPen": _task(hand.make_pen, PenConfig, "HandManipulatePen-v1", 200, HAND),
    "HandBlockTouch": _task(
        hand.make_block,
        BlockConfig,
        "HandManipulateBlock_BooleanTouchSensors-v1",
        200,
        HAND,
        touch="boolean",
    ),
}
STOCK = "FetchPush"
STOCK_STEPS = 500


def ours(task: Task, num_envs: int, threads: int) -> Contender:
    """The task as recipes use it."""
    env = task.make(num_envs, threads)
    env.reset(seed=0)
    return partial(_step_through, env, _actions(env, task.steps))


def bare(task: Task, num_envs: int, threads: int) -> Contender:
    """Nothing but `Batch.step`, from the very states and controls that `ours` steps from.

    The physics steps in which an object settles before an episode are among them.
    """
    env = task.make(num_envs, threads)
    env.reset(seed=0)
    calls: list[tuple[np.ndarray, Any, int]] = []
    step = env.batch.step

    def recording(ids: Any, nstep: int, stage: int) -> None:
        calls.append((env.batch.state.copy(), ids, nstep))
        step(ids, nstep, stage)

    env.batch.step = recording
    _step_through(env, _actions(env, task.steps))
    batch = Batch(env.batch.model, num_envs, threads)

    def run() -> Work:
        for rows, ids, substeps in calls:
            batch.state[...] = rows
            batch.step(ids, substeps)
        return Work(task.steps * num_envs)

    return run


def envpool(task: Task, num_envs: int, threads: int) -> Contender:
    """EnvPool's, synchronous, on as many threads."""
    pool = importlib.import_module("envpool").make(
        task.envpool, env_type="gymnasium", num_envs=num_envs, num_threads=threads, seed=0
    )
    pool.reset()
    return partial(_step_through, pool, _actions(task.make(num_envs, 1), task.steps))


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
    actions = np.random.default_rng(0).uniform(-1, 1, (50, 4)).astype(np.float32)

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
    parser.add_argument("tasks", nargs="*", default=list(TASKS), metavar="TASK", help=", ".join(TASKS))
    parser.add_argument("--num-envs", type=int, default=32)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument(
        "--stock-python",
        default=os.environ.get("STOCK_PYTHON"),
        help="a Python with gymnasium-robotics and mujoco 3.10; default: $STOCK_PYTHON",
    )
    options = parser.parse_args(arguments)
    if unknown := set(options.tasks) - set(TASKS):
        parser.error(f"no task {', '.join(sorted(unknown))}; known: {', '.join(TASKS)}")
    scores = Scores()
    for name in options.tasks:
        for threads in options.threads:
            compare(scores, name, options.num_envs, threads, options.rounds, options.stock_python)
    return scores.exit_code()


def compare(
    scores: Scores, name: str, num_envs: int, threads: int, rounds: int, stock_python: str | None
) -> None:
    """Measure a task on one number of threads: by CPU time on one, by wall-clock on more."""
    task = TASKS[name]
    clock: Clock = "cpu" if threads == 1 else "wall"
    contenders = {"ours": ours(task, num_envs, threads), "Batch.step": bare(task, num_envs, threads)}
    others: dict[str, Callable[[], Contender]] = {"EnvPool": lambda: envpool(task, num_envs, threads)}
    if name == STOCK:
        others["patched"] = stock_patched
    missing = {}
    for title, make in others.items():
        try:
            contenders[title] = make()
        except ImportError as error:
            missing[title] = f"not installed ({error})"
    if stock_python and name == STOCK and threads > 1:
        contenders["gymnasium-robotics"] = stock_process(stock_python)
    elif threads > 1 and name == STOCK:
        missing["gymnasium-robotics"] = "give --stock-python (nox -s stock makes one)"
    rates = take_turns(contenders, rounds)
    title = f"{name}, {num_envs} envs, {threads} thread{'s' * (threads > 1)}, {clock}: ours"
    for contender in contenders:
        cpu, wall = (rates.rate(contender, by) for by in ("cpu", "wall"))
        print(f"  {contender:<20} {cpu:8.0f} /CPU-s {wall:8.0f} /s")
    for contender, target in task.targets.items():
        if contender in missing:
            scores.skip(f"{title} / {contender}", missing[contender])
        elif contender in contenders:
            scores.at_least(f"{title} / {contender}", rates.ratio("ours", contender, clock), target)


def _actions(env: Any, steps: int) -> np.ndarray:
    shape = (steps, env.num_envs, *env.single_action_space.shape)
    return np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)


def _step_through(env: Any, actions: np.ndarray) -> Work:
    for action in actions:
        env.step(action)
    return Work(actions.shape[0] * actions.shape[1])


if __name__ == "__main__":
    raise SystemExit(main())
