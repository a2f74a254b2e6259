"""The shipped recipes, cut short, as a user runs them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import framework
from framework.errors import UserError
from framework.testing.fixtures import RunCommand, RunRecipe
from framework_glide.diffusion.config import SamplingConfig

RECIPES = Path(__file__).parents[3] / "recipes"
SHORT = [
    "trainer.threads=1",
    "tracking.log_model=false",
    "environment.images=64",
    "environment.validation=32",
    *(
        f"stages.base.model.{setting}"
        for setting in ("blocks=1", "text.width=32", "text.heads=2", "text.layers=1")
    ),
    *(
        f"stages.{stage}.algorithm.images=64"
        for stage in ("judge", "clip", "base", "inpaint", "judge_large", "upsample")
    ),
    "stages.judge.algorithm.batch_size=16",
    *(f"stages.{stage}.algorithm.batch_size=32" for stage in ("clip", "judge_large")),
    "stages.clip.evaluators.0.candidates=8",
    *(f"stages.guidance.evaluators.{i}.scales=[3]" for i in range(2)),
    "stages.guidance.evaluators.0.clip_scales=[10]",
    *(f"stages.guidance.evaluators.{i}.samples=8" for i in range(4)),
    *(f"stages.guidance.evaluators.{i}.sampling.steps=2" for i in range(3)),
    "stages.guidance.evaluators.3.settings=['ddpm:4', 'ddim:2']",
    *(f"stages.{stage}.evaluators.0.samples=8" for stage in ("inpaint", "upsample")),
    *(f"stages.{stage}.evaluators.0.sampling.steps=2" for stage in ("inpaint", "upsample")),
]


def test_glide(framework_run: RunRecipe, framework_command: RunCommand, tmp_path: Path) -> None:
    result = framework_run(RECIPES / "glide.yaml", SHORT)
    stages = result.run.state.stages
    assert list(stages) == ["judge", "clip", "base", "guidance", "inpaint", "judge_large", "upsample"]
    assert all(stage.finished for stage in stages.values())
    assert list(stages["guidance"].reports) == [
        "guidance_sweep",
        "guidance_sweep-2",
        "preference",
        "sampling_steps",
    ]
    swept = stages["guidance"].reports["guidance_sweep"]
    for setting in ("none", "cfg_3", "clip_10"):
        assert 0 <= swept[f"accuracy/{setting}"] <= 1
        assert swept[f"frechet/{setting}"] > 0
    assert stages["inpaint"].reports["inpainting_quality"]["known_exact/fine-tuned"] == 1

    picture, mask = tmp_path / "in.png", tmp_path / "mask.png"
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    Image.fromarray(pixels).save(picture)
    kept = np.zeros((32, 32), np.uint8)
    kept[:, :20] = 255
    Image.fromarray(kept).save(mask)
    out = tmp_path / "played"
    played = framework_command(
        *("play", "last", "--prompt", "a red circle", "--n", "2", "--scale", "3", "--steps", "2"),
        *("--image", str(picture), "--mask", str(mask), "--out", str(out)),
    )
    assert played.exit_code == 0, played.stderr
    made = np.asarray(Image.open(next(out.rglob("image_1.png"))))
    assert made.shape == (32, 32, 3)
    assert (made[:, :20] == pixels[:, :20]).all()
    assert (made[:, 20:] != pixels[:, 20:]).any()

    model = framework.load("last", stage="base")
    sampled = model.sample(["a red circle", "a blue square"], SamplingConfig(steps=2), seed=3)
    assert (sampled.shape, sampled.dtype) == ((2, 16, 16, 3), np.uint8)
    again = model.sample(["a red circle", "a blue square"], SamplingConfig(steps=2), seed=3)
    np.testing.assert_array_equal(sampled, again)

    with pytest.raises(UserError, match="--image needs --mask"):
        model.play(model.environment, prompt="a red circle", image=str(picture))


def test_images_of_a_folder(framework_run: RunRecipe, framework_command: RunCommand, tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for i in range(12):
            pixels = np.random.default_rng(i).integers(0, 256, (20, 30, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pictures" / name / f"{i}.png")
    (tmp_path / "pictures" / "dog" / "broken.png").write_bytes(b"\x89PNG\r\n")
    small = ["blocks=1", "channels=16", "groups=4", "head_channels=16", "multipliers=[1]", "attention=[32]"]
    result = framework_run(
        RECIPES / "glide_folder.yaml",
        [
            f"environment.path={tmp_path / 'pictures'}",
            "environment.validation=0.2",
            *(f"stages.{stage}.algorithm.images=32" for stage in ("clip", "base")),
            *(f"stages.{stage}.algorithm.batch_size=8" for stage in ("clip", "base")),
            *(f"stages.base.model.{setting}" for setting in small),
            *(f"stages.clip.model.{part}_layers=1" for part in ("text", "image")),
            "stages.base.model.text.layers=1",
            "stages.base.evaluators.0.samples=4",
            "stages.base.evaluators.0.sampling.steps=2",
            "trainer.threads=1",
        ],
    )
    assert result.unsent == ""
    assert all(stage.finished for stage in result.run.state.stages.values())
    measured = result.run.state.stages["base"].reports["sample_quality"]
    assert {"frechet", "frechet_of_real", "precision", "recall", "similarity"} <= set(measured)
    out = tmp_path / "played"
    asked = ("--prompt", "a cat", "--clip_scale", "3", "--steps", "2", "--out", str(out))
    played = framework_command("play", "last", *asked)
    assert played.exit_code == 0, played.stderr
    assert len(list(out.rglob("image_*.png"))) == 4


@pytest.mark.slow
def test_killed_while_it_trains_it_ends_with_the_same_weights(tracking_uri: str, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        "seed: 0\n"
        "environment: {use: glide/captioned_shapes, size: 8, images: 64, validation: 8, held_out: []}\n"
        "model: {use: glide/unet, channels: 16, multipliers: [1, 1], attention: [4], head_channels: 16,\n"
        "        text: {context: 16, width: 32, layers: 1, heads: 2}}\n"
        "algorithm: {use: glide/denoising, images: 960, batch_size: 8}\n"
        "trainer: {accelerator: cpu, threads: 1, checkpoint_every: 10}\n"
        "tracking: {log_model: false, system_metrics: false}\n"
    )

    def started(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
        folder.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "framework", *arguments]
        with (folder / "log").open("ab") as log:
            return subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)

    def weights(folder: Path) -> dict[str, torch.Tensor]:
        newest = max(folder.glob("runs/*/checkpoints/*.ckpt"), key=lambda path: path.stat().st_mtime_ns)
        return dict(torch.load(newest, weights_only=False)["state_dict"])

    whole = started(tmp_path / "whole", "run", str(recipe))
    assert whole.wait() == 0, (tmp_path / "whole" / "log").read_text()
    killed = tmp_path / "killed"
    process = started(killed, "run", str(recipe))
    while process.poll() is None and not list(killed.glob("runs/*/checkpoints/*.ckpt")):
        time.sleep(0.02)
    assert process.poll() is None, "it ended before it could be killed"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    resumed = started(killed, "resume", "last")
    assert resumed.wait() == 0, (killed / "log").read_text()
    first, second = weights(tmp_path / "whole"), weights(killed)
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
