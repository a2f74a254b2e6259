from __future__ import annotations

import numpy as np
import pytest

from framework.errors import UserError
from framework.sim.render import choose_backend
from framework.testing import assert_same


@pytest.fixture
def can_draw(make_cart):
    env = make_cart(1, size=(8, 8))
    env.reset()
    try:
        env.render()
    except UserError as error:
        pytest.skip(str(error))
    env.close()


@pytest.mark.usefixtures("can_draw")
def test_frames_show_the_environments_asked_for(make_cart):
    env = make_cart(3, size=(60, 80))
    env.reset(seed=0)
    frames = env.render()
    assert len(frames) == 3
    assert all(frame.shape == (60, 80, 3) and frame.dtype == np.uint8 for frame in frames)
    assert (frames[0] != frames[1]).any()
    (last,) = env.render([2])
    np.testing.assert_array_equal(last, frames[2])
    env.goal[2] += 0.5
    assert (env.render([2])[0] != last).any(), "the goal is drawn"
    env.close()


@pytest.mark.usefixtures("can_draw")
def test_drawing_changes_nothing(make_cart, play):
    env, twin = make_cart(2, size=(32, 32)), make_cart(2)
    env.reset(seed=0), twin.reset(seed=0)
    env.render()
    assert_same(play(env, 5), play(twin, 5))
    env.close()


@pytest.mark.parametrize(
    ("variables", "libraries", "backend"),
    [
        ({"MUJOCO_GL": "GLFW"}, ["EGL"], "glfw"),
        ({"MUJOCO_GL": "osmesa", "DISPLAY": ":0"}, ["EGL"], "osmesa"),
        ({"DISPLAY": ":0"}, ["EGL"], "glfw"),
        ({"WAYLAND_DISPLAY": "wayland-0"}, [], "glfw"),
        ({}, ["EGL", "OSMesa"], "egl"),
        ({}, ["OSMesa"], "osmesa"),
        ({}, [], "egl"),
    ],
)
def test_opengl_is_chosen_by_what_is_there(monkeypatch, variables, libraries, backend):
    for name in ("MUJOCO_GL", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("framework.sim.render.find_library", lambda name: name if name in libraries else None)
    assert choose_backend() == backend


def test_without_opengl_the_message_says_what_to_install(make_cart, monkeypatch):
    monkeypatch.setenv("MUJOCO_GL", "osmesa")
    monkeypatch.setenv("PYOPENGL_PLATFORM", "egl")
    env = make_cart(1)
    env.reset()
    with pytest.raises(UserError, match=r"MUJOCO_GL=osmesa[\s\S]*apt-get install libegl1"):
        env.render()
    env.close()
