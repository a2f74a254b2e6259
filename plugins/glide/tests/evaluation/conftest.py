from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from datasets import Dataset, DatasetDict

from framework_glide.clip.config import NoisedCLIPConfig
from framework_glide.clip.loading import build as build_clip
from framework_glide.diffusion.config import SamplingConfig
from framework_glide.evaluation import bench
from framework_glide.evaluation.judge.config import JudgeConfig
from framework_glide.evaluation.judge.loading import build as build_judge
from framework_glide.evaluation.judge.model import Judge
from framework_glide.evaluation.rows import rows_of
from framework_glide.images.captioned_shapes import make_shapes
from framework_glide.images.config import ShapesConfig
from framework_glide.text.learned import learn_from
from framework_glide.text_to_image import ImageOptions, TextToImage
from framework_glide.unet.config import TextOptions, UNetOptions

Save = Callable[[torch.nn.Module], Path]
Build = Callable[..., TextToImage]


@pytest.fixture(scope="session")
def drawn() -> DatasetDict:
    return make_shapes(ShapesConfig(size=16, images=64, validation=48, backgrounds=("light",)))


@pytest.fixture(scope="session")
def judge(drawn: DatasetDict) -> Judge:
    torch.manual_seed(0)
    return build_judge(drawn, JudgeConfig(channels=(8, 16), features=16, dropout=0.0)).eval()


@pytest.fixture(scope="session")
def shapes(drawn: DatasetDict, judge: Judge) -> DatasetDict:
    """Shapes that the judge, which was never trained, reads without a mistake: what it reads is the truth."""
    splits = {}
    for name, split in drawn.items():
        read = judge.attributes(rows_of(drawn, name, len(split)).pictures)
        table = split.to_dict() | {attribute: classes.tolist() for attribute, classes in read.items()}
        splits[name] = Dataset.from_dict(table, split.features)
    return DatasetDict(splits)


@pytest.fixture(scope="session")
def bare(shapes: DatasetDict) -> DatasetDict:
    """Pictures and captions alone."""
    return DatasetDict({name: split.select_columns(["image", "caption"]) for name, split in shapes.items()})


@pytest.fixture(scope="session")
def save(tmp_path_factory: pytest.TempPathFactory) -> Save:
    """Writes a model as the checkpoints of the framework hold it."""

    def write(module: torch.nn.Module) -> Path:
        path = tmp_path_factory.mktemp("checkpoint") / "last.ckpt"
        torch.save({"state_dict": {f"model.{k}": v for k, v in module.state_dict().items()}}, path)
        return path

    return write


@pytest.fixture(scope="session")
def judge_path(judge: Judge, save: Save) -> Path:
    return save(judge)


@pytest.fixture(scope="session")
def clip_path(drawn: DatasetDict, save: Save) -> Path:
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
    return save(build_clip(drawn, config))


@pytest.fixture(scope="session")
def denoiser(drawn: DatasetDict) -> Build:
    """Makes a tiny denoiser that answers something at random."""
    tokenizer = learn_from(drawn, 280)

    def make(seed: int = 2, low_size: int | None = None, inpaint: bool = False) -> TextToImage:
        torch.manual_seed(seed)
        options = UNetOptions(
            channels=32,
            multipliers=(1,),
            blocks=1,
            attention_factors=(),
            head_channels=32,
            text=TextOptions(vocab_size=tokenizer.vocab_size, context=24, width=16, layers=1, heads=2),
            low_res=low_size is not None,
            inpaint=inpaint,
        )
        images = ImageOptions(size=16, low_size=low_size)
        model = TextToImage(options, images, tokenizer, "float32").eval()
        # The last convolutions begin at 0, and every answer would be the same.
        for parameter in model.network.parameters():
            torch.nn.init.normal_(parameter, std=0.05)
        return model

    return make


class Painter:
    """Stands in for `generate`: the real picture of a caption, spoilt by as much as the setting says.

    `asked` counts the pictures it made.
    """

    def __init__(self, environment: Any, spoilt: Callable[[SamplingConfig], float]) -> None:
        rows = rows_of(environment, "validation", 10_000)
        self.known = dict(zip(rows.captions, rows.pictures, strict=True))
        self.spoilt = spoilt
        self.asked = 0

    def __call__(
        self,
        model: TextToImage,
        prompts: Sequence[str],
        sampling: SamplingConfig,
        *,
        seeds: Sequence[int],
        **given: Any,
    ) -> np.ndarray:
        self.asked += len(prompts)
        made = np.stack([self.known[prompt] for prompt in prompts]).astype(float)
        for picture, seed in zip(made, seeds, strict=True):
            noise = np.random.default_rng(seed).normal(size=picture.shape)
            picture += 255 * self.spoilt(sampling) * noise
        return made.clip(0, 255).astype(np.uint8)


@pytest.fixture
def paint(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Painter]:
    """Puts a `Painter` in place of the sampler."""

    def replace(environment: Any, spoilt: Callable[[SamplingConfig], float] = lambda _: 0.0) -> Painter:
        painter = Painter(environment, spoilt)
        monkeypatch.setattr(bench, "generate", painter)
        return painter

    return replace


@pytest.fixture(scope="session")
def distinct(shapes: DatasetDict) -> DatasetDict:
    """Each caption once, so that a caption stands for one picture."""
    seen: set[str] = set()
    kept = []
    for index, caption in enumerate(shapes["validation"]["caption"]):
        if caption not in seen:
            kept.append(index)
            seen.add(caption)
    return DatasetDict({**shapes, "validation": shapes["validation"].select(kept)})
