from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datasets import DatasetDict
from PIL import Image

from framework.errors import UserError
from framework_glide.diffusion.config import SamplingConfig
from framework_glide.evaluation.config import UpsamplingQualityConfig
from framework_glide.evaluation.psnr import psnr
from framework_glide.evaluation.rows import rows_of
from framework_glide.evaluation.upsampling_quality import UpsamplingQuality, resized

FEW = SamplingConfig(steps=2, scale=1.0)


def test_the_original_beats_every_interpolation(
    distinct: DatasetDict,
    judge_path: Path,
    denoiser: Callable[..., Any],
    paint: Callable[..., Any],
    tmp_path: Path,
) -> None:
    paint(distinct)
    config = UpsamplingQualityConfig(samples=40, judge=judge_path, sampling=FEW)

    report = UpsamplingQuality(config)(denoiser(low_size=8), distinct)

    metrics = report.metrics
    assert metrics["psnr/upsampler"] == 100
    assert metrics["psnr_gain"] == 100 - metrics["psnr/bilinear"] > 50
    assert metrics["accuracy/upsampler"] == 1 > metrics["accuracy/bilinear"]
    assert metrics["frechet_ratio"] < 0.5
    assert {row[0] for row in report.tables["upsampling"].rows} == {
        "upsampler",
        "bilinear",
        "bicubic",
        "area",
    }
    assert report.save(tmp_path)


def test_a_model_and_no_judge(bare: DatasetDict, denoiser: Callable[..., Any]) -> None:
    config = UpsamplingQualityConfig(samples=6, sampling=FEW)

    metrics = UpsamplingQuality(config)(denoiser(low_size=8), bare).metrics

    assert set(metrics) == {"psnr/upsampler", "psnr/bilinear", "psnr/bicubic", "psnr/area", "psnr_gain"}


def test_other_models_and_other_sizes_are_refused(drawn: DatasetDict, denoiser: Callable[..., Any]) -> None:
    with pytest.raises(UserError, match="a model that enlarges pictures"):
        UpsamplingQuality(UpsamplingQualityConfig(samples=4, sampling=FEW))(denoiser(), drawn)


@pytest.mark.parametrize(
    ("filter_", "theirs"), [("area", Image.Resampling.NEAREST), ("bilinear", Image.Resampling.BILINEAR)]
)
def test_interpolation_agrees_with_pillow(drawn: DatasetDict, filter_: Any, theirs: Image.Resampling) -> None:
    low = resized(rows_of(drawn, "validation", 5).pictures, 8, "area")
    expected = np.stack([np.asarray(Image.fromarray(one).resize((16, 16), theirs)) for one in low])

    assert psnr(resized(low, 16, filter_), expected).min() > 40


def test_making_small_is_the_mean_of_blocks(drawn: DatasetDict) -> None:
    real = rows_of(drawn, "validation", 5).pictures
    means = real.reshape(5, 8, 2, 8, 2, 3).mean(axis=(2, 4))

    assert np.abs(resized(real, 8, "area") - means).max() <= 0.51
