"""How an episode is measured, step by step."""

from __future__ import annotations

import numpy as np
import pytest

from framework.errors import UserError
from framework.rl.performance import Performance


def test_performance():
    flags = lambda *bits: np.array(bits, bool)  # noqa: E731
    goals, success = Performance("goals", 2), Performance("success", 2)
    tally, both = Performance("tally", 2), Performance("return", 2)
    steps = [(flags(1, 0), flags(0, 0)), (flags(1, 1), flags(0, 1)), (flags(0, 1), flags(1, 0))]
    found = []
    for reached, ended in steps:
        info = {"is_success": reached.copy(), "tally": np.array([7.0, 8.0])}
        if ended.any():  # as of the next episode, but for what is final
            final = {"is_success": reached, "_is_success": ended, "tally": np.array([1.0, 2.0])}
            info |= {"final_info": final, "_final_info": ended}
        reward = np.array([[1.0, 1.0], [0.5, 0.0]])
        found.append([each.stepped(reward, info, ended).tolist() for each in (goals, success, tally, both)])
    assert found == [[[], [], [], []], [[1.0], [1.0], [2.0], [1.0]], [[2.0], [0.0], [1.0], [6.0]]]
    with pytest.raises(UserError, match="needs 'is_success' in info, where the environment has tally"):
        goals.stepped(np.zeros(2), {"tally": np.zeros(2), "_tally": flags(1, 1)}, flags(0, 1))
