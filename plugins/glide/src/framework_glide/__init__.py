"""GLIDE: Towards Photorealistic Image Generation and Editing: what this plugin offers."""

from __future__ import annotations

from collections.abc import Iterator

from framework import Component, hookimpl

FRAMEWORK_API = 1

_PAPER = "Nichol et al. 2021, GLIDE"
_TRAINING = "framework_glide.training.config"
_EVALUATION = "framework_glide.evaluation.config"


@hookimpl
def register_environments() -> Iterator[Component]:
    yield Component(
        "captioned_shapes",
        "framework_glide.images.captioned_shapes:make_shapes",
        parameters="framework_glide.images.config:ShapesConfig",
        doc="Drawn shapes of several colours and sizes, captions that say what is where, some of them wrong",
    )
    yield Component(
        "captioned_images",
        "framework_glide.images.captioned_images:make_images",
        parameters="framework_glide.images.config:ImagesConfig",
        doc="Your own images with captions: a folder, class folders, or parquet",
    )


@hookimpl
def register_models() -> Iterator[Component]:
    yield Component(
        "unet",
        "framework_glide.building:build",
        parameters="framework_glide.model_config:UNetConfig",
        doc="UNet that sees a caption; also with the mask of an inpainting model",
        source=f"{_PAPER}, section 4",
    )
    yield Component(
        "upsampler",
        "framework_glide.building:build",
        parameters="framework_glide.model_config:UpsamplerConfig",
        doc="UNet that sees a caption and a smaller image",
        source=f"{_PAPER}, section 4",
    )
    yield Component(
        "text_transformer",
        "framework_glide.unet.text_transformer:build",
        parameters="framework_glide.unet.config:TextOptions",
        doc="The text transformer of a UNet alone",
        source=f"{_PAPER}, section 4",
    )
    yield Component(
        "noised_clip",
        "framework_glide.clip.loading:build",
        parameters="framework_glide.clip.config:NoisedCLIPConfig",
        doc="CLIP that sees noised images and how noised they are",
        source=f"{_PAPER}, section 4.2",
    )
    yield Component(
        "judge",
        "framework_glide.evaluation.judge.loading:build",
        parameters="framework_glide.evaluation.judge.config:JudgeConfig",
        doc="Convolutional network that reads attributes from images",
    )


@hookimpl
def register_algorithms() -> Iterator[Component]:
    yield Component(
        "denoising",
        "framework_glide.training.denoising:Denoising",
        parameters=f"{_TRAINING}:DenoisingConfig",
        doc="Learn to predict the noise in images, some captions left out",
        source=f"{_PAPER}, sections 2.1 and 4.1",
    )
    yield Component(
        "upsampling",
        "framework_glide.training.upsampling:Upsampling",
        parameters=f"{_TRAINING}:UpsamplingConfig",
        doc="Learn to enlarge images",
        source=f"{_PAPER}, section 4",
    )
    yield Component(
        "inpainting",
        "framework_glide.training.inpainting:Inpainting",
        parameters=f"{_TRAINING}:InpaintingConfig",
        doc="Learn to fill in what a mask hides",
        source=f"{_PAPER}, sections 2.5 and 4.1",
    )
    yield Component(
        "contrastive",
        "framework_glide.clip.training:Contrastive",
        parameters="framework_glide.clip.training_config:ContrastiveConfig",
        doc="Learn which caption belongs to which noised image",
        source=f"{_PAPER}, section 2.4",
    )
    yield Component(
        "judging",
        "framework_glide.evaluation.judge.training:Judging",
        parameters="framework_glide.evaluation.judge.config:JudgingConfig",
        doc="Learn to read attributes from images, whatever their captions say",
    )


@hookimpl
def register_evaluators() -> Iterator[Component]:
    yield Component(
        "judge_accuracy",
        "framework_glide.evaluation.judge_accuracy:JudgeAccuracy",
        parameters=f"{_EVALUATION}:JudgeAccuracyConfig",
        doc="How often a judge reads the attributes of real images right",
    )
    yield Component(
        "clip_accuracy",
        "framework_glide.clip.evaluator:ClipAccuracy",
        parameters="framework_glide.clip.evaluator_config:ClipAccuracyConfig",
        doc="How often a noised CLIP finds the caption of an image, by noise",
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
        doc="No guidance, classifier-free and CLIP guidance over scales, and the fronts between them",
        source=f"{_PAPER}, section 5.2 and figure 6",
    )
    yield Component(
        "preference",
        "framework_glide.evaluation.preference:Preference",
        parameters=f"{_EVALUATION}:PreferenceConfig",
        doc="Pairwise preferences of the judge, fitted as Elo scores",
        source=f"{_PAPER}, section 5.2 and tables 1 and 4",
    )
    yield Component(
        "sampling_steps",
        "framework_glide.evaluation.sampling_steps:SamplingSteps",
        parameters=f"{_EVALUATION}:SamplingStepsConfig",
        doc="What fewer steps and other samplers cost",
        source=f"{_PAPER}, section 4",
    )
    yield Component(
        "inpainting_quality",
        "framework_glide.evaluation.inpainting_quality:InpaintingQuality",
        parameters=f"{_EVALUATION}:InpaintingQualityConfig",
        doc="How well holes are filled, with and without fine-tuning",
        source=f"{_PAPER}, sections 2.5 and 5.1",
    )
    yield Component(
        "upsampling_quality",
        "framework_glide.evaluation.upsampling_quality:UpsamplingQuality",
        parameters=f"{_EVALUATION}:UpsamplingQualityConfig",
        doc="An upsampler against interpolation",
        source=f"{_PAPER}, section 4",
    )
