"""Time per goal and the probe, where the answers follow from how the world and the player are made."""

from __future__ import annotations

from types import SimpleNamespace

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode

from framework.contracts import EnvironmentParameter
from framework.errors import UserError
from framework_adr.meta_learning.config import ProbeConfig, TimePerGoalConfig
from framework_adr.meta_learning.probe import Probe
from framework_adr.meta_learning.time_per_goal import TimePerGoal

EPISODE = 60


class Clock(gymnasium.vector.VectorEnv):
    """A goal takes 3 steps and `wait` more, and 2 more still where the action, an age, was below 5."""

    def __init__(self, num_envs=3):
        self.metadata = {"autoreset_mode": AutoresetMode.SAME_STEP}
        self.num_envs, self.wait = num_envs, np.zeros(num_envs)

    def parameters(self):
        return {"wait": EnvironmentParameter(self.wait.copy(), 0.0, 9.0)}

    def set_parameters(self, values, ids=None):
        self.wait[slice(None) if ids is None else ids] = values["wait"]

    def reset(self, *, seed=None, options=None):
        self.steps, self.since = 0, np.zeros(self.num_envs)
        self.young = np.zeros(self.num_envs, bool)
        return self.wait.copy(), {}

    def step(self, age):
        self.steps += 1
        self.since += 1
        self.young |= age < 5
        reached = self.since >= 3 + np.round(self.wait) + 2 * self.young
        self.since[reached], self.young[reached] = 0, False
        over = np.full(self.num_envs, self.steps == EPISODE)
        none = np.zeros(self.num_envs, bool)
        if over.any():
            self.reset()
        info = {"is_success": reached}
        if over.any():
            info = {"final_info": info, "_final_info": over}
        return self.wait.copy(), reached * 1.0, none, over, info


class Ager:
    """Its actions are how many steps it remembers, and so is its hidden state, beside what it saw."""

    remembers = True

    def __init__(self):
        self.age = np.zeros(3)

    def __call__(self, observation):
        self.age += 1
        noise = np.sin(1e4 * self.age * np.arange(1, 4))
        self.state = {"actor": torch.tensor(np.stack([observation, self.age, noise], axis=1))}
        return self.age - 1

    def ended(self, which=None):
        self.age[slice(None) if which is None else which] = 0


def judged(evaluator, environment=None):
    return evaluator(SimpleNamespace(player=Ager, agents=None), environment or Clock())


def times(physics, **changes):
    config = {"goals": 9, "after": [3, 6], "trials": 7, "physics": physics, **changes}
    return judged(TimePerGoal(TimePerGoalConfig(**config)))


def test_what_is_forgotten_is_learnt_again():
    report = times({"wait": (0, 0)})
    rows = {(row[0], row[1]): row[2:] for row in report.tables["time per goal"].rows}
    # The first goal of all takes 5 steps, and so does the first after forgetting; the others take 3.
    assert rows["nothing", 3] == pytest.approx([11 / 3, 3, 3, 3 - 11 / 3, 3 - 11 / 3])
    # Goals 5 to 7, the last of which comes after the second change.
    assert rows["memory", 3] == pytest.approx([11 / 3, 5, 11 / 3, 5 - 11 / 3, 5 - 11 / 3])
    assert rows["memory", 6] == pytest.approx([11 / 3, 5, 3, 5 - 11 / 3, 5 - 11 / 3])
    assert rows["physics", 6] == rows["nothing", 6] == pytest.approx([3, 3, 3, 0, 0])
    assert report.metrics["memory/rise"] == pytest.approx(5 - 11 / 3)
    assert report.metrics["memory/survivors"] == 1


