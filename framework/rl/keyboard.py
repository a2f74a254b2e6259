"""A person at the keyboard plays one agent; the policy plays all others."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from framework.errors import UserError
from framework.report import Report, Table

#: How much larger than drawn frames are shown.
ZOOM = 3


class Screen(Protocol):
    """What shows frames and knows which keys are down."""

    def show(self, frame: NDArray[np.uint8]) -> None:
        """Show a frame, `(height, width, 3)`, for as long as a step of the game lasts."""

    def pressed(self) -> set[str] | None:
        """The names of the keys that are down; None if the person has had enough."""


class Window:
    """A window of pygame's. Escape, or closing it, ends the game.

    Args:
        title: of the window.
        fps: frames in a second.

    Raises:
        UserError: pygame is not installed, or there is no display.
    """

    def __init__(self, title: str, fps: float) -> None:
        try:
            import pygame
        except ImportError:
            raise UserError(
                "playing by keys needs pygame, which is not installed\n  to install: pip install pygame"
            ) from None
        named = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")
        if sys.platform.startswith("linux") and not any(map(os.environ.get, named)):
            raise UserError(NO_DISPLAY)
        try:
            pygame.display.init()
        except pygame.error as error:
            raise UserError(f"{NO_DISPLAY}: {error}") from None
        self.pygame, self.title, self.fps = pygame, title, fps
        self.clock = pygame.time.Clock()
        self.screen: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.pygame.display.quit()

    def show(self, frame: NDArray[np.uint8]) -> None:
        height, width = (ZOOM * size for size in frame.shape[:2])
        if self.screen is None:
            self.screen = self.pygame.display.set_mode((width, height))
            self.pygame.display.set_caption(self.title)
        drawn = self.pygame.surfarray.make_surface(frame.swapaxes(0, 1))
        self.screen.blit(self.pygame.transform.scale(drawn, (width, height)), (0, 0))
        self.pygame.display.flip()
        self.clock.tick(self.fps)

    def pressed(self) -> set[str] | None:
        pygame = self.pygame
        if any(event.type == pygame.QUIT for event in pygame.event.get()):
            return None
        down = pygame.key.get_pressed()
        known = (getattr(pygame, name) for name in dir(pygame) if name.startswith("K_"))
        names = {pygame.key.name(code) for code in known if down[code]}
        return None if "escape" in names else names


NO_DISPLAY = "there is no display to play on; framework play without --keys writes a film"


def play_by_keys(
    environment: Any,
    player: Callable[[Any], Any],
    agent: str,
    episodes: int,
    seed: int,
    window: Callable[[str, float], AbstractContextManager[Screen]] = Window,
) -> Report:
    """Let a person play one agent in the first of a batch of games.

    Args:
        environment: a `VectorEnv` with an agent axis that draws itself, and says in `keyed(pressed)` what an
            agent does while keys are down, and in `keys` what they are for.
        player: what the others do, a `Player`.
        agent: the name of the person's.
        episodes: how many games at most.
        seed: of the first.
        window: makes what they are shown in, of a title and frames in a second.

    Returns:
        What the agent earned in each game.

    Raises:
        UserError: there is no such agent, no keys are told of, or there is no display.
    """
    names = list(getattr(environment, "agents", ()))
    if not hasattr(environment, "keyed"):
        raise UserError(f"{type(environment).__name__} does not say what keys would do")
    if agent not in names:
        raise UserError(f"there is no agent {agent!r}; --keys takes one of {', '.join(names)}")
    row, fps = names.index(agent), float(environment.metadata.get("render_fps", 15))
    title = f"{agent}: " + ", ".join(f"{key}: {what}" for key, what in environment.keys.items())
    earned: list[float] = []
    observation, _ = environment.reset(seed=seed)
    forget = getattr(player, "ended", lambda which: None)
    with window(title, fps) as screen:
        total = 0.0
        while len(earned) < episodes:
            screen.show(environment.render([0])[0])
            pressed = screen.pressed()
            if pressed is None:
                break
            actions = np.array(player(observation))
            actions[0, row] = environment.keyed(pressed)
            observation, reward, terminated, truncated, _ = environment.step(actions)
            forget(terminated | truncated)
            total += float(reward[0, row])
            if terminated[0] or truncated[0]:
                earned.append(total)
                total = 0.0
    report = Report(metrics={"games": float(len(earned))})
    report.tables["games"] = Table(["game", f"{agent} earned"], list(map(list, enumerate(earned, 1))))
    return report
