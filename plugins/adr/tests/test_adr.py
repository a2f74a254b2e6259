"""The algorithm around others: boundaries that are known, exact resume, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from lightning.pytorch.demos.boring_classes import BoringModel

from framework.errors import UserError
from framework.recipe import RecipeError, load
from framework.rl.on_policy.config import PolicyConfig, PPOConfig
from framework.rl.on_policy.model import make_policy
from framework.rl.on_policy.ppo import PPO
from framework.testing import check_algorithm
from framework.testing.point_goal import PointGoal
from framework.testing.sections import build
from framework_adr import ADR
from framework_adr.bounds import INSIDE
from framework_adr.config import PUCK as PUCK_NAMES
from framework_adr.config import ADRConfig, PuckConfig, RangeConfig
from framework_adr.puck import PuckEnv

from .toy import Toy

PUCK = {"use": "adr/puck", "num_envs": 4, "steps": 3, "seed": 1}
SECTION = {
    "use": "adr/adr",
    "parameters": {"turn": {"step": 0.5}, "mass": {"step": 0.1, "log": True}, "tilt_x": {"step": 0.1}},
    "performance": "return",
    "low_threshold": -0.01,
    "high_threshold": 0.0,
    "buffer": 2,
}


def around_ppo(environment, budget, **changes):
    model = make_policy(environment, PolicyConfig(hidden=(4,)))
    inner = PPO(environment, model, PPOConfig(budget={"env_steps": budget}, steps=8, minibatches=1, epochs=1))
    parameters = {"x": RangeConfig(step=0.125), "y": RangeConfig(step=0.25, high=1.0)}
    config = {"performance": "return", "buffer": 3, "boundary_share": 0.75, **changes}
    return ADR(environment, model, ADRConfig(inner=inner, parameters=parameters, **config))


def test_ranges_end_where_performance_does(framework_fit):
    torch.manual_seed(0)
    environment = Toy()
    algorithm = around_ppo(environment, 26 * 8 * 16)
    framework_fit(algorithm)
    # Performance is 20, the high threshold, at -2 and at 1, and on average more wherever y is.
    assert algorithm.ranges() == {"x": (-2.125, 1.125), "y": (-4.0, 1.0)}
    played = np.array(environment.played)
    assert len(played) == 26 * 8 * 16 / 2
    # The last episodes are drawn within, and three in four have one parameter at a bound.
    late = played[-400:]
    at = ((late[:, 0] == -2.125) | (late[:, 0] == 1.125)) ^ ((late[:, 1] == -4) | (late[:, 1] == 1))
    assert at.mean() == pytest.approx(0.75, abs=0.07)
    assert (played[:16, :] == 0).all()
    history = algorithm.history
    assert history.done == sorted(history.done)
    assert history.entropy[0] == -7
    assert history.entropy[-1] == pytest.approx((np.log(3.25) + np.log(5)) / 2)


def test_episodes_start_with_their_own_parameters(framework_fit):
    environment = PuckEnv(PuckConfig(num_envs=4, steps=3))
    model = make_policy(environment, PolicyConfig(hidden=(4,), groups={"actor": ("policy",)}))
    inner = PPO(
        environment, model, PPOConfig(budget={"env_steps": 16 * 24}, steps=24, minibatches=1, epochs=1)
    )
    parameters = {"mass": RangeConfig(step=0.1), "tilt_x": RangeConfig(step=0.1)}
    thresholds = {
        "low_threshold": -11.0,
        "high_threshold": -10.0,
    }  # every bound moves outwards, again and again
    config = ADRConfig(inner=inner, parameters=parameters, performance="return", buffer=1, **thresholds)
    algorithm, seen = ADR(environment, model, config), []
    step = environment.step

    def watched(actions):
        answer = step(actions)
        seen.append((answer[0]["hidden"], (answer[2] | answer[3]).copy(), algorithm.ranges()))
        return answer

    environment.step = watched
    framework_fit(algorithm)
    hidden, ended = np.array([h for h, *_ in seen]), np.array([e for _, e, _ in seen])
    # What is observed first, where the last one ended, is what is observed throughout.
    within = ~ended[1:]
    np.testing.assert_array_equal(hidden[1:][within], hidden[:-1][within])
    assert (hidden[1:] != hidden[:-1]).any()
    # Once bounds have moved, episodes that begin are drawn within the new ones, and reach them.
    mass = hidden[:, :, PUCK_NAMES.index("mass")][ended]
    outer = np.array([ranges["mass"] for *_, ranges in seen])[:, None].repeat(4, axis=1)[ended]
    assert (outer[:, 0] - 1e-6 <= mass).all()
    assert (mass <= outer[:, 1] + 1e-6).all()
    at = np.isclose(mass[:, None], outer).any(axis=1)
    assert at[-40:].mean() > 0.15


@pytest.mark.parametrize("kind", ["memory", "off_policy", "overlap"])
def test_resumed_is_uninterrupted(kind):
    model = {
        "use": "rl/actor_critic",
        "hidden": [4],
        "memory": "lstm",
        "units": 4,
        "groups": {"actor": ["policy"], "critic": ["policy", "hidden"]},
    }
    inner = {"use": "rl/ppo", "budget": {"env_steps": 320}, "steps": 8, "minibatches": 2, "epochs": 1}
    if kind == "memory":
        inner["sequence_length"] = 4
    else:
        model = {"use": "rl/actor_q", "hidden": [4]}
        inner = {"use": "rl/td3", "budget": {"env_steps": 320}, "steps_per_cycle": 5, "updates_per_cycle": 1}
        inner |= {"batch_size": 4, "random_steps": 0, "overlap": kind == "overlap"}
    check_algorithm({**SECTION, "inner": inner}, environment=PUCK, model=model)


class Windy(PointGoal):
    """A point that is pushed, with a parameter for it."""

    parameters, set_parameters = Toy.parameters, Toy.set_parameters

    def __init__(self):
        super().__init__(4, horizon=5)
        self.values, self.elapsed = {"x": np.zeros(4)}, np.zeros(4)


def test_around_hindsight(framework_fit):
    pytest.importorskip("framework_her")
    environment = Windy()
    inner = {"use": "her/hindsight", "budget": {"env_steps": 160}, "steps_per_cycle": 10, "batch_size": 4}
    inner |= {"updates_per_cycle": 1, "capacity": 500}
    model = build("model", {"use": "her/actor_critic", "hidden": [4]}, environment)
    section = {**SECTION, "inner": inner, "parameters": {"x": {"step": 0.1}}, "performance": "success"}
    section |= {"low_threshold": -0.0, "high_threshold": 0.01, "buffer": 1, "boundary_share": 1.0}
    algorithm = build("algorithm", section, environment, model)
    framework_fit(algorithm)
    assert algorithm.counters.episodes == 32
    # An episode at play in every environment, with its parameter at one of the bounds.
    assert (algorithm.episodes._bound != INSIDE).all()
    low, high = algorithm.ranges()["x"]
    assert set(environment.values["x"]) <= {low, high} | {
        value for v in algorithm.history.values for value in v.flat
    }


def test_refuses_what_it_cannot_wrap():
    environment = Toy()
    with pytest.raises(UserError, match="PointGoal has no parameters that can be set"):
        around_ppo(PointGoal(2), 16)
    model = make_policy(environment, PolicyConfig(hidden=(4,)))
    config = ADRConfig(inner=BoringModel(), parameters={"x": RangeConfig(step=1)})
    with pytest.raises(UserError, match="BoringModel acts in no environment"):
        ADR(environment, model, config)


RECIPE = """\
environment: {use: adr/puck, randomise: {mass: [1, 2]}}
model: {use: rl/actor_critic}
algorithm:
  use: adr/adr
  inner: {use: rl/ppo, budget: {env_steps: 100}}
  parameters:
    turn: {step: 0.1}
  low_threshold: 1
  high_threshold: 2
