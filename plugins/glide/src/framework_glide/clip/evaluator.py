"""Evaluator `glide/clip_accuracy`: retrieval by noise level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from framework import Report, Table
from framework.errors import UserError
from framework_glide.clip.evaluator_config import ClipAccuracyConfig
from framework_glide.clip.model import NoisedCLIP
from framework_glide.clip.retrieval import Retrieval, retrieval
from framework_glide.clip.training import clip_of
from framework_glide.diffusion.process import Diffusion
from framework_glide.images.tables import pixels
from framework_glide.training.batch import to_tensor


class ClipAccuracy:
    """Retrieval accuracy of a noised CLIP at several noise levels.

    Guidance is only as good as what the CLIP still sees in the noise of the step.

    Args:
        config: parameters.
    """

    def __init__(self, config: ClipAccuracyConfig) -> None:
        self.config, self.every = config, config.every

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        model = clip_of(algorithm)
        found = self._retrieval(model, environment)
        diffusion = Diffusion(model.options.schedule, model.options.timesteps)
        levels = [float(diffusion.sqrt_one_minus_alphas_cumprod[t]) for t in self.config.timesteps]
        rows = [
            [t, level, one.caption, one.picture, one.chance]
            for t, level, one in zip(self.config.timesteps, levels, found, strict=True)
        ]
        columns = ["timestep", "noise", "caption of a picture", "picture of a caption", "by chance"]
        caption = (
            f"Found among {self.config.candidates}, split {self.config.split}; "
            "noise: standard deviation, 1 for nothing else"
        )
        return Report(
            metrics=self._metrics(found),
            tables={"Retrieval by noise level": Table(columns, rows, caption)},
            figures={"Retrieval by noise level": _figure(self.config.timesteps, found)},
        )

    def monitor(self, algorithm: Any, environment: Any) -> Mapping[str, float]:
        return self._metrics(self._retrieval(clip_of(algorithm), environment))

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Nothing is carried from one look to the next."""

    def _retrieval(self, model: NoisedCLIP, environment: Any) -> list[Retrieval]:
        config = self.config
        beyond = [t for t in config.timesteps if t >= model.options.timesteps]
        if beyond:
            raise UserError(f"timesteps: {beyond[0]} is not below {model.options.timesteps}")
        images, captions = _pairs(environment, config)
        return retrieval(model, images, captions, config.timesteps, config.candidates, config.seed)

    def _metrics(self, found: list[Retrieval]) -> dict[str, float]:
        metrics = {
            f"clip/accuracy_t{t}": one.mean for t, one in zip(self.config.timesteps, found, strict=True)
        }
        return {**metrics, "clip/accuracy": float(np.mean([one.mean for one in found]))}


def _pairs(environment: Any, config: ClipAccuracyConfig) -> tuple[Tensor, list[str]]:
    splits = list(environment)
    if config.split not in splits:
        raise UserError(f"split: the environment has no {config.split!r}, only {', '.join(splits)}")
    rows = environment[config.split]
    count = min(config.images, len(rows))
    if count < config.candidates:
        raise UserError(
            f"candidates: {config.candidates} are more than the {count} pictures of the split "
            f"{config.split!r} that are looked at\n  raise `images`, or lower `candidates`"
        )
    rows = rows.select(range(count))
    return to_tensor(pixels(rows)), list(rows["caption"])


def _figure(timesteps: tuple[int, ...], found: list[Retrieval]) -> Figure:
    figure = Figure(figsize=(5, 3.6), layout="constrained")
    axes = figure.subplots()
    axes.plot(timesteps, [one.caption for one in found], marker="o", label="caption of a picture")
    axes.plot(timesteps, [one.picture for one in found], marker="o", label="picture of a caption")
    axes.plot(timesteps, [one.chance for one in found], color="grey", linestyle="--", label="by chance")
    axes.set(xlabel="timestep: more noise to the right", ylabel="found", ylim=(0, 1.02))
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    return figure
