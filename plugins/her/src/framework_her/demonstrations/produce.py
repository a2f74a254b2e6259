"""her/demonstrations: episodes of a teacher as a dataset, shard by shard (Nair et al. 2018, section VI)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framework.contracts import Progress
from framework.errors import UserError
from framework.rl.vector import final_info, final_observation, require_same_step
from framework.shards import Shards
from framework_her.demonstrations.config import DemonstrationsConfig
from framework_her.demonstrations.files import SEEN, Demonstration, write
from framework_her.demonstrations.teacher import expert, task_of, trained

Array = NDArray[Any]

#: So many times all environments play before a teacher who never succeeds is given up.
TRIES = 20


class Demonstrations:
    """Plays a task with a teacher and writes down what happens.

    Every shard has a seed of its own: made again after a stop, it is the same.

    Args:
        config: the parameters.

    Raises:
        UserError: the task has no scripted expert, or the checkpoint is not of this task.
    """

    def __init__(self, config: DemonstrationsConfig) -> None:
        self.config, self.environment = config, config.environment
        require_same_step(self.environment)
        self.teacher = expert(self.environment) if config.by is None else trained(self.environment, config.by)
        box = self.environment.single_action_space
        self._centre, self._reach = (box.high + box.low) / 2, (box.high - box.low) / 2

    def produce(self, folder: Path, progress: Callable[[Progress], None]) -> None:
        config, shards = self.config, Shards(folder)
        for number, first in enumerate(range(0, config.episodes, config.per_shard)):
            count = min(config.per_shard, config.episodes - first)
            name = f"{number:05d}.parquet"
            if name not in shards.finished():
                episodes = self._make(number, count)
                with shards.write(name, rows=count) as path:
                    write(path, episodes, task_of(self.environment))
            progress(Progress(first + count, config.episodes, "episodes"))

    def _make(self, shard: int, count: int) -> list[Demonstration]:
        made: list[Demonstration] = []
        random = np.random.default_rng([self.config.seed, shard])
        for tried in range(1, 1 + TRIES * count):
            made += [one for one in self._play(random) if one.success or not self.config.only_successes]
            if len(made) >= count:
                return made[:count]
            if tried >= TRIES and not made:
                break
        played, task = tried * self.environment.num_envs, task_of(self.environment)
        raise UserError(
            f"only {len(made)} of {played} episodes of {task} "
            f"end at their goal; {count} are wanted\n  less noise, a better policy, or only_successes: false"
        )

    def _play(self, random: np.random.Generator) -> list[Demonstration]:
        """The next episode of every environment."""
        environment, n = self.environment, self.environment.num_envs
        observation, _ = environment.reset(seed=int(random.integers(2**31)))
        kept: dict[str, list[Array]] = {name: [] for name in (*SEEN, "action", "state")}
        running, episodes = np.ones(n, np.bool_), {}
        while running.any():
            action = self._explore(self.teacher(observation), random)
            if hasattr(environment, "states"):
                kept["state"].append(environment.states())
            for name in SEEN:
                kept[name].append(np.array(observation[name]))
            kept["action"].append(self._centre + self._reach * action)
            observation, _, terminated, truncated, info = environment.step(kept["action"][-1])
            ended = np.flatnonzero(running & (terminated | truncated))
            if len(ended):
                final: Any = final_observation(observation, info)
                success = final_info("is_success", info, np.zeros(n, np.bool_))
                for i in ended:
                    rows = {
                        key: np.stack([each[i] for each in value]) for key, value in kept.items() if value
                    }
                    seen = {key: np.concatenate([rows[key], final[key][i][None]]) for key in SEEN}
                    episodes[int(i)] = Demonstration(**(rows | seen), success=bool(success[i]))
                running[ended] = False
        return [episodes[i] for i in range(n)]

    def _explore(self, action: Array, random: np.random.Generator) -> Array:
        config = self.config
        at_random = random.random(len(action)) < config.random_action
        noisy = action + config.noise * random.standard_normal(action.shape)
        anything = random.uniform(-1, 1, action.shape)
        # As the environment will take them: float32.
        return np.where(at_random[:, None], anything, np.clip(noisy, -1, 1)).astype(np.float32)
