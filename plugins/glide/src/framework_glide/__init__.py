"""GLIDE: Towards Photorealistic Image Generation and Editing: what this plugin offers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from framework import Component, hookimpl
from framework.lazy import lazily

if TYPE_CHECKING:
    from framework_glide.clip import NoisedCLIP
    from framework_glide.diffusion.process import Diffusion
    from framework_glide.generation import generate
    from framework_glide.pipeline import Pipeline
    from framework_glide.text_to_image import TextToImage
    from framework_glide.training.denoising import Denoising
    from framework_glide.training.inpainting import Inpainting
    from framework_glide.training.upsampling import Upsampling
    from framework_glide.unet import TextUNet

FRAMEWORK_API = 1

#: What plugins that build on this one may import.
__all__ = [
    "Denoising",
    "Diffusion",
    "Inpainting",
    "NoisedCLIP",
    "Pipeline",
    "TextToImage",
    "TextUNet",
    "Upsampling",
    "generate",
]

__getattr__ = lazily(
    __name__,
    {
        "Denoising": "training.denoising",
        "Diffusion": "diffusion.process",
        "Inpainting": "training.inpainting",
        "NoisedCLIP": "clip",
        "Pipeline": "pipeline",
        "TextToImage": "text_to_image",
        "TextUNet": "unet",
        "Upsampling": "training.upsampling",
        "generate": "generation",
    },
)

_PAPER = "Nichol et al. 2021, GLIDE"
_TRAINING = "framework_glide.training.config"
_EVALUATION = "framework_glide.evaluation.config"


@hookimpl
def register_environments() -> Iterator[Component]:
    yield Component(
        "captioned_shapes",
        "framework_glide.images.captioned_shapes:make_shapes",
        parameters="framework_glide.images.config:ShapesConfig",
        doc="Drawn coloured shapes, with captions that say what is where, some of them wrong",
    )
    yield Component(
        "captioned_images",
        "framework_glide.images.captioned_images:make_images",
        parameters="framework_glide.images.config:ImagesConfig",
        doc="Your own images with captions: a folder, class folders, parquet, or WebDataset tar files",
    )
    yield Component(
        "filtered",
        "framework_glide.images.filter:make_filtered",
        parameters="framework_glide.images.filter:FilterConfig",
        doc="Another environment's images without those that words or a classifier find",
        source=f"{_PAPER}, section 6",
    )


@hookimpl
def register_models() -> Iterator[Component]:
    yield Component(
        "unet",
        "framework_glide.building:build",
        parameters="framework_glide.model_config:UNetConfig",
        doc="Text-conditional diffusion UNet, also for inpainting",
        source=f"{_PAPER}, section 4",
    )
    yield Component(
        "upsampler",
        "framework_glide.building:build",
        parameters="framework_glide.model_config:UpsamplerConfig",
        doc="Text-conditional diffusion UNet that upsamples a smaller image",
        source=f"{_PAPER}, section 4",
    )
    yield Component(
        "text_transformer",
        "framework_glide.unet.text_transformer:build",
        parameters="framework_glide.unet.config:TextOptions",
        doc="Text transformer of the UNet, on its own",
        source=f"{_PAPER}, section 4",
    )
    yield Component(
        "noised_clip",
        "framework_glide.clip.loading:build",
        parameters="framework_glide.clip.config:NoisedCLIPConfig",
        doc="CLIP for noised images, conditioned on the noise level",
        source=f"{_PAPER}, section 4.2",
    )
    yield Component(
        "judge",
        "framework_glide.evaluation.judge.loading:build",
        parameters="framework_glide.evaluation.judge.config:JudgeConfig",
        doc="Convolutional classifier of image attributes, used to measure samples",
    )


@hookimpl
def register_algorithms() -> Iterator[Component]:
    yield Component(
        "denoising",
        "framework_glide.training.denoising:Denoising",
        parameters=f"{_TRAINING}:DenoisingConfig",
        doc="Train a diffusion model on captioned images, some captions dropped for classifier-free guidance",
        source=f"{_PAPER}, sections 2.1 and 4.1",
    )
    yield Component(
        "upsampling",
        "framework_glide.training.upsampling:Upsampling",
        parameters=f"{_TRAINING}:UpsamplingConfig",
        doc="Train a diffusion upsampler",
        source=f"{_PAPER}, section 4",
    )
    yield Component(
        "inpainting",
        "framework_glide.training.inpainting:Inpainting",
        parameters=f"{_TRAINING}:InpaintingConfig",
        doc="Train a diffusion model for inpainting: to fill in what a mask hides",
        source=f"{_PAPER}, sections 2.5 and 4.1",
    )
    yield Component(
        "contrastive",
        "framework_glide.clip.training:Contrastive",
        parameters="framework_glide.clip.training_config:ContrastiveConfig",
        doc="Contrastive training of a CLIP on noised images and their captions",
        source=f"{_PAPER}, section 2.4",
    )
    yield Component(
        "judging",
        "framework_glide.evaluation.judge.training:Judging",
        parameters="framework_glide.evaluation.judge.config:JudgingConfig",
        doc="Train a judge to classify the attributes of images, independently of their captions",
    )


@hookimpl
def register_evaluators() -> Iterator[Component]:
    yield Component(
        "judge_accuracy",
        "framework_glide.evaluation.judge_accuracy:JudgeAccuracy",
        parameters=f"{_EVALUATION}:JudgeAccuracyConfig",
        doc="Accuracy of a judge's attributes on real images",
    )
    yield Component(
        "clip_accuracy",
        "framework_glide.clip.evaluator:ClipAccuracy",
        parameters="framework_glide.clip.evaluator_config:ClipAccuracyConfig",
        doc="Retrieval accuracy of a noised CLIP at each noise level",
        source=f"{_PAPER}, section 2.4",
    )
    yield Component(
        "sample_quality",
        "framework_glide.evaluation.sample_quality:SampleQuality",
        parameters=f"{_EVALUATION}:SampleQualityConfig",
        doc="Fréchet distance, precision, recall, attribute accuracy and caption similarity of samples",
        source=f"{_PAPER}, section 5.2",
    )
    yield Component(
        "guidance_sweep",
        "framework_glide.evaluation.guidance_sweep:GuidanceSweep",
        parameters=f"{_EVALUATION}:GuidanceSweepConfig",
        doc="Sample quality over scales of classifier-free and CLIP guidance, with Pareto fronts",
        source=f"{_PAPER}, section 5.2 and figure 6",
    )
    yield Component(
        "preference",
        "framework_glide.evaluation.preference:Preference",
        parameters=f"{_EVALUATION}:PreferenceConfig",
        doc="Elo scores of guidance settings, from pairwise preferences of a judge",
        source=f"{_PAPER}, section 5.2 and tables 1 and 4",
    )
    yield Component(
        "sampling_steps",
        "framework_glide.evaluation.sampling_steps:SamplingSteps",
        parameters=f"{_EVALUATION}:SamplingStepsConfig",
        doc="Sample quality with fewer steps and with other samplers",
        source=f"{_PAPER}, section 4",
    )
    yield Component(
        "inpainting_quality",
        "framework_glide.evaluation.inpainting_quality:InpaintingQuality",
        parameters=f"{_EVALUATION}:InpaintingQualityConfig",
        doc="Inpainting quality, with and without fine-tuning",
        source=f"{_PAPER}, sections 2.5 and 5.1",
    )
    yield Component(
        "upsampling_quality",
        "framework_glide.evaluation.upsampling_quality:UpsamplingQuality",
        parameters=f"{_EVALUATION}:UpsamplingQualityConfig",
        doc="Quality of an upsampler, compared with interpolation",
        source=f"{_PAPER}, section 4",
    )
