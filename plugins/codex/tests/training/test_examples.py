"""What is learned from: packed rows, pairs, and their order after an interruption."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.errors import UserError
from framework_codex.gpt.tokenizer import Tokenizer
from framework_codex.training.examples import IGNORED, Example, collate
from framework_codex.training.pairs import pair_examples
from framework_codex.training.text import text_examples

DOCUMENTS = [f"def f{i}(x):\n    return x + {i * i}\n" for i in range(300)]
TOKENIZER = Tokenizer.train(DOCUMENTS, vocab_size=320)


def documents(stream: bool = False):
    made = Dataset.from_dict({"text": DOCUMENTS})
    return made.to_iterable_dataset(num_shards=3) if stream else made


def drawn(examples, count: int) -> list[list[int]]:
    return [example.tokens.tolist() for example in examples.supply.take(count)]


def test_rows_are_the_documents_joined_with_nothing_between_or_twice() -> None:
    rows = text_examples(documents(), TOKENIZER, context=32, window=1, seed=0).supply.examples
    joined = [t for text in DOCUMENTS for t in [*TOKENIZER.encode(text), TOKENIZER.end]]
    again = [*rows[0].tokens[:1], *(t for row in rows for t in row.tokens[1:])]
    assert again == joined[: len(again)]
    assert 0 <= len(joined) - len(again) <= 32
    assert all(len(row.tokens) == 33 for row in rows)


@pytest.mark.parametrize("stream", [False, True])
def test_an_epoch_has_every_row_once_in_an_order_of_its_own(stream: bool) -> None:
    plain = text_examples(documents(), TOKENIZER, context=32, window=7, seed=0)
    count = len(plain.supply.examples)
    examples = text_examples(documents(stream), TOKENIZER, context=32, window=7, seed=0)
    first, second = drawn(examples, count), drawn(examples, count)
    rows = [row.tokens.tolist() for row in plain.supply.examples]
    if stream:  # chunks are cut at the ends of shards
        assert sum(row in rows for row in first) > count / 4
    else:
        assert sorted(first) == sorted(second) == sorted(rows)
    assert first != second
    assert first != rows


@pytest.mark.parametrize("stream", [False, True])
@given(cut=st.integers(0, 200), more=st.integers(1, 150))
@settings(max_examples=8)
def test_an_interruption_changes_nothing(stream: bool, cut: int, more: int) -> None:
    def make():
        return text_examples(documents(stream), TOKENIZER, context=64, window=20, seed=3)

    whole = make()
    whole.supply.take(cut)
    expected = drawn(whole, more)
    interrupted = make()
    interrupted.supply.take(cut)
    resumed = make()
    resumed.supply.load_state_dict(interrupted.supply.state_dict())
    assert drawn(resumed, more) == expected
    again = make()
    again.supply.load_state_dict(resumed.supply.state_dict())
    assert drawn(again, 5) == drawn(whole, 5)


def test_another_seed_gives_another_order() -> None:
    one, other = (text_examples(documents(), TOKENIZER, context=32, window=1, seed=s) for s in (0, 1))
    assert drawn(one, 20) != drawn(other, 20)


@pytest.mark.parametrize("stream", [False, True])
def test_too_little_text_is_refused(stream: bool) -> None:
    few = Dataset.from_dict({"text": ["x = 1\n"]})
    with pytest.raises(UserError, match=r"split 'train' (holds|is a stream of nothing)"):
        text_examples(
            few.to_iterable_dataset() if stream else few, TOKENIZER, context=256, window=4, seed=0
        ).supply.take(1)


def test_only_completions_are_learned(caplog: pytest.LogCaptureFixture) -> None:
    pairs = [("def f(x):\n", "    return x\n"), ("def g():\n", "    pass\n" * 100)]
    with caplog.at_level(logging.WARNING, "framework"):
        examples = pair_examples(pairs, TOKENIZER, context=32, seed=0)
    assert "1 pairs are longer than the context of 32 tokens" in caplog.text
    (batch,) = [collate(examples.supply.take(1))]
    learned = batch.targets[0][batch.targets[0] != IGNORED].tolist()
    assert TOKENIZER.decode(learned) == "    return x\n"
    assert learned[-1] == TOKENIZER.end
    head = TOKENIZER.head("def f(x):\n")
    assert head == [TOKENIZER.end, *TOKENIZER.encode("def f(x):\n")]
    assert batch.tokens[0, : len(head)].tolist() == head


def test_no_pair_fits() -> None:
    with pytest.raises(UserError, match="no pair that fits"):
        pair_examples([("x" * 999, "y")], TOKENIZER, context=8, seed=0)


def test_padding_is_not_learned() -> None:
    batch = collate([Example(np.arange(4)), Example(np.arange(10, 17), learned_from=3)])
    assert batch.tokens.shape == (2, 6)
    assert batch.targets[0].tolist() == [1, 2, 3, IGNORED, IGNORED, IGNORED]
    assert batch.targets[1].tolist() == [IGNORED, IGNORED, 13, 14, 15, 16]
