"""Who acts in demonstrations: a scripted expert, or a policy that was trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from framework.errors import UserError
from framework.runs.weights import read_weights
from framework_her.actor_critic import ActorCritic, join
from framework_her.config import ActorCriticConfig
from framework_her.experts import arm
from framework_her.fetch.env import FetchEnv
from framework_her.fetch.tasks import TASKS
from framework_her.stack.env import StackEnv

Array = NDArray[Any]
#: A batch of observations to actions `(num_envs, actions)` in [-1, 1].
Teacher: TypeAlias = Callable[[Mapping[str, Array]], Array]

_EXPERTS: dict[str, Teacher] = {
    "FetchReach": arm.reach,
    "FetchPush": arm.push,
    "FetchPickAndPlace": arm.pick_and_place,
}


def task_of(environment: Any) -> str:
    """The task's name, as files of demonstrations tell it: `FetchPush`, `FetchStack2`."""
    if isinstance(environment, FetchEnv):
        name = next((name for name, task in TASKS.items() if task == environment.task), "")
        return "Fetch" + name.title().replace("_And_", "And")
    if isinstance(environment, StackEnv):
        return f"FetchStack{environment.blocks}"
    return type(environment).__name__


def expert(environment: Any) -> Teacher:
    """The scripted expert of a task.

    Raises:
        UserError: it has none.
    """
    task = task_of(environment)
    found = arm.stack if isinstance(environment, StackEnv) else _EXPERTS.get(task)
    if found is None:
        raise UserError(
            f"{task} has no scripted expert; there are experts of {', '.join(_EXPERTS)} and FetchStack\n"
            "  give a trained policy: `by: ${checkpoint:RUN}`"
        )
    return found


def trained(environment: Any, checkpoint: Path) -> Teacher:
    """The policy of a checkpoint of `her/hindsight` or `her/behaviour_cloning`, without exploration.

    Raises:
        UserError: it is no such checkpoint, or of another task.
    """
    weights = read_weights(checkpoint, mmap=True)
    hidden = [
        len(value)
        for name, value in weights.items()
        if name.startswith("model.actor.") and name.endswith("bias")
    ][:-1]
    if not hidden:
        raise UserError(f"by: {checkpoint} holds no her/actor_critic")
    model = ActorCritic(environment, ActorCriticConfig(hidden=tuple(hidden), weights=checkpoint)).eval()

    @torch.no_grad()
    def act(observation: Mapping[str, Array]) -> Array:
        inputs = torch.from_numpy(join(observation["observation"], observation["desired_goal"]))
        actions = environment.single_action_space.shape[0]
        mean = model.actor(model.normalized(inputs))[:, :actions]
        return np.asarray(torch.tanh(mean).numpy())

    return act
