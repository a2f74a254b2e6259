from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import DatasetDict

from framework_glide.clip.config import NoisedCLIPConfig
from framework_glide.clip.loading import build as build_clip
from framework_glide.evaluation.judge.config import JudgeConfig
from framework_glide.evaluation.judge.loading import build as build_judge
from framework_glide.evaluation.judge.model import Judge
from framework_glide.images.captioned_shapes import make_shapes
from framework_glide.images.config import ShapesConfig
from framework_glide.model_config import TextConfig, UNetConfig, UpsamplerConfig
from framework_glide.text_to_image import TextToImage

SMALL_JUDGE = JudgeConfig(channels=(8, 16), features=16, dropout=0.0)

Save = Callable[[torch.nn.Module], Path]


@pytest.fixture(scope="session")
def shapes() -> DatasetDict:
    return make_shapes(ShapesConfig(size=16, images=64, validation=48, backgrounds=("light",)))


@pytest.fixture(scope="session")
def save(tmp_path_factory: pytest.TempPathFactory) -> Save:
    """Writes a model as the checkpoints of the framework hold it."""

    def write(module: torch.nn.Module) -> Path:
        path = tmp_path_factory.mktemp("checkpoint") / "last.ckpt"
        torch.save({"state_dict": {f"model.{k}": v for k, v in module.state_dict().items()}}, path)
        return path

    return write


@pytest.fixture(scope="session")
def judge(shapes: DatasetDict) -> Judge:
    torch.manual_seed(0)
    return build_judge(shapes, SMALL_JUDGE).eval()


@pytest.fixture(scope="session")
def judge_path(judge: Judge, save: Save) -> Path:
    return save(judge)


@pytest.fixture(scope="session")
def clip_path(shapes: DatasetDict, save: Save) -> Path:
    torch.manual_seed(1)
    config = NoisedCLIPConfig(
        patch_size=8,
        embedding=32,
        text_layers=1,
        image_width=32,
        image_layers=1,
        head_width=16,
        vocab_size=280,
    )
    return save(build_clip(shapes, config))


def denoiser(environment: Any, kind: type[UNetConfig] = UNetConfig, **changes: Any) -> TextToImage:
    """A tiny denoiser that answers something at random."""
    from framework_glide.building import build as build_denoiser

    torch.manual_seed(2)
    text = TextConfig(width=16, layers=1, heads=2)
    model = build_denoiser(
        environment, kind(channels=32, multipliers=(1,), attention=(), text=text, vocab_size=280, **changes)
    )
    # The last convolutions begin at 0, and every answer would be the same.
    for parameter in model.network.parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    return model.eval()


@pytest.fixture(scope="session")
def model(shapes: DatasetDict) -> TextToImage:
    return denoiser(shapes)


@pytest.fixture(scope="session")
def upsampler(shapes: DatasetDict) -> TextToImage:
    return denoiser(shapes, UpsamplerConfig, factor=2)


@pytest.fixture
def make_section() -> Callable[..., dict[str, object]]:
    """Sections of a recipe."""
    sections: dict[str, dict[str, object]] = {
        "environment": {"use": "glide/captioned_shapes", "images": 40, "validation": 12}
    }

    def make(name: str, **changes: object) -> dict[str, object]:
        return {**sections[name], **changes}

    return make
