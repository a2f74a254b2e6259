"""Ids by which `gymnasium.make` and `gymnasium.make_vec` build a plugin's environments, for other trainers.

An id stands for a component of a plugin and values of some of its parameters; more can be given to
`gymnasium.make`.
"""

from __future__ import annotations

import importlib
from typing import Any

import gymnasium
from gymnasium.vector import AutoresetMode

from framework.sim.single import SingleEnv
from framework.sim.vector_env import VectorEnv


def register_id(
    identifier: str, component: str, steps: int, *, plugin: str, single: str | None = None, **parameters: Any
) -> None:
    """Tell gymnasium about a task, unless it knows.

    Args:
        identifier: such as "framework_dex_hand/Block-v0".
        component: such as "reorient", whose builder makes a `VectorEnv` of its parameters and options.
        steps: length of an episode.
        plugin: the package whose hook `register_environments` names the component.
        single: "package.module:Class", a subclass of `ComponentEnv` for `gymnasium.make` to build.
        parameters: of the component.
    """
    if identifier not in gymnasium.registry:
        gymnasium.register(
            identifier,
            entry_point=single or f"{__name__}:ComponentEnv",
            vector_entry_point=f"{__name__}:make_vector",
            max_episode_steps=steps,
            kwargs={"plugin": plugin, "component": component, **parameters},
        )


class ComponentEnv(SingleEnv):
    """One simulation of an environment that a plugin registers.

    Args:
        plugin, component: which.
        render_mode: None or "rgb_array".
        **parameters: of the component.
    """

    def __init__(
        self, plugin: str, component: str, render_mode: str | None = None, **parameters: Any
    ) -> None:
        # The time limit is gymnasium's, and without a seed each environment differs.
        options = {"autoreset": AutoresetMode.DISABLED, "max_episode_steps": None, "seed": None}
        parameters = {"num_envs": 1, "threads": 1, **parameters}
        super().__init__(_build(plugin, component, parameters, **options), render_mode)


def make_vector(
    plugin: str,
    component: str,
    num_envs: int = 1,
    render_mode: str | None = None,
    autoreset: AutoresetMode | str = AutoresetMode.SAME_STEP,
    max_episode_steps: int | None = None,
    **parameters: Any,
) -> VectorEnv:
    """Build the batched environment; `parameters` are those of the component."""
    options: dict[str, Any] = {"autoreset": autoreset, "max_episode_steps": max_episode_steps}
    if "seed" not in parameters:
        options["seed"] = None
    env = _build(plugin, component, {"num_envs": num_envs, **parameters}, **options)
    env.render_mode = render_mode
    return env


def _build(plugin: str, name: str, parameters: dict[str, Any], **options: Any) -> VectorEnv:
    components = importlib.import_module(plugin).register_environments()
    (component,) = (one for one in components if one.name == name)
    env: VectorEnv = component.builder(component.parameter_class(**parameters), **options)
    return env
