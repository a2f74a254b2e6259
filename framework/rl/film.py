"""Films of a policy at work."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import gymnasium
import numpy as np

from framework.errors import UserError
from framework.report import Report, Video


def film(environment: Any, policy: Callable[[Any], Any], episodes: int, seed: int) -> Report:
    """Film the first episodes of a batched environment, side by side.

    Args:
        environment: one that renders.
        policy: actions for a batch of observations; a `Player` is told which episodes ended.
        episodes: how many; with more than there are environments, these go on with a second one.
        seed: of the reset.

    Returns:
        One video per episode.

    Raises:
        UserError: the environment draws nothing, or what it draws with is not installed.
    """
    n = environment.num_envs
    quota = episodes // n + (np.arange(n) < episodes % n)
    frames: list[list[Any]] = [[] for _ in range(n)]
    videos: dict[str, Video] = {}
    observation, _ = environment.reset(seed=seed)
    forget = getattr(policy, "ended", lambda which: None)
    forget(np.ones(n, np.bool_))
    while quota.any():
        filmed = np.flatnonzero(quota)
        for i, frame in zip(filmed, _render(environment, filmed.tolist()), strict=True):
            frames[i].append(frame)
        observation, _, terminated, truncated, _ = environment.step(policy(observation))
        forget(terminated | truncated)
        for i in np.flatnonzero((terminated | truncated) & (quota > 0)):
            video = Video(np.stack(frames[i]), environment.metadata["render_fps"])
            videos[f"episode {len(videos) + 1}"] = video
            frames[i] = []
            quota[i] -= 1
    return Report(videos=videos)


def _render(environment: Any, envs: Sequence[int]) -> Sequence[Any]:
    """Frames of some of the environments; gymnasium's own can only draw all."""
    if "envs" in inspect.signature(environment.render).parameters:  # framework.sim's
        drawn: Sequence[Any] = environment.render(envs)
        return drawn
    try:
        drawn = environment.render() or ()
    except gymnasium.error.Error as error:  # what draws is not installed, for instance
        raise UserError(f"{_name(environment)} cannot be drawn: {error}") from error
    if not drawn or drawn[0] is None:
        raise UserError(f"{_name(environment)} draws nothing: it has no render_mode 'rgb_array'")
    return [drawn[i] for i in envs]


def _name(environment: Any) -> str:
    spec = getattr(environment, "spec", None)
    return spec.id if spec is not None else type(environment).__name__
