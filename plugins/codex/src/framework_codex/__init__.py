"""Evaluating Large Language Models Trained on Code: what this plugin offers."""

from __future__ import annotations

from collections.abc import Iterator

from framework import Component, hookimpl

FRAMEWORK_API = 1

_PAPER = "Chen et al. 2021, Evaluating Large Language Models Trained on Code"


@hookimpl
def register_environments() -> Iterator[Component]:
    yield from ()