def test_physics_are_drawn_anew_and_put_back():
    environment = Clock(num_envs=64)
    environment.wait[:] = 4.0
    config = TimePerGoalConfig(physics={"wait": (0, 9)}, goals=2, after=[1], trials=64)

    class Old(Ager):
        def __init__(self):
            self.age = np.full(64, 100.0)

        def __call__(self, observation):
            return self.age

        def ended(self, which=None):
            pass

    report = TimePerGoal(config)(SimpleNamespace(player=Old), environment)
    (nothing, memory, physics) = report.tables["time per goal"].rows
    # One draw for both goals, or one for each.
    assert nothing[2] == nothing[3] == memory[3] == physics[2] == pytest.approx(3 + 4.5, abs=1.5)
    assert physics[3] != physics[2] and physics[3] == pytest.approx(3 + 4.5, abs=1.5)
    assert (environment.wait == 4.0).all()


def test_what_breaks_stays_broken_until_the_next_trial():
    class Breakable(Clock):
        def __init__(self):
            super().__init__()
            self.slow = np.zeros(self.num_envs)

        def parameters(self):
            return {**super().parameters(), "slow": EnvironmentParameter(self.slow.copy(), 0.0, 9.0)}

        def set_parameters(self, values, ids=None):
            for name, value in values.items():
                getattr(self, name)[slice(None) if ids is None else ids] = value

        def step(self, age):
            self.since -= 0.5 * (self.slow > 0)
            return super().step(age)

    environment = Breakable()
    config = {
        "goals": 9,
        "after": [3, 6],
        "trials": 7,
        "physics": {"wait": (0, 0)},
        "broken": {"slow": (1, 2)},
    }
    report = judged(TimePerGoal(TimePerGoalConfig(**config)), environment)
    rows = {(row[0], row[1]): row[2:5] for row in report.tables["time per goal"].rows}
    # Half of each step is lost: 6 steps for what took 3. All 7 trials, of three rounds, begin whole.
    assert rows["nothing", 3] == [*rows["broken", 3][:1], 3, 3] == pytest.approx([11 / 3, 3, 3])
    assert rows["broken", 3][1:] == rows["broken", 6][1:] == pytest.approx([6, 6])
    assert report.metrics["broken/survivors"] == 1
    assert not environment.slow.any()
    with pytest.raises(UserError, match="no parameter 'slwo'\n  did you mean 'slow'"):
        judged(TimePerGoal(TimePerGoalConfig(**config | {"broken": {"slwo": (1, 2)}})), environment)


def test_trials_without_all_goals_are_left_out():
    # 60 steps are 9 goals of 6 steps, and not of 10.
    report = times({"wait": (3, 3)})
    assert report.metrics["nothing/survivors"] == 1
    report = times({"wait": (7, 7)})
    assert report.metrics["nothing/survivors"] == 0 and "nothing/rise" not in report.metrics
    assert not report.tables["time per goal"].rows
    assert "0 trials with memory changed reach 9 goals" in report.notes[1]


def test_the_probe_tells_what_is_there_and_nothing_else():
    config = {"physics": {"wait": (0, 9)}, "at": [1, 20], "episodes": 402, "epochs": 300}
    report = judged(Probe(ProbeConfig(**config)))
    assert report.metrics["wait"] == report.metrics["mean"] > 0.98
    assert [row[:2] for row in report.tables["probe"].rows] == [["this", 1], ["this", 20]]

    class Blind(Ager):
        def __call__(self, observation):
            return super().__call__(np.random.default_rng(int(self.age[0])).random(3))

    blind = Probe(ProbeConfig(**config))(SimpleNamespace(player=Blind, agents=None), Clock())
    assert abs(blind.metrics["wait"]) < 0.1


def test_what_cannot_be_probed_is_refused():
    with pytest.raises(UserError, match="over before step 61"):
        judged(Probe(ProbeConfig(physics={"wait": (0, 9)}, at=[61], episodes=8)))

    class Forgetful(Ager):
        remembers = False

    with pytest.raises(UserError, match="no memory to probe"):
        Probe(ProbeConfig(physics={"wait": (0, 9)}))(SimpleNamespace(player=Forgetful), Clock())
    with pytest.raises(ValueError, match="does not rise"):
        TimePerGoalConfig(physics={}, after=[3, 3])
    with pytest.raises(ValueError, match="goals from 1 to 49"):
        TimePerGoalConfig(physics={}, after=[50])
    with pytest.raises(ValueError, match="names nothing"):
        ProbeConfig(physics={})
