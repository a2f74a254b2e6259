"""Every number a recipe may give, at its least and where it divides nothing: it runs, or says why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from framework.testing import awkward_recipes, check_small_run

SHAPES = {"use": "glide/captioned_shapes", "images": 24, "validation": 12, "size": 16}
UNET: dict[str, Any] = {
    "channels": 32,
    "multipliers": [1],
    "blocks": 1,
    "attention": [],
    "text": {"width": 16, "layers": 1, "heads": 2, "context": 16},
    "vocab_size": 280,
}
CLIP = {
    "use": "glide/noised_clip",
    "patch_size": 8,
    "embedding": 16,
    "text_layers": 1,
    "image_width": 16,
    "image_layers": 1,
    "head_width": 16,
    "vocab_size": 280,
}
JUDGE = {"use": "glide/judge", "channels": [8], "features": 8}
TRAINING = {"images": 32, "batch_size": 4, "warmup_steps": 1}
MEASURE: dict[str, Any] = {
    "judge": "JUDGE",
    "samples": 4,
    "reference": 8,
    "examples": 2,
    "sampling": {"steps": 2, "batch_size": 4},
}


def trained(
    model: dict[str, Any], algorithm: str, *evaluators: dict[str, Any], **training: Any
) -> dict[str, Any]:
    return {
        "environment": SHAPES,
        "model": model,
        "algorithm": {"use": f"glide/{algorithm}", **TRAINING, **training},
        "evaluators": list(evaluators),
    }


def measured(evaluator: str, **parameters: Any) -> dict[str, Any]:
    model = {"use": "glide/unet", **UNET}
    given = {"use": f"glide/{evaluator}", **MEASURE, **parameters}
    return {"environment": SHAPES, "model": model, "evaluators": [given]}


CHEAP = dict(awkward_recipes(trained(JUDGE, "judging", {"use": "glide/judge_accuracy"})))
DEAR = {
    name: recipe
    for each in (
        trained({"use": "glide/unet", **UNET}, "denoising"),
        trained({"use": "glide/unet", **UNET, "inpaint": True}, "inpainting"),
        trained({"use": "glide/upsampler", **UNET, "factor": 2}, "upsampling"),
        trained(CLIP, "contrastive", {"use": "glide/clip_accuracy"}),
        measured("sample_quality", every=8, every_samples=4, every_steps=2),
        measured("guidance_sweep", scales=[3.0]),
        measured("preference", resamples=10, settings=["none", "cfg_3"]),
        measured("sampling_steps", settings=["ddpm:3", "ddim:2"]),
    )
    for name, recipe in awkward_recipes(each)
    if name not in CHEAP
}


@pytest.mark.parametrize("case", CHEAP)
def test_training_and_judging(case: str) -> None:
    check_small_run(CHEAP[case])


@pytest.mark.slow
@pytest.mark.parametrize("case", DEAR)
def test_other_trainings_and_evaluators(case: str, judge_path: Path) -> None:
    recipe = DEAR[case]
    for section in recipe["evaluators"]:
        if "judge" in section:
            section["judge"] = str(judge_path)
    check_small_run(recipe)
