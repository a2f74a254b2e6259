"""What it costs that simulations differ: the Shadow hand with a block, against itself when all are alike.

    python -m benchmarks.randomisation [--num-envs 64] [--steps 5] [--rounds 80]

All start every round from the same states, get the same actions and go through the same contacts: the
fields are of each simulation, but have the model's values again, and effects are on, but too faint to
change a number. What is left is the cost of having them.
"""

from __future__ import annotations

import argparse
import time
from functools import partial
from typing import Any

import numpy as np

from benchmarks.timing import Contender, Scores, Work, take_turns
from framework.sim import Field, Parameter, Randomisation
from framework_dex_hand.config import ReorientConfig
from framework_dex_hand.env import ReorientEnv
from framework_dex_hand.parameters import GROUPS

#: Thirty of the model's arrays that physics reads, and that are not zero in this model.
FIELDS = (
    "body_mass", "body_inertia", "body_pos", "body_ipos",
    "geom_friction", "geom_size", "geom_pos", "geom_solref", "geom_solimp", "geom_margin",
    "dof_damping", "dof_frictionloss", "dof_armature", "dof_solref", "dof_solimp",
    "jnt_range", "jnt_solref", "jnt_solimp", "jnt_margin",
    "actuator_gainprm", "actuator_biasprm", "actuator_forcerange", "actuator_ctrlrange", "actuator_gear",
    "pair_friction", "pair_solref", "pair_solimp",
    "tendon_range", "site_pos", "opt.gravity",
)  # fmt: skip
FAINT = 1e-300


def hand(num_envs: int) -> ReorientEnv:
    """Hands with blocks, all alike, on one thread."""
    env = ReorientEnv(ReorientConfig(num_envs=num_envs, threads=1))
    env.reset(seed=0)
    return env


def fields(env: ReorientEnv) -> float:
    """Give every simulation fields of its own; returns seconds per simulation to draw them, at a reset."""
    parameters = [
        Parameter(name=name, fields=(Field(name),), low=0, high=1, noise="uniform", each=True)
        for name in FIELDS
    ]
    drawn = Randomisation(env.world, parameters)
    drawn.set_ranges(dict.fromkeys(FIELDS, (1e-3, 1e-3)))
    everyone = np.arange(env.num_envs)
    start = time.process_time()
    drawn.draw(everyone)
    env.world.fields.settle()
    took = time.process_time() - start
    alike = [name for name in FIELDS if env.batch.expanded(name) is None]
    assert len(FIELDS) == 30
    assert not alike, f"the same in all simulations: {alike}"
    drawn.set(dict.fromkeys(FIELDS, 0.0))
    env.world.fields.settle()
    return took / env.num_envs


def effects(env: ReorientEnv) -> None:
    """Noise, delays, slack, lost markers, pushes and timesteps, all at once."""
    names = (*GROUPS["noise"], *GROUPS["unmodelled"])
    kept = {"object_push_size", "object_push_decay", "fingertips_dropout_time"}
    env.set_parameters({name: FAINT for name in names if name not in kept})


def main(arguments: list[str] | None = None) -> int:
    """Print the ratios; return 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--num-envs", type=int, default=64)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=80)
    options = parser.parse_args(arguments)
    alike, different, disturbed = (hand(options.num_envs) for _ in range(3))
    per_reset = fields(different)
    effects(disturbed)
    shape = (options.steps, options.num_envs, 20)
    actions = np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)
    contenders: dict[str, Contender] = {
        name: partial(play, env, env.get_state(), actions)
        for name, env in {"alike": alike, "30 fields": different, "all effects": disturbed}.items()
    }
    rates = take_turns(contenders, options.rounds)
    for name in contenders:
        print(f"  {name:<12} {rates.rate(name, 'cpu'):8.0f} env steps per CPU-second")
    print(f"  as an episode begins, 30 fields take {per_reset * 1e6:.0f} us per simulation")
    for env in (different, disturbed):
        assert env.batch.state.tobytes() == alike.batch.state.tobytes()
    scores = Scores()
    scores.at_least(
        "steps with 30 fields of each simulation / without", rates.ratio("30 fields", "alike", "cpu"), 0.99
    )
    scores.at_least("steps with all effects / without", rates.ratio("all effects", "alike", "cpu"), 0.9)
    return scores.exit_code()


def play(env: Any, state: Any, actions: np.ndarray) -> Work:
    """Step through the actions from a state; putting it back does not count."""
    env.set_state(state)
    start = time.process_time()
    for action in actions:
        env.step(action)
    return Work(actions.shape[0] * actions.shape[1], time.process_time() - start)


if __name__ == "__main__":
    raise SystemExit(main())
