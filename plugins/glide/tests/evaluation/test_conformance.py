from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from framework.testing import check_evaluator

SAMPLING = {"steps": 2, "batch_size": 4}
MODEL = {
    "use": "glide/unet",
    "channels": 32,
    "multipliers": [1],
    "attention": [],
    "text": {"width": 16, "layers": 1},
    "vocab_size": 280,
}


@pytest.mark.parametrize(
    "section",
    [
        {"use": "glide/sample_quality", "every": 8, "every_samples": 4, "every_steps": 2},
        {"use": "glide/guidance_sweep", "scales": [3.0], "clip_scales": [10.0]},
        {"use": "glide/preference", "resamples": 10},
        {"use": "glide/sampling_steps", "settings": ["ddpm:3", "ddim:2"]},
    ],
    ids=lambda section: section["use"],
)
def test_evaluators_conform(section: dict[str, Any], judge_path: Path, clip_path: Path) -> None:
    given = {"samples": 6, "reference": 12, "judge": str(judge_path), "clip": str(clip_path)}
    check_evaluator(
        {**section, **given, "examples": 2, "sampling": SAMPLING},
        algorithm={"use": "glide/denoising", "images": 32, "batch_size": 4},
        environment={"use": "glide/captioned_shapes", "images": 24, "validation": 12},
        model=MODEL,
    )


def test_the_judges_accuracy_conforms() -> None:
    check_evaluator(
        "glide/judge_accuracy",
        algorithm={"use": "glide/judging", "images": 32, "batch_size": 4},
        environment={"use": "glide/captioned_shapes", "images": 24, "validation": 12},
        model={"use": "glide/judge", "channels": [8], "features": 8},
    )
