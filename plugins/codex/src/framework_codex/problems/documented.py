"""The environment `codex/code`: documented functions to train on, and chains mixed in."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from framework.errors import UserError
from framework_codex.problems import bindings
from framework_codex.problems import chains as synthetic
from framework_codex.problems.config import ChainsConfig, CodeConfig
from framework_codex.problems.corpus import read_corpus
from framework_codex.problems.installed import functions_of, package, standard_library
from framework_codex.problems.tables import pair_table, problem_table, text_table

if TYPE_CHECKING:
    from datasets import DatasetDict, IterableDatasetDict

#: Documents of a stream kept for validation.
_STREAMED_VALIDATION = 1_000


def make_code(config: CodeConfig) -> DatasetDict | IterableDatasetDict:
    """Build `train` and `validation`, and the chains' `pairs`, `validation_pairs`, `problems`.

    Which documents are for validation depends on their text alone. What is harvested has no
    near-duplicates, so none has its like on the other side.

    Raises:
        UserError: a package or the path cannot be used.
    """
    from datasets import DatasetDict, IterableDatasetDict

    splits = _streamed(config) if config.streaming else _in_memory(config)
    if config.chains is not None:
        mixed = _chains(config, 0)
        splits["pairs"] = pair_table(synthetic.pairs(mixed, "pairs"))
        splits["validation_pairs"] = pair_table(synthetic.pairs(mixed, "validation_pairs"))
        splits["problems"] = problem_table(synthetic.problems(mixed))
    return IterableDatasetDict(splits) if config.streaming else DatasetDict(splits)


def _in_memory(config: CodeConfig) -> dict[str, Any]:
    clean = _clean(config)
    texts = [function.text for function in _installed(config)]
    if config.path is not None:
        texts += read_corpus(config.path, longest=config.longest, streaming=False)["text"]
    texts = [text for text in texts if clean(text)]
    if not texts:
        raise UserError("no documented function is left to train on: give stdlib, packages or path")
    parts: dict[str, list[str]] = {"train": [], "validation": []}
    for text in texts:
        parts["validation" if _draw(text) < config.validation_share else "train"].append(text)
    if config.chains is not None:
        mixed = _chains(config, len(parts["train"]))
        for split, part in parts.items():
            part += synthetic.texts(mixed, split)
    parts["train"] += bindings.texts(config.bindings, config.seed)
    for split, part in parts.items():
        random.Random(f"{config.seed}/{split}").shuffle(part)
    return {split: text_table(part) for split, part in parts.items()}


def _streamed(config: CodeConfig) -> dict[str, Any]:
    from datasets import interleave_datasets

    assert config.path is not None
    clean, share = _clean(config), config.validation_share
    rows = read_corpus(config.path, longest=config.longest, streaming=True)
    rows = rows.filter(clean, input_columns=["text"])
    train = rows.filter(lambda text: _draw(text) >= share, input_columns=["text"])
    validation = rows.filter(lambda text: _draw(text) < share, input_columns=["text"])
    # In the files' order: a buffer that shuffles here would be lost with the process. The algorithm
    # shuffles in windows that it can fill again.
    if config.chains is not None:
        mixed = text_table(synthetic.texts(_chains(config, 0), "train")).to_iterable_dataset()
        chain_share = config.chain_share or 0.5
        train = interleave_datasets(
            [train, mixed],
            probabilities=[1 - chain_share, chain_share],
            seed=config.seed,
            stopping_strategy="all_exhausted",
        )
    return {
        "train": train,
        "validation": text_table(row["text"] for row in validation.take(_STREAMED_VALIDATION)),
    }


def _installed(config: CodeConfig) -> list[Any]:
    roots = [("stdlib", standard_library())] if config.stdlib else []
    roots += [(name, package(name)) for name in config.packages]
    return functions_of(roots, config.longest) if roots else []


def _chains(config: CodeConfig, others: int) -> ChainsConfig:
    """The chains to mix in; as many as make up their share beside `others` documents."""
    assert config.chains is not None
    mixed = replace(config.chains, seed=config.seed)
    if config.chain_share is None or not others:
        return mixed
    return replace(mixed, functions=round(others * config.chain_share / (1 - config.chain_share)))


def _clean(config: CodeConfig) -> Callable[[str], bool]:
    """Whether a text is free of the problems it is to be free of."""
    if not config.decontaminate:
        return lambda text: True
    from framework_codex.problems.contamination import Index
    from framework_codex.problems.sets import read_problems

    index = Index([problem for each in config.decontaminate for problem in read_problems(each)])
    return lambda text: not index.matches(text)


def _draw(text: str) -> float:
    """A number in [0, 1) that a text always has."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
