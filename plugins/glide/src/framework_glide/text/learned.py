"""A small byte-level BPE learned from captions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from tokenizers import Tokenizer as Backend
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.trainers import BpeTrainer

from framework.errors import UserError
from framework_glide.text.tokenizer import Layout, Tokenizer

#: Captions that a vocabulary is learned from, at most.
SAMPLE = 20_000


def learn(captions: Iterable[str], vocab_size: int) -> Tokenizer:
    """Learn a vocabulary; the same captions in the same order give the same one.

    Any text can be encoded, as bytes if need be. The last number is the padding.

    Args:
        captions: to learn from, in any case.
        vocab_size: token numbers at most, at least 257; few captions give fewer.
    """
    if vocab_size < 257:
        raise ValueError(f"256 bytes and the padding are 257 tokens; {vocab_size} are too few")
    backend = Backend(BPE())
    backend.pre_tokenizer = ByteLevel(add_prefix_space=False)
    tokenizer = Tokenizer(backend, Layout(vocab_size=vocab_size, pad=vocab_size - 1))
    trainer = BpeTrainer(
        vocab_size=vocab_size - 1, show_progress=False, initial_alphabet=sorted(ByteLevel.alphabet())
    )
    backend.train_from_iterator(map(tokenizer.normalise, captions), trainer)
    learned = backend.get_vocab_size()
    return Tokenizer(backend, Layout(vocab_size=learned + 1, pad=learned))


def learn_from(environment: Any, vocab_size: int) -> Tokenizer:
    """Learn a vocabulary from the first captions of the split `train`.

    Args:
        environment: splits by name, with a column `caption`; may be streamed.
        vocab_size: as in `learn`.

    Raises:
        UserError: it has no captions.
    """
    return learn(_captions(environment), vocab_size)


def _captions(environment: Any) -> Iterator[str]:
    try:
        rows = environment["train"].select_columns(["caption"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(
            "a vocabulary is learned from the captions of the split `train`, and the environment has none\n"
            "  give an environment with a column `caption`, or a folder with a released vocabulary"
        ) from error
    for row in islice(rows, SAMPLE):
        yield row["caption"]
