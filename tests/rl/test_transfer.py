"""A table over sets of parameters, in environments whose returns follow from them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from framework.contracts import EnvironmentParameter
from framework.errors import UserError
from framework.rl.on_policy.config import PolicyConfig
from framework.rl.on_policy.model import make_policy
from framework.rl.policy import Player
from framework.rl.transfer import Transfer
from framework.rl.transfer_config import TransferConfig
from framework.testing.point_goal import PointGoal

SETS = {"nominal": {}, "far": {"x": (2.0, 3.0)}, "other": {"y": (1.0, 1.0)}}


class Known(PointGoal):
    """Every step of an episode is worth x + y, whatever is done."""

    def __init__(self) -> None:
        super().__init__(4, horizon=(1, 2, 3, 5))
        self.values = {"x": np.full(4, 0.5), "y": np.zeros(4)}

    def parameters(self):
        return {name: EnvironmentParameter(v.copy(), -4.0, 4.0) for name, v in self.values.items()}

    def set_parameters(self, values, ids=None):
        for name, value in values.items():
            self.values[name][slice(None) if ids is None else ids] = value

    def step(self, actions):
        observation, _, *rest = super().step(actions)
        return observation, sum(self.values.values()).copy(), *rest


class Drawing(Known):
    """It draws by itself: x by its square, so that small values are rarer."""

    def __init__(self) -> None:
        super().__init__()
        self.ranges = {name: (value, value) for name, value in self.parameters_now().items()}

    def parameters_now(self):
        return {name: float(value[0]) for name, value in self.values.items()}

    def set_ranges(self, ranges, ids=None):
        self.ranges |= ranges

    def set_parameters(self, values, ids=None):
        super().set_parameters(values, ids)
        self.ranges |= {name: (value, value) for name, value in values.items()}

    def reset(self, *, seed=None, options=None):
        unit = np.random.default_rng(seed).random(4) ** 0.5
        for name, (low, high) in self.ranges.items():
            self.values[name][:] = low + (high - low) * unit
        return super().reset(seed=seed, options=options)


def judged(environment, **changes):
    torch.manual_seed(0)
    model = make_policy(environment, PolicyConfig(hidden=(4,)))
    algorithm = SimpleNamespace(model=model, agents=None, player=lambda: Player(model))
    config = {"sets": SETS, "performance": "return", "episodes": 402, **changes}
    return Transfer(TransferConfig(**config))(algorithm, environment)


@pytest.mark.parametrize(("environment", "mean"), [(Known, 2.5), (Drawing, 2 + 2 / 3)])
def test_every_set_is_met_as_it_says(environment, mean):
    environment = environment()
    metrics = judged(environment).metrics
    lengths = np.tile([1, 2, 3, 5], 101)[:402].mean()
    assert metrics["nominal"] == pytest.approx(0.5 * lengths)
    assert metrics["far"] == pytest.approx(mean * lengths, rel=0.02)
    assert metrics["other"] == pytest.approx(1.5 * lengths)
    # And all is as it was.
    assert {name: set(value) for name, value in environment.values.items()} == {"x": {0.5}, "y": {0.0}}


@pytest.mark.parametrize("environment", [Known, Drawing])
def test_policies_are_compared_by_pairs(environment, tmp_path):
    environment = environment()
    torch.manual_seed(1)
    other = make_policy(environment, PolicyConfig(hidden=(4,)))
    torch.save(
        {"state_dict": {f"model.{k}": v for k, v in other.state_dict().items()}}, tmp_path / "other.ckpt"
    )
    report = judged(environment, against={"other": tmp_path / "other.ckpt"}, sets={"far": SETS["far"]})
    table = report.tables["transfer"]
    (mine, theirs) = table.rows
    # The same parameters, so that what does not depend on the policy does not differ at all.
    assert mine[2] == theirs[2]
    assert theirs[5:] == [0, 0, 0]


def test_what_cannot_be_judged_is_said():
    with pytest.raises(UserError, match="PointGoal has no parameters that can be set"):
        judged(PointGoal(4))
    randomised = Drawing()
    randomised.set_ranges({"x": (1.0, 2.0)})
    with pytest.raises(UserError, match="the environment draws 'x' on its own"):
        judged(randomised)
    with pytest.raises(UserError, match="no set to judge in"):
        judged(Known(), sets={})
    with pytest.raises(ValueError, match="x is from 3 down to 2"):
        TransferConfig(sets={"far": {"x": (3, 2)}})
