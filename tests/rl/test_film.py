"""Films: what an environment that cannot be drawn says."""

from __future__ import annotations

import gymnasium
import pytest
from gymnasium.vector import SyncVectorEnv

from framework.errors import UserError
from framework.rl.film import film


class Blank(gymnasium.Env):
    """Nothing to see, or nothing to see it with."""

    observation_space = action_space = gymnasium.spaces.Discrete(2)
    missing = False

    def reset(self, *, seed=None, options=None):
        return 0, {}

    def render(self):
        if self.missing:
            raise gymnasium.error.DependencyNotInstalled("pygame is not installed")


class Undrawable(Blank):
    missing = True


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Blank, "draws nothing: it has no render_mode"),
        (Undrawable, "cannot be drawn: pygame is not installed"),
    ],
)
def test_what_cannot_be_drawn_is_the_users_matter(kind, message):
    with pytest.raises(UserError, match=message):
        film(SyncVectorEnv([kind] * 2), lambda observation: observation, episodes=1, seed=0)
