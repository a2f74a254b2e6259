"""Reorientation of objects in a Shadow hand: what this plugin offers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from framework import Component, hookimpl
from framework.lazy import lazily

if TYPE_CHECKING:
    from framework_dex_hand.config import SETTABLE, HandConfig, SuccessesConfig
    from framework_dex_hand.disturbances import hand_disturbances, nearest
    from framework_dex_hand.env import ReorientEnv
    from framework_dex_hand.gymnasium_ids import register
    from framework_dex_hand.hand import HandEnv
    from framework_dex_hand.model import MOTION, PLACE, TURNED, settled
    from framework_dex_hand.parameters import GROUPS, hand_parameters
    from framework_dex_hand.successes import Successes

FRAMEWORK_API = 1

_HOMES = {
    "GROUPS": "parameters",
    "HandConfig": "config",
    "HandEnv": "hand",
    "MOTION": "model",
    "PLACE": "model",
    "ReorientEnv": "env",
    "SETTABLE": "config",
    "Successes": "successes",
    "SuccessesConfig": "config",
    "TURNED": "model",
    "hand_disturbances": "disturbances",
    "hand_parameters": "parameters",
    "nearest": "disturbances",
    "register": "gymnasium_ids",
    "settled": "model",
}

#: What plugins that build on this one may import.
__all__ = [
    "GROUPS",
    "MOTION",
    "PLACE",
    "SETTABLE",
    "TURNED",
    "HandConfig",
    "HandEnv",
    "ReorientEnv",
    "Successes",
    "SuccessesConfig",
    "hand_disturbances",
    "hand_parameters",
    "nearest",
    "register",
    "settled",
]

__getattr__ = lazily(__name__, _HOMES)

_PAPER = "OpenAI et al. 2018, Learning Dexterous In-Hand Manipulation"
_VISION = "framework_dex_hand.vision"


@hookimpl
def register_environments() -> Iterator[Component]:
    yield Component(
        "reorient",
        "framework_dex_hand.env:make_reorient",
        parameters="framework_dex_hand.config:ReorientConfig",
        doc="Turn a block, a prism or a sphere in a Shadow hand, from goal to goal",
        source=f"{_PAPER}, section 3",
        settable="framework_dex_hand.config:SETTABLE",
    )
    yield Component(
        "renders",
        f"{_VISION}.renders:Renders",
        parameters=f"{_VISION}.config:RendersConfig",
        doc="Pictures of hand and object from three cameras that look different every time, as a data set",
        source=f"{_PAPER}, section 5",
        produces=True,
    )
    yield Component(
        "poses",
        f"{_VISION}.poses:make_poses",
        parameters=f"{_VISION}.config:PosesConfig",
        doc="These pictures, with where the object is in them",
    )


@hookimpl
def register_models() -> Iterator[Component]:
    yield Component(
        "pose_cnn",
        f"{_VISION}.network:make_pose_cnn",
        parameters=f"{_VISION}.config:PoseCNNConfig",
        doc="Position and rotation of the object from three cameras, with one tower for all",
        source=f"{_PAPER}, section 5.1",
    )


@hookimpl
def register_algorithms() -> Iterator[Component]:
    yield Component(
        "pose",
        f"{_VISION}.training:Pose",
        parameters=f"{_VISION}.config:PoseConfig",
        doc="Train a network to see where the object is",
        source=f"{_PAPER}, section 5",
    )


@hookimpl
def register_evaluators() -> Iterator[Component]:
    yield Component(
        "successes",
        "framework_dex_hand.successes:Successes",
        parameters="framework_dex_hand.config:SuccessesConfig",
        doc="Consecutive goals per trial, what ended the trials, and the learning curve",
        source=f"{_PAPER}, section 6",
        needs=("algorithm", "environment"),
    )
    yield Component(
        "pose_error",
        f"{_VISION}.errors:PoseError",
        parameters=f"{_VISION}.config:PoseErrorConfig",
        doc="How far the network is from where the object is, in millimetres and degrees",
        source=f"{_PAPER}, section 6.6",
    )
