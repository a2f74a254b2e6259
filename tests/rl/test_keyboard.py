"""A person among agents: whose actions are theirs, and what is said where that cannot be."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from framework.errors import UserError
from framework.rl.keyboard import Window, play_by_keys
from tests.rl.worlds import Duel


class Table(Duel):
    """A duel that is drawn, and told by keys."""

    agents = ("a", "b", "c", "d")
    keys = {"x": "choose 2"}  # noqa: RUF012

    def __init__(self, num_envs=2):
        super().__init__(num_envs)
        self.metadata["render_fps"] = 7
        self.taken = []

    def keyed(self, pressed):
        return [2 if "x" in pressed else 1]

    def render(self, envs):
        return [np.full((4, 4, 3), env, np.uint8) for env in envs]

    def step(self, actions):
        self.taken.append(actions[..., 0].copy())
        return super().step(actions)


class Shown:
    """A window that nobody sees: presses keys by a plan."""

    def __init__(self, plan):
        self.plan, self.frames, self.closed = list(plan), [], False

    def __call__(self, title, fps):
        self.title, self.fps = title, fps
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.closed = True

    def show(self, frame):
        self.frames.append(frame)

    def pressed(self):
        return self.plan.pop(0) if self.plan else None


def others(observation):
    return np.zeros((2, 4, 1), int)


def test_one_agent_in_the_first_game_does_what_is_pressed():
    table, window = Table(), Shown([{"x"}, set(), {"x", "y"}, {"x"}])
    report = play_by_keys(table, others, "c", episodes=3, seed=0, window=window)
    taken = np.stack(table.taken)
    assert taken[:, 0, 2].tolist() == [2, 1, 2, 2]
    taken[:, 0, 2] = 0
    assert not taken.any()
    assert (window.fps, window.title) == (7, "c: x: choose 2")
    assert len(window.frames) == 5
    assert window.closed
    assert report.metrics == {"games": 1.0}  # the second was not played to its end
    # Two odds who choose 0 earn from the second step on; it earns by its 2s and loses by theirs.
    assert report.tables["games"].rows == [[1, 1.0 + (0 - 2) + (1 - 2)]]


def test_what_cannot_be_played_says_so(monkeypatch):
    with pytest.raises(UserError, match="no agent 'e'; --keys takes one of a, b, c, d"):
        play_by_keys(Table(), others, "e", 1, 0, Shown([]))
    with pytest.raises(UserError, match="Duel does not say what keys would do"):
        play_by_keys(Duel(2), others, "a", 1, 0, Shown([]))
    monkeypatch.setitem(sys.modules, "pygame", None)
    with pytest.raises(UserError, match="pip install pygame"):
        Window("title", 15)


def test_without_a_display_nobody_plays(monkeypatch):
    pytest.importorskip("pygame")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(UserError, match="there is no display"):
        Window("title", 15)
