"""Build a judge for an environment, or from a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from framework.errors import UserError
from framework_glide.checkpoint import rebuild
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
        return load(config.weights).train().requires_grad_()
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
    return rebuild(path, "a glide/judge", judge_described_by)


def attribute_columns(environment: Any) -> dict[str, tuple[str, ...]]:
    """The columns that describe a picture by one of some classes, and the names of these."""
    from datasets import ClassLabel

    features = environment["train"].features or {}
    return {
        name: tuple(feature.names) for name, feature in features.items() if isinstance(feature, ClassLabel)
    }
