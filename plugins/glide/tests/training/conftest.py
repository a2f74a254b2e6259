from __future__ import annotations

import pytest

from framework_glide.building import build
from framework_glide.images.captioned_shapes import make_shapes
from framework_glide.images.config import ShapesConfig
from framework_glide.model_config import TextConfig, UNetConfig
from framework_glide.text_to_image import TextToImage

#: The smallest there is.
TEXT = TextConfig(context=16, width=32, layers=1, heads=2)


@pytest.fixture(scope="session")
def shapes():
    return make_shapes(ShapesConfig(size=8, images=64, validation=16, held_out=()))


@pytest.fixture
def tiny(shapes) -> TextToImage:
    return build(shapes, UNetConfig(channels=32, multipliers=(1, 1), attention=(4,), text=TEXT))
