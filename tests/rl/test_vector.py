"""What ended environments leave behind, in the forms that gymnasium allows."""

from __future__ import annotations

import numpy as np
import pytest

from framework.rl.vector import final_info, final_observation

RUNNING = {"is_success": np.array([False, True, False])}
ENDED = np.array([True, False, False])


@pytest.mark.parametrize(
    "mask", [{}, {"_is_success": np.array([True, False, False])}], ids=["bare", "masked"]
)
def test_info_of_ended_environments_is_that_of_the_step_that_ended_them(mask):
    final = {"is_success": np.array([True, False, True]), **mask}
    info = {**RUNNING, "final_info": final, "_final_info": ENDED}
    assert final_info("is_success", info, np.zeros(3)).tolist() == [True, True, False]
    assert info["is_success"].tolist() == [False, True, False]


def test_info_that_is_not_there_is_the_default():
    assert final_info("is_success", {}, np.full(3, np.nan)).tolist() == pytest.approx(
        [np.nan] * 3, nan_ok=True
    )
    assert final_info("is_success", RUNNING, np.zeros(3)).tolist() == [False, True, False]
    final = {"is_success": np.array([True, True, True]), "_is_success": np.zeros(3, np.bool_)}
    info = {"final_info": final, "_final_info": ENDED}
    assert final_info("is_success", info, np.zeros(3, np.bool_)).tolist() == [False] * 3


@pytest.mark.parametrize("keyed", [False, True])
def test_final_observations_stand_in_the_rows_of_ended_environments(keyed):
    new = np.arange(6, dtype=np.uint8).reshape(3, 2)
    last = np.array([77, 78], np.uint8)
    final = np.array([None, None, None])
    final[0] = {"image": last} if keyed else last
    observation = {"image": new} if keyed else new
    found = final_observation(observation, {"final_obs": final, "_final_obs": ENDED})
    found = found["image"] if keyed else found
    assert found.tolist() == [[77, 78], [2, 3], [4, 5]]
    assert found.dtype == np.uint8
    assert new[0].tolist() == [0, 1]
    assert final_observation(observation, {}) is observation
