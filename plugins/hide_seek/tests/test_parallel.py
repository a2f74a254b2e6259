"""The parallel environment, by PettingZoo's own tests."""

from __future__ import annotations

import numpy as np
import pytest

pettingzoo_test = pytest.importorskip("pettingzoo.test")


def make(**parameters):
    from framework_hide_seek.parallel import HideAndSeek

    return HideAndSeek(**{"steps": 12} | parameters)


def test_pettingzoos_own_tests() -> None:
    pettingzoo_test.parallel_api_test(make(), num_cycles=30)
    pettingzoo_test.parallel_seed_test(make)


@pytest.mark.filterwarnings("ignore:No agents present but not all possible_agents")
def test_not_everybody_plays_in_every_episode() -> None:
    game = make(layout="rooms", hiders=3, seekers=3, fewest_hiders=1, fewest_seekers=1, boxes=3, food=1)
    pettingzoo_test.parallel_api_test(game, num_cycles=40)
    assert len({len(game.reset(seed=seed)[0]) for seed in range(8)}) > 1


def test_errors_name_the_agent() -> None:
    game = make()
    game.reset(seed=0)
    actions = {name: np.array([5, 5, 5, 0, 0]) for name in game.agents}
    with pytest.raises(ValueError, match="no action of: hider_1"):
        game.step({name: action for name, action in actions.items() if name != "hider_1"})
    with pytest.raises(ValueError, match="no such agent plays: hider_7"):
        game.step(actions | {"hider_7": actions["hider_0"]})
    for wrong in (np.array([5, 5, 11, 0, 0]), np.array([5, 5, 5, 0]), np.array([0.5, 5, 5, 0, 0])):
        with pytest.raises(ValueError, match="action of seeker_1"):
            game.step(actions | {"seeker_1": wrong})


def test_a_game_goes_on_and_is_drawn() -> None:
    game = make(render_mode="rgb_array", render_size=32)
    game.reset(seed=0)
    actions = {name: game.action_space(name).sample() for name in game.agents}
    game.step(actions)
    state = game.get_state()
    after = game.step(actions)[0]
    other = make()
    other.set_state(state)
    again = other.step(actions)[0]
    assert all((again[name][key] == after[name][key]).all() for name in after for key in after[name])
    assert game.render().shape == (32, 32, 3)
