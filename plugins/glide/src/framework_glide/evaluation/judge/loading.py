"""Build a judge for an environment, or from a checkpoint."""

from __future__ import annotations

from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from framework import load_weights
from framework.errors import UserError
from framework_glide.evaluation.judge.config import JudgeConfig
from framework_glide.evaluation.judge.model import Judge, judge_described_by


def build(environment: Any, config: JudgeConfig) -> Judge:
    """Builder of `glide/judge`.

    Args:
        environment: a `DatasetDict` with pictures in `train`, described by ClassLabel columns;
            not looked at if there are weights.
        config: its parameters.
    """
    if config.weights is not None:
        return load(config.weights).train()
    features = environment["train"].features
    attributes = attribute_columns(environment)
    if not attributes:
        raise UserError(
            "a judge learns the environment's columns of classes, and it has none\n"
            "  captioned images have one, `label`, when there are few different captions"
        )
    return Judge(attributes, features["image"].shape[0], config)


def load(path: Path) -> Judge:
    """Rebuild a judge from a checkpoint that the framework wrote, in evaluation mode.

    Raises:
        UserError: the file is no checkpoint of a glide/judge.
    """
    try:
        saved = torch.load(path, map_location="cpu", weights_only=False, mmap=True)["state_dict"]
        judge = judge_described_by(saved["model._extra_state"])
    except (OSError, EOFError, KeyError, TypeError, ValueError, RuntimeError, UnpicklingError) as error:
        raise UserError(f"judge: {path} is not the checkpoint of a glide/judge: {error}") from error
    load_weights(judge, path)
    return judge.eval().requires_grad_(requires_grad=False)


def attribute_columns(environment: Any) -> dict[str, tuple[str, ...]]:
    """The columns that describe a picture by one of some classes, and the names of these."""
    from datasets import ClassLabel

    features = environment["train"].features or {}
    return {
        name: tuple(feature.names) for name, feature in features.items() if isinstance(feature, ClassLabel)
    }
