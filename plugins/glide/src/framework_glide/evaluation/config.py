"""Parameters of the evaluators."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from framework import Param
from framework.errors import UserError
from framework_glide.diffusion.config import SamplingConfig
from framework_glide.evaluation.settings import Setting, setting_of, step_setting_of


@dataclass(frozen=True, kw_only=True)
class JudgeAccuracyConfig:
    """Parameters of how well a judge reads real pictures."""

    judge: Annotated[Path | None, Param("checkpoint of a glide/judge; default: the model of the stage")] = (
        None
    )
    limit: Annotated[
        int, Param("maximum number of pictures to evaluate per split", unit="pictures", ge=1)
    ] = 10_000


@dataclass(frozen=True, kw_only=True)
class MeasureConfig:
    """What pictures are sampled for, and what measures them."""

    samples: Annotated[int, Param("number of pictures to sample per setting", unit="pictures", ge=4)] = 1_000
    split: Annotated[str, Param("split that gives the captions to sample and the real pictures")] = (
        "validation"
    )
    reference: Annotated[
        int, Param("maximum number of real pictures to compare with", unit="pictures", ge=4)
    ] = 10_000
    judge: Annotated[
        Path | None,
        Param("checkpoint of a glide/judge, for attribute accuracy and the features of the Fréchet distance"),
    ] = None
    clip: Annotated[
        Path | None,
        Param(
            "checkpoint of a glide/noised_clip, for CLIP guidance and caption similarity, and without a "
            "judge for the features of the Fréchet distance"
        ),
    ] = None
    examples: Annotated[int, Param("number of pictures to show per setting", unit="pictures", ge=1)] = 8
    seed: Annotated[
        int, Param("seed of the sampling noise, the same for every setting; default: the experiment's", ge=0)
    ] = 0


@dataclass(frozen=True, kw_only=True)
class SampleQualityConfig(MeasureConfig):
    """Parameters of the quality of one setting."""

    sampling: Annotated[SamplingConfig, Param("sampler, number of steps and guidance")] = field(
        default_factory=SamplingConfig
    )
    examples: Annotated[int, Param("number of pictures to show", unit="pictures", ge=1)] = 32
    every: Annotated[
        int, Param("training images between two measurements during training; 0: none", unit="images", ge=0)
    ] = 0
    every_samples: Annotated[
        int, Param("number of pictures to sample per measurement during training", unit="pictures", ge=4)
    ] = 64
    every_steps: Annotated[
        int | str, Param("sampling steps of a measurement during training, as `sampling.steps`")
    ] = 27


@dataclass(frozen=True, kw_only=True)
class GuidanceSweepConfig(MeasureConfig):
    """Parameters of guidance over scales (section 5.2 and figure 6 of the paper)."""

    sampling: Annotated[
        SamplingConfig, Param("sampling parameters of every setting; its guidance scales are ignored")
    ] = field(default_factory=SamplingConfig)
    scales: Annotated[
        tuple[float, ...],
        Param("classifier-free guidance scales to compare; 1, no guidance, is always included", gt=1),
    ] = (1.5, 2.0, 3.0, 4.0, 6.0, 10.0)
    clip_scales: Annotated[
        tuple[float, ...], Param("CLIP guidance scales to compare, if `clip` is given", gt=0)
    ] = (
        3.0,
        10.0,
        30.0,
        100.0,
    )

    def settings(self) -> list[Setting]:
        """No guidance, and each of the scales."""
        names = ["none", *(f"cfg_{scale:g}" for scale in self.scales)]
        if self.clip is not None:
            names += [f"clip_{scale:g}" for scale in self.clip_scales]
        return [setting_of(name, self.sampling) for name in names]


@dataclass(frozen=True, kw_only=True)
class PreferenceConfig(MeasureConfig):
    """Parameters of pairwise preferences (section 5.2 and table 1)."""

    sampling: Annotated[
        SamplingConfig, Param("sampling parameters of every setting; its guidance scales are ignored")
    ] = field(default_factory=SamplingConfig)
    settings: Annotated[
        tuple[str, ...], Param("guidance settings to compare: `none`, `cfg_<scale>` or `clip_<scale>`")
    ] = (
        "none",
        "clip_10",
        "cfg_3",
    )
    resamples: Annotated[
        int, Param("number of bootstrap resamples of the prompts, for confidence intervals", ge=10)
    ] = 500

    def __post_init__(self) -> None:
        _check_comparable(self.settings)
        self.parsed()

    def parsed(self) -> list[Setting]:
        """The settings, with everything else as `sampling` says."""
        return [setting_of(name, self.sampling) for name in self.settings]


@dataclass(frozen=True, kw_only=True)
class SamplingStepsConfig(MeasureConfig):
    """Parameters of fewer steps and other samplers (section 3.3 of Nichol and Dhariwal 2021)."""

    sampling: Annotated[
        SamplingConfig, Param("sampling parameters of every setting; its sampler and steps are ignored")
    ] = field(default_factory=SamplingConfig)
    settings: Annotated[
        tuple[str, ...], Param("settings to compare, as `<sampler>:<steps>`; the first is the baseline")
    ] = ("ddpm:250", "ddpm:27", "ddpm:fast27", "ddim:27", "plms:27", "dpm_solver:27")

    def __post_init__(self) -> None:
        _check_comparable(self.settings)
        self.parsed()

    def parsed(self) -> list[Setting]:
        """The settings, with everything else as `sampling` says."""
        return [step_setting_of(name, self.sampling) for name in self.settings]


@dataclass(frozen=True, kw_only=True)
class InpaintingQualityConfig(MeasureConfig):
    """Parameters of filling holes (section 2.5)."""

    samples: Annotated[int, Param("number of pictures to inpaint", unit="pictures", ge=4)] = 500
    sampling: Annotated[SamplingConfig, Param("sampler, number of steps and guidance")] = field(
        default_factory=SamplingConfig
    )
    base: Annotated[
        Path | None,
        Param("checkpoint of a model without fine-tuning to compare with, which inpaints by replacement"),
    ] = None


@dataclass(frozen=True, kw_only=True)
class UpsamplingQualityConfig(MeasureConfig):
    """Parameters of an upsampler against interpolation."""

    samples: Annotated[int, Param("number of pictures to upsample", unit="pictures", ge=4)] = 500
    sampling: Annotated[SamplingConfig, Param("sampler, number of steps and guidance of the upsampler")] = (
        field(default_factory=lambda: SamplingConfig(scale=1.0, steps="fast27"))
    )


def _check_comparable(settings: tuple[str, ...]) -> None:
    if len(set(settings)) < max(2, len(settings)):
        raise UserError(f"settings: give two or more different ones to compare, not {list(settings)}")
