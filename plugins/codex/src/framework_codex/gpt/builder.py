"""Build a GPT for an environment, or from a checkpoint."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from framework.errors import UserError
from framework.runs.weights import load_weights, read_weights
from framework_codex.gpt.config import GPTConfig
from framework_codex.gpt.model import GPT
from framework_codex.gpt.network import config_of
from framework_codex.gpt.tokenizer import Tokenizer

#: Characters of the training text that a tokenizer is learned from.
SAMPLE = 20_000_000


def build(environment: Any, config: GPTConfig) -> GPT:
    """Builder of `codex/gpt`.

    Args:
        environment: a `DatasetDict` with text in `train`; not looked at if the tokenizer
            comes from elsewhere.
        config: its parameters.
    """
    if config.weights is not None:
        return load(config.weights, precision=config.precision, dropout=config.dropout)
    if config.tokenizer is not None:
        tokenizer = _read(config.tokenizer)
        return GPT(replace(config, vocab_size=len(tokenizer)), tokenizer)
    needed = 257 + max(0, config.whitespace_runs - 1)
    if config.vocab_size < needed:
        raise UserError(
            f"codex/gpt: a vocab_size of {config.vocab_size} has no room for 256 bytes, the end of a text "
            f"and runs of up to {config.whitespace_runs} spaces\n"
            f"  give it at least {needed}, or fewer whitespace_runs"
        )
    return GPT(config, partial(_train, environment, config))


def load(path: Path, **changes: Any) -> GPT:
    """Rebuild a GPT from a checkpoint that the framework wrote; code in the file is not run.

    Args:
        path: of the checkpoint.
        **changes: fields of `GPTConfig` to set otherwise: `precision`, `dropout`.

    Raises:
        UserError: the file is no checkpoint of a codex/gpt.
    """
    state = read_weights(path, mmap=True)
    try:
        found = config_of(state["model._extra_state"])
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        what = "it holds no architecture" if isinstance(error, KeyError) else error
        raise UserError(f"weights: {path} is not the checkpoint of a codex/gpt: {what}") from error
    model = GPT(replace(found, **changes), _unset)
    load_weights(model, path)
    return model


def sample_texts(split: Any, characters: int = SAMPLE) -> Iterator[str]:
    """Documents of a split, to about so many characters; the same for the same split.

    Of a split whose length is known, some from everywhere; of a stream, the first.
    """
    try:
        order = np.random.default_rng(0).permutation(len(split))
    except TypeError:
        rows: Iterator[Any] = iter(split)
    else:
        rows = (split[int(i)] for i in order)
    for row in rows:
        if characters <= 0:
            return
        characters -= len(row["text"])
        yield row["text"]


def _train(environment: Any, config: GPTConfig) -> Tokenizer:
    try:
        split = environment["train"]
    except (KeyError, TypeError) as error:
        raise UserError(
            "codex/gpt learns its tokenizer from the environment's split `train`, and there is none\n"
            "  give model.tokenizer or model.weights, or an environment with training text"
        ) from error
    return Tokenizer.train(sample_texts(split), config.vocab_size, config.whitespace_runs)


def _read(path: Path) -> Tokenizer:
    try:
        return Tokenizer.from_json(path.read_text(encoding="utf-8"))
    except Exception as error:  # the library raises plain Exception
        raise UserError(f"model.tokenizer: {path} is not a byte-level BPE in JSON: {error}") from error


def _unset() -> Tokenizer:
    raise AssertionError("the tokenizer comes with the state")
