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

    judge: Annotated[
        Path | None, Param("checkpoint of a glide/judge; none for the model of the stage itself")
    ] = None
    limit: Annotated[int, Param("pictures of each split at most", unit="pictures", ge=1)] = 10_000


@dataclass(frozen=True, kw_only=True)
class MeasureConfig:
    """What pictures are sampled for, and what measures them."""

    samples: Annotated[int, Param("pictures to sample of each setting", unit="pictures", ge=4)] = 1_000
    split: Annotated[str, Param("whose captions are sampled, and whose pictures are the real ones")] = (
        "validation"
    )
    reference: Annotated[int, Param("real pictures to compare with, at most", unit="pictures", ge=4)] = 10_000
    judge: Annotated[
        Path | None,
        Param("checkpoint of a glide/judge: reads attributes, and gives the features of distances"),
    ] = None
    clip: Annotated[
        Path | None,
        Param(
            "checkpoint of a glide/noised_clip: guides, says how near captions are, and gives the features "
            "of distances where there is no judge"
        ),
    ] = None
    examples: Annotated[int, Param("pictures to show of each setting", unit="pictures", ge=1)] = 8
    seed: Annotated[int, Param("of the pictures' noise, which is the same for every setting", ge=0)] = 0


@dataclass(frozen=True, kw_only=True)
class SampleQualityConfig(MeasureConfig):
    """Parameters of the quality of one setting."""

    sampling: Annotated[SamplingConfig, Param("how pictures are sampled")] = field(
        default_factory=SamplingConfig
    )
    examples: Annotated[int, Param("pictures to show", unit="pictures", ge=1)] = 32
    every: Annotated[
        int, Param("images of training between two looks at it; 0 for none", unit="images", ge=0)
    ] = 0
    every_samples: Annotated[int, Param("pictures of such a look", unit="pictures", ge=4)] = 64
    every_steps: Annotated[int | str, Param("of sampling at such a look")] = 27


@dataclass(frozen=True, kw_only=True)
class GuidanceSweepConfig(MeasureConfig):
    """Parameters of guidance over scales (section 5.2 and figure 6 of the paper)."""

    sampling: Annotated[SamplingConfig, Param("of every setting; its scales do not count")] = field(
        default_factory=SamplingConfig
    )
    scales: Annotated[
        tuple[float, ...], Param("of classifier-free guidance; 1 is none and always there", gt=1)
    ] = (1.5, 2.0, 3.0, 4.0, 6.0, 10.0)
    clip_scales: Annotated[tuple[float, ...], Param("of CLIP guidance, if there is a CLIP", gt=0)] = (
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

    sampling: Annotated[SamplingConfig, Param("of every setting; its scales do not count")] = field(
        default_factory=SamplingConfig
    )
    settings: Annotated[tuple[str, ...], Param("to compare: `none`, `cfg_<scale>`, `clip_<scale>`")] = (
        "none",
        "clip_10",
        "cfg_3",
    )
    resamples: Annotated[int, Param("of the prompts, for intervals", ge=10)] = 500

    def __post_init__(self) -> None:
        _check_comparable(self.settings)
        self.parsed()

    def parsed(self) -> list[Setting]:
        """The settings, with everything else as `sampling` says."""
        return [setting_of(name, self.sampling) for name in self.settings]


@dataclass(frozen=True, kw_only=True)
class SamplingStepsConfig(MeasureConfig):
    """Parameters of fewer steps and other samplers (section 3.3 of Nichol and Dhariwal 2021)."""

    sampling: Annotated[SamplingConfig, Param("of every setting; its sampler and steps do not count")] = (
        field(default_factory=SamplingConfig)
    )
    settings: Annotated[
        tuple[str, ...], Param("`<sampler>:<steps>`; the others are compared with the first")
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

    samples: Annotated[int, Param("pictures to fill", unit="pictures", ge=4)] = 500
    sampling: Annotated[SamplingConfig, Param("how holes are filled")] = field(default_factory=SamplingConfig)
    base: Annotated[
        Path | None, Param("checkpoint of a model without fine-tuning, which fills by replacement")
    ] = None


@dataclass(frozen=True, kw_only=True)
class UpsamplingQualityConfig(MeasureConfig):
    """Parameters of an upsampler against interpolation."""

    samples: Annotated[int, Param("pictures to upsample", unit="pictures", ge=4)] = 500
    sampling: Annotated[SamplingConfig, Param("how the upsampler samples")] = field(
        default_factory=lambda: SamplingConfig(scale=1.0, steps="fast27")
    )


def _check_comparable(settings: tuple[str, ...]) -> None:
    if len(set(settings)) < max(2, len(settings)):
        raise UserError(f"settings: give two or more different ones to compare, not {list(settings)}")
