"""`gymnasium/make`: from an id to a batched environment."""

from __future__ import annotations

import importlib
import multiprocessing
import signal
import sys
from functools import partial
from pathlib import Path
from typing import Any

from framework.component import import_attribute
from framework.errors import UserError
from framework.gym.config import MISSING, MakeConfig, WrapperConfig

try:
    import gymnasium
except ModuleNotFoundError:
    raise UserError(MISSING) from None

from framework.gym.state import Saved
from framework.gym.vector import Asynchronous, Synchronous


def make(config: MakeConfig) -> Synchronous | Asynchronous:
    """Make `num_envs` environments that start anew in the step in which they end.

    Modules named in the id or in wrappers may lie in the working directory.

    Raises:
        UserError: there is none of this name, or it cannot be made with these parameters.
    """
    one = partial(make_one, config)
    if config.vectorization == "sync":
        return Synchronous(one, config.num_envs)
    one().close()  # what is wrong is said here, rather than by a process that ends
    return Asynchronous(one, config.num_envs)


def make_one(config: MakeConfig) -> Saved:
    """One environment, with its wrappers."""
    if multiprocessing.parent_process() is not None:  # Ctrl-C is for the training, which ends its step
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    kwargs = dict(config.kwargs)
    if config.max_episode_steps is not None:
        kwargs["max_episode_steps"] = config.max_episode_steps
    try:
        module, colon, name = config.id.rpartition(":")
        if colon:
            _import(module)
        if "rgb_array" in _render_modes(name):
            kwargs.setdefault("render_mode", "rgb_array")
        environment = gymnasium.make(name, disable_env_checker=True, **kwargs)
    except (gymnasium.error.Error, TypeError) as error:
        raise UserError(f"gymnasium/make: {config.id} cannot be made: {error}") from error
    except ModuleNotFoundError as error:
        raise UserError(f"gymnasium/make: {config.id} needs {error.name}, which is not installed") from error
    for each in config.wrappers:
        wrapper = each if isinstance(each, WrapperConfig) else WrapperConfig(wrapper=each)
        environment = _wrap(environment, wrapper)
    return Saved(environment)


def _wrap(environment: gymnasium.Env[Any, Any], config: WrapperConfig) -> gymnasium.Env[Any, Any]:
    _import(config.wrapper.partition(":")[0])
    try:
        wrapped = import_attribute(config.wrapper)(environment, **config.kwargs)
    except (AttributeError, TypeError, gymnasium.error.Error) as error:
        raise UserError(
            f"gymnasium/make: wrapper {config.wrapper} cannot be put around it: {error}"
        ) from error
    if not isinstance(wrapped, gymnasium.Env):
        raise UserError(f"gymnasium/make: {config.wrapper} is no wrapper: it made a {type(wrapped).__name__}")
    return wrapped


def _import(module: str) -> None:
    here = str(Path.cwd())
    if here not in sys.path:  # a command's path has the command's folder in its place
        sys.path.append(here)
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise
        raise UserError(
            f"gymnasium/make: there is no module {error.name}\n"
            f"  it is looked for among installed packages and in {here}"
        ) from None


def _render_modes(name: str) -> Any:
    """What its class can draw; a class that draws on request costs nothing until it is asked."""
    creator: Any
    try:
        creator = gymnasium.spec(name).entry_point
    except gymnasium.error.Error:  # a name without its version
        return ()
    if isinstance(creator, str):
        creator = gymnasium.envs.registration.load_env_creator(creator)
    return getattr(creator, "metadata", {}).get("render_modes", ())
