"""Evaluating Large Language Models Trained on Code: what this plugin offers."""

from __future__ import annotations

from collections.abc import Iterator

from framework import Component, hookimpl

FRAMEWORK_API = 1

_PAPER = "Chen et al. 2021, Evaluating Large Language Models Trained on Code"
_TRAINING = "framework_codex.training.config:TrainingConfig"


@hookimpl
def register_environments() -> Iterator[Component]:
    yield Component(
        "chains",
        "framework_codex.problems.chains:make_chains",
        parameters="framework_codex.problems.config:ChainsConfig",
        doc="Functions that chain string building blocks, with held-out combinations",
        source=f"{_PAPER}, section 5.3 and appendix C",
    )


@hookimpl
def register_models() -> Iterator[Component]:
    yield Component(
        "gpt",
        "framework_codex.gpt.builder:build",
        parameters="framework_codex.gpt.config:GPTConfig",
        doc="Decoder-only transformer with its own byte-level BPE, trained here from scratch",
        source=f"{_PAPER}, section 3.2",
    )


@hookimpl
def register_algorithms() -> Iterator[Component]:
    yield Component(
        "language_model",
        "framework_codex.training.language_model:LanguageModel",
        parameters=_TRAINING,
        doc="Learn to predict the next token of code",
        source=f"{_PAPER}, section 3.2",
    )
    yield Component(
        "supervised",
        "framework_codex.training.language_model:Supervised",
        parameters=_TRAINING,
        doc="Codex-S: fine-tune on solved tasks, the prompt masked",
        source=f"{_PAPER}, section 4",
    )
    yield Component(
        "docstrings",
        "framework_codex.training.language_model:Docstrings",
        parameters=_TRAINING,
        doc="Codex-D: learn to write the docstring of given code",
        source=f"{_PAPER}, section 5",
    )
