"""HandReach: bring thumb and a finger together (Plappert et al. 2018, section 1.2)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from framework.sim import Observation, Rows
from framework.sim.shadow_hand import FINGERS, HINGES, tip_sites
from framework_her.goal_env import Array, distance, reach
from framework_her.hand.base import HandEnv
from framework_her.hand.config import HandReachConfig
from framework_her.hand.model import load

#: First angles of the hinges; rad.
RESTING = (
    ("robot0:WRJ1", -0.16514339750464327),
    ("robot0:WRJ0", -0.31973286565062153),
    ("robot0:FFJ3", 0.14340512546557435),
    ("robot0:FFJ2", 0.32028208333591573),
    ("robot0:FFJ1", 0.7126053607727917),
    ("robot0:FFJ0", 0.6705281001412586),
    ("robot0:MFJ3", 0.000246444303701037),
    ("robot0:MFJ2", 0.3152655251085491),
    ("robot0:MFJ1", 0.7659800313729842),
    ("robot0:MFJ0", 0.7323156897425923),
    ("robot0:RFJ3", 0.00038520700007378114),
    ("robot0:RFJ2", 0.36743546201985233),
    ("robot0:RFJ1", 0.7119514095008576),
    ("robot0:RFJ0", 0.6699446327514138),
    ("robot0:LFJ4", 0.0525442258033891),
    ("robot0:LFJ3", -0.13615534724474673),
    ("robot0:LFJ2", 0.39872030433433003),
    ("robot0:LFJ1", 0.7415570009679252),
    ("robot0:LFJ0", 0.704096378652974),
    ("robot0:THJ4", 0.003673823825070126),
    ("robot0:THJ3", 0.5506291436028695),
    ("robot0:THJ2", -0.014515151997119306),
    ("robot0:THJ1", -0.0015229223564485414),
    ("robot0:THJ0", -0.7894883021600622),
)
#: Fingertips meet around this, seen from the palm; m.
MEETING = np.array([0.0, -0.09, 0.05])
#: Standard deviation of that, and how far from it each fingertip stops; m.
SPREAD, GAP = 0.005, 0.005
#: Share of goals that are the first position.
RESTS = 0.1


class HandReachEnv(HandEnv):
    """A batch of hands whose fingertips have to be somewhere.

    Observations are float64:

    - `observation`, `(num_envs, 63)`: angles (24, rad) and speeds (24, rad/s) of the hinges and
      `achieved_goal`.
    - `achieved_goal`, `desired_goal`, `(num_envs, 15)`: positions of the fingertips, first finger
      to thumb; m. The thumb is to meet one finger, the others to stay; one goal in ten is to stay.

    Args:
        config: its parameters.
        options: passed on to `framework.sim.VectorEnv`.
    """

    def __init__(self, config: HandReachConfig, **options: Any) -> None:
        self.config = config
        hand = load("reach.xml", RESTING)
        options = {"max_episode_steps": config.max_episode_steps} | options
        super().__init__(hand, config, further=15, goal=15, **options)
        self._sites = tip_sites(hand.model)
        self._site_xpos = self.batch.bind("site_xpos")

    def _score(self, achieved: Array, desired: Array) -> tuple[Array, NDArray[np.bool_]]:
        config = self.config
        return reach(distance(achieved, desired), config.distance_threshold, config.reward_type)

    def goal_quantities(self, first: Array, desired: Array) -> dict[str, Array]:
        """How far the fingertips have to move, all together."""
        return {"distance to move (m)": distance(first, desired)}

    def _start(self, ids: NDArray[np.intp]) -> None:
        self.batch.state[ids] = self.hand.first
        tips = np.repeat(self.hand.tips[None], len(ids), axis=0)
        which, rests = self.streams.uniform(ids, 0, 1, 2).T
        meeting = self.hand.palm + MEETING + SPREAD * self.streams.normal(ids, 3)
        each, thumb = np.arange(len(ids)), len(FINGERS) - 1
        for finger in ((which * thumb).astype(np.intp), thumb):
            way = meeting - tips[each, finger]
            way /= np.linalg.norm(way, axis=1, keepdims=True)
            tips[each, finger] = meeting - GAP * way
        tips[rests < RESTS] = self.hand.tips
        self.goal[ids] = tips.reshape(len(ids), -1)

    def _observe(self, rows: Rows) -> Observation:
        achieved = self._site_xpos[rows].take(self._sites, axis=1).reshape(-1, 15)
        hinges = self._qpos[rows, :HINGES], self._qvel[rows, :HINGES]
        return {
            "observation": np.concatenate([*hinges, achieved], axis=1),
            "achieved_goal": achieved,
            "desired_goal": self.goal[rows].copy(),
        }

    def _decorate(self, data: Any, env: int) -> None:
        for finger, goal in enumerate(self.goal[env].reshape(-1, 3)):
            data.site(f"target{finger}").xpos[:] = goal
            data.site(f"finger{finger}").xpos[:] = data.site_xpos[self._sites[finger]]
