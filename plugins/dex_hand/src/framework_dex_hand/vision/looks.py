"""What the hand and its object look like: cameras, light, colours and textures (section 5, table 2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from framework.sim import Camera
from framework.sim.render import Renderer
from framework.sim.rotations import Array

#: From its right, its left and its fingers' side; all see the palm.
CAMERAS = tuple(
    Camera(lookat=(1.0, 0.89, 0.17), distance=0.3, azimuth=azimuth, elevation=elevation)
    for azimuth, elevation in ((0.0, -40.0), (180.0, -40.0), (-90.0, -70.0))
)
#: How far these are moved, each way, at width 1: m, a share of the distance, degrees, degrees.
LOOKAT, DISTANCE, ANGLE, FIELD = 0.01, 0.08, 5.0, 2.0
#: Light at width 1: how far it comes from beside the vertical (rad), and how much brighter and darker it is.
TILT, BRIGHTNESS = 1.0, 0.5
#: How far colours are from their own at width 1, of 1: those of hand and background, and of the object.
COLOUR, TINT = 0.8, 0.3
#: Most squares along each side of a random texture.
SQUARES = 12
#: Names in the published model: materials of the hand, and the texture that is put on it.
HAND, OBJECT, GOAL, TEXTURE = "robot0:MatViz", "material:object", "material:target", "robot0:texgeom"
#: Its sky, which is all that is behind the hand; it has no name.
SKY = 0
RGB = 1  # mjTEXROLE_RGB


def prepared(model: Any) -> Any:
    """A model to draw: without goals, and fast. Changed in place, and returned."""
    model.mat(GOAL).rgba[3] = 0.0
    model.vis.quality.offsamples = 0
    return model


class Looks:
    """Draws looks, one after another, each of them from the plain one.

    Args:
        renderer: whose model is changed; see `prepared`.
        what: of camera, light, colour and texture.
        width: how far they are from the plain one.
    """

    def __init__(self, renderer: Renderer, what: Sequence[str], width: float) -> None:
        self.renderer, self.what, self.width = renderer, what, width
        model = self.model = renderer.model
        self._fields: list[Array] = [
            *(model.light_pos, model.light_dir, model.light_diffuse),
            *(model.mat_rgba, model.mat_texid, model.mat_specular, model.mat_shininess),
            *(model.vis.headlight.ambient, model.vis.headlight.diffuse),
        ]
        self._plain = [field.copy() for field in self._fields]
        self._field_of_view = float(model.vis.global_.fovy)
        self._texture, self._sky = model.tex(TEXTURE).id, self._pixels(SKY).copy()

    def draw(self, random: np.random.Generator) -> tuple[Camera, ...]:
        """Put on the next look; return its cameras.

        As many numbers are drawn whatever is randomised, so that the rest stays as it is.
        """
        for field, plain in zip(self._fields, self._plain, strict=True):
            field[...] = plain
        self.model.vis.global_.fovy = self._field_of_view
        cameras = self._cameras(random.uniform(-1, 1, (3, 6)), random.uniform(-1, 1))
        self._light(random.uniform(-1, 1, 2), random.random(4))
        self._colour(random.random((3, 3)), random.random((2, 2)))
        self._paint(int(random.integers(2**31)))
        return cameras

    def _cameras(self, unit: Array, field: float) -> tuple[Camera, ...]:
        if "camera" not in self.what:
            return CAMERAS
        self.model.vis.global_.fovy += self.width * FIELD * field
        return tuple(
            replace(
                camera,
                lookat=tuple(np.add(camera.lookat, self.width * LOOKAT * u[:3]).tolist()),
                distance=camera.distance * (1 + self.width * DISTANCE * u[3]),
                azimuth=camera.azimuth + self.width * ANGLE * u[4],
                elevation=camera.elevation + self.width * ANGLE * u[5],
            )
            for camera, u in zip(CAMERAS, unit, strict=True)
        )

    def _light(self, tilt: Array, bright: Array) -> None:
        if "light" not in self.what:
            return
        model, spread = self.model, self.width * TILT
        beside = np.tan(np.clip(spread * tilt, -1.4, 1.4))
        model.light_dir[0] = np.array([*beside, -1.0]) / np.linalg.norm([*beside, 1.0])
        factor = np.clip(1 + self.width * BRIGHTNESS * (2 * bright - 1), 0, None)
        model.light_diffuse[0] *= factor[0]
        model.vis.headlight.diffuse[:] *= factor[1]
        model.vis.headlight.ambient[:] += 0.2 * self.width * bright[2]

    def _colour(self, colours: Array, shine: Array) -> None:
        sky = self._pixels(SKY)
        sky[...] = self._sky
        if "colour" in self.what:
            hand, thing, behind = colours
            share = min(1.0, COLOUR * self.width)
            for name, colour, far in ((HAND, hand, share), (OBJECT, thing, min(1.0, TINT * self.width))):
                material = self.model.mat(name)
                material.rgba[:3] += far * (colour - material.rgba[:3])
                material.specular[:], material.shininess[:] = shine[0 if name == HAND else 1]
            sky[...] = (1 - share) * self._sky + share * 255 * behind
        self.renderer.upload(SKY)

    def _paint(self, seed: int) -> None:
        """Squares of random colours on the hand, in every second look, and on what is behind it."""
        if "texture" not in self.what:
            return
        random = np.random.default_rng(seed)
        pixels = self._pixels(self._texture)
        pixels[...] = self._squares(random, pixels.shape)
        if random.random() < 0.5:
            self.model.mat_texid[self.model.mat(HAND).id, RGB] = self._texture
        self.renderer.upload(self._texture)
        if random.random() < 0.5:
            sky = self._pixels(SKY)
            mixed = 0.5 * sky + 0.5 * self._squares(random, sky.shape)
            sky[...] = mixed
            self.renderer.upload(SKY)

    def _squares(self, random: np.random.Generator, shape: tuple[int, ...]) -> Array:
        count = int(random.integers(2, SQUARES + 1))
        colours = random.integers(0, 256, (count, count, 3))
        rows, columns = (np.arange(side) * count // side for side in shape[:2])
        return np.asarray(colours[rows][:, columns], np.float64)

    def _pixels(self, texture: int) -> Array:
        """Of a texture, `(height, width, 3)`, to be written."""
        model = self.model
        height, width = int(model.tex_height[texture]), int(model.tex_width[texture])
        first = int(model.tex_adr[texture])
        return np.asarray(model.tex_data[first : first + 3 * height * width]).reshape(height, width, 3)