evaluators:
  - {use: rl/transfer, sets: {far: {mass: [1, 2]}}}
"""


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            " turn:",
            " trun:",
            "7:5: environment adr/puck (framework-adr 0.1.0) has no parameter 'trun'\n  did you",
        ),
        ("high_threshold: 2", "high_threshold: 1", "4:3: algorithm adr/adr: low_threshold: 1.0 is not below"),
        (
            "{step: 0.1}",
            "{step: 0.1, low: 2, high: 1}",
            "7:11: parameter 'parameters.turn' of algorithm adr/adr: ",
        ),
        (
            "{step: 0.1}",
            "{step: 0}",
            "7:18: parameter 'parameters.turn.step' of algorithm adr/adr cannot be 0",
        ),
        (
            "far: {mass",
            "far: {mess",
            "11:37: environment adr/puck (framework-adr 0.1.0) has no parameter 'mess'",
        ),
        (
            "far: {mass: [1, 2]",
            "far: {mass: [2, 1]",
            "11:5: evaluator rl/transfer: sets.far: mass is from 2.0",
        ),
        ("randomise: {mass", "randomise: {weight", "1:42: environment adr/puck (framework-adr 0.1.0) has no"),
        ("use: rl/ppo, budget", "use: rl/pop, budget", "5:16: unknown algorithm 'rl/pop'"),
    ],
)
def test_recipes_are_refused_at_the_place(old, new, says, tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text(RECIPE)
    load(path)
    path.write_text(RECIPE.replace(old, new, 1))
    with pytest.raises(RecipeError) as caught:
        load(path)
    assert f"wrong.yaml:{says}" in str(caught.value)


def test_what_learns_from_data_alone_is_refused_at_the_place(tmp_path):
    pytest.importorskip("framework_glide")
    path = tmp_path / "wrong.yaml"
    path.write_text(RECIPE.replace("rl/ppo", "glide/denoising"))
    with pytest.raises(RecipeError) as caught:
        load(path)
    says = "'inner' of algorithm adr/adr has to be an algorithm that is a CycleAlgorithm, which glide"
    assert f"wrong.yaml:5:16: {says}" in str(caught.value)
