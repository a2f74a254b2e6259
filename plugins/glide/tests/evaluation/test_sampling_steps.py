from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from datasets import DatasetDict

from framework.errors import UserError
from framework_glide.diffusion.config import SamplingConfig
from framework_glide.evaluation.config import SamplingStepsConfig
from framework_glide.evaluation.sampling_steps import SamplingSteps


def test_compares_with_the_first(
    distinct: DatasetDict, judge_path: Path, denoiser: Callable[..., Any], paint: Callable[..., Any]
) -> None:
    paint(distinct, lambda sampling: {"250": 0.2, "27": 0.3, "fast27": 0.2}[str(sampling.steps)])
    config = SamplingStepsConfig(
        samples=40, judge=judge_path, settings=("ddpm:250", "ddpm:27", "ddpm:fast27", "ddim:27")
    )

    report = SamplingSteps(config)(denoiser(), distinct)

    metrics = report.metrics
    assert metrics["frechet_ratio/ddpm_250"] == metrics["frechet_ratio/ddpm_fast27"] == 1
    assert metrics["frechet_ratio/ddim_27"] == metrics["frechet_ratio/ddpm_27"] > 1
    assert metrics["accuracy_ratio/ddpm_27"] == metrics["accuracy/ddpm_27"] / metrics["accuracy/ddpm_250"]
    assert [row[:2] for row in report.tables["samplers and steps"].rows] == [
        ["ddpm_250", 250],
        ["ddpm_27", 27],
        ["ddpm_fast27", 27],
        ["ddim_27", 27],
    ]


def test_every_sampler_of_a_model(
    shapes: DatasetDict, judge_path: Path, denoiser: Callable[..., Any], tmp_path: Path
) -> None:
    settings = ("ddpm:4", "ddpm:2,1", "ddim:4", "plms:4", "dpm_solver:4")
    base = SamplingConfig(eta=0.5, sampler="ddim")
    config = SamplingStepsConfig(samples=6, judge=judge_path, sampling=base, settings=settings)

    report = SamplingSteps(config)(denoiser(), shapes)

    assert {f"frechet/{name}" for name in ("ddpm_4", "ddpm_2-1", "ddim_4", "plms_4")} <= set(report.metrics)
    assert report.save(tmp_path)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (("ddpm:250", "heun:27"), "samplers: ddpm, ddim, plms, dpm_solver"),
        (("ddpm:250", "ddim"), "such as ddim:27"),
        (("ddpm:250", "ddpm:none"), "none"),
        (("ddpm:250",), "two or more different"),
    ],
)
def test_settings_that_are_none_are_named(settings: tuple[str, ...], message: str) -> None:
    with pytest.raises(UserError, match=message):
        SamplingStepsConfig(settings=settings)
