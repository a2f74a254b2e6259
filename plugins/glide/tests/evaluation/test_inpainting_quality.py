from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datasets import DatasetDict

from framework.errors import UserError
from framework_glide.diffusion.config import SamplingConfig
from framework_glide.evaluation.config import InpaintingQualityConfig

pytest.importorskip("framework_glide.images.masks")
from framework_glide.evaluation.inpainting_quality import InpaintingQuality, holes

FEW = SamplingConfig(steps=2)


def test_the_real_picture_fills_perfectly(
    distinct: DatasetDict, judge_path: Path, denoiser: Callable[..., Any], paint: Callable[..., Any]
) -> None:
    paint(distinct)
    config = InpaintingQualityConfig(samples=40, judge=judge_path, sampling=FEW)

    report = InpaintingQuality(config)(denoiser(inpaint=True), distinct)

    metrics = report.metrics
    assert metrics["fill_accuracy/fine-tuned"] == metrics["known_exact/fine-tuned"] == 1
    assert metrics["boundary_error/fine-tuned"] == 0
    rows = {row[0]: row for row in report.tables["inpainting"].rows}
    # By definition nothing that is hidden can be read from the grey.
    assert rows["grey"][1] == 0 and rows["real"][1] == 1
    assert rows["grey"][2] > rows["real"][2] == 0


def test_changed_known_pixels_are_found(
    distinct: DatasetDict, judge_path: Path, denoiser: Callable[..., Any], paint: Callable[..., Any]
) -> None:
    paint(distinct, lambda _: 0.2)
    config = InpaintingQualityConfig(samples=20, judge=judge_path, sampling=FEW)

    metrics = InpaintingQuality(config)(denoiser(inpaint=True), distinct).metrics

    assert metrics["known_exact/fine-tuned"] == 0
    assert metrics["boundary_error/fine-tuned"] > 0


def test_models_keep_known_pixels(
    shapes: DatasetDict,
    judge_path: Path,
    denoiser: Callable[..., Any],
    save: Callable[..., Path],
    tmp_path: Path,
) -> None:
    pytest.importorskip("framework_glide.unet.surgery")
    config = InpaintingQualityConfig(
        samples=8, judge=judge_path, sampling=FEW, base=save(denoiser(seed=5)), examples=4
    )

    report = InpaintingQuality(config)(denoiser(inpaint=True), shapes)

    metrics = report.metrics
    assert metrics["known_exact/fine-tuned"] == metrics["known_exact/replacement"] == 1
    difference = metrics["boundary_error/fine-tuned"] - metrics["boundary_error/replacement"]
    assert metrics["boundary_error_change"] == difference
    assert report.save(tmp_path)


def test_a_model_that_sees_no_masks_is_refused(shapes: DatasetDict, denoiser: Callable[..., Any]) -> None:
    with pytest.raises(UserError, match="inpaint: true"):
        InpaintingQuality(InpaintingQualityConfig(samples=4, sampling=FEW))(denoiser(), shapes)


def test_an_upsampler_cannot_fill(
    shapes: DatasetDict, denoiser: Callable[..., Any], save: Callable[..., Path]
) -> None:
    pytest.importorskip("framework_glide.unet.surgery")
    config = InpaintingQualityConfig(samples=4, sampling=FEW, base=save(denoiser(low_size=8)))

    with pytest.raises(UserError, match="is an upsampler"):
        InpaintingQuality(config)(denoiser(inpaint=True), shapes)


def test_holes_leave_something_and_hide_something() -> None:
    masks = holes(200, 16, seed=0)
    share = masks.mean(axis=(1, 2))

    assert masks.shape == (200, 16, 16) and masks.dtype == np.bool_
    assert (share > 0).all() and (share < 1).all()
    assert (masks == holes(200, 16, seed=0)).all()
    assert not (masks == holes(200, 16, seed=1)).all()
