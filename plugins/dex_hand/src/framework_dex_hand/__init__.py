"""Reorientation of objects in a Shadow hand: what this plugin offers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from framework import Component, hookimpl
from framework.lazy import lazily

if TYPE_CHECKING:
    from framework_dex_hand.env import ReorientEnv
    from framework_dex_hand.gymnasium_ids import register
    from framework_dex_hand.successes import Successes

FRAMEWORK_API = 1

#: What plugins that build on this one may import.
__all__ = ["ReorientEnv", "Successes", "register"]

__getattr__ = lazily(__name__, {"ReorientEnv": "env", "Successes": "successes", "register": "gymnasium_ids"})

_PAPER = "OpenAI et al. 2018, Learning Dexterous In-Hand Manipulation"


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
