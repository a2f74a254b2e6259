from __future__ import annotations

import pickle

import pytest
import torch
from datasets import Dataset, DatasetDict
from hypothesis import given
from hypothesis import strategies as st

from framework.errors import UserError
from framework_glide.text.learned import learn, learn_from
from framework_glide.text.tokenizer import Tokenizer


def test_a_row_is_the_caption_then_padding(learned: Tokenizer) -> None:
    tokens, mask = learned.encode(["a red circle", "", "Small blue SQUARE" * 9], 8)
    ids = learned.tokens(["a red circle"])[0]
    assert tokens.shape == mask.shape == (3, 8)
    assert tokens.dtype == torch.int64 and mask.dtype == torch.bool
    assert tokens[0].tolist() == ids + [learned.layout.pad] * (8 - len(ids))
    assert mask.sum(1).tolist() == [len(ids), 0, 8]
    assert (tokens[1] == learned.layout.pad).all()
    assert learned.decode(tokens[0]) == "a red circle"


def test_frequent_words_become_one_token(learned: Tokenizer) -> None:
    assert [len(ids) for ids in learned.tokens(["a red circle", "zqx"])] == [3, 3]


@given(text=st.text(st.characters(), max_size=40))
def test_any_text_comes_back_in_lower_case(learned: Tokenizer, text: str) -> None:
    ids = learned.tokens([text])[0]
    assert learned.decode(ids) == learned.normalise(text)
    assert max(ids, default=0) < learned.layout.pad == learned.vocab_size - 1


@given(text=st.text(max_size=40), length=st.integers(2, 12))
def test_framed_rows_begin_and_end(learned: Tokenizer, text: str, length: int) -> None:
    framed = learned.framed()
    tokens, mask = framed.encode([text], length)
    row = tokens[0, : mask.sum()].tolist()
    assert row[0] == framed.layout.start and row[-1] == framed.layout.end
    assert row[1:-1] == learned.tokens([text])[0][: length - 2]
    assert framed.framed() is framed
    assert framed.decode(tokens[0]) == learned.decode(row[1:-1])


def test_a_row_without_room_for_start_and_end(learned: Tokenizer) -> None:
    with pytest.raises(ValueError, match="start and end"):
        learned.framed().encode(["a"], 1)


def test_no_prompts(learned: Tokenizer) -> None:
    tokens, mask = learned.encode([], 5)
    assert tokens.shape == mask.shape == (0, 5)


@pytest.mark.parametrize("which", ["base", "clip", "learned"])
def test_it_survives_a_checkpoint(which: str, request: pytest.FixtureRequest) -> None:
    tokenizer: Tokenizer = request.getfixturevalue(which)
    for same in (Tokenizer.from_json(tokenizer.to_json()), pickle.loads(pickle.dumps(tokenizer))):
        assert same.layout == tokenizer.layout
        assert same.tokens(["A red Circle, it's ünusual"]) == tokenizer.tokens(["A red Circle, it's ünusual"])
        assert same.to_json() == tokenizer.to_json()


def test_learning_is_repeatable() -> None:
    captions = ["a red circle above a blue square", "a large green cross"] * 3
    assert learn(captions, 280).to_json() == learn(captions, 280).to_json()
    assert learn(["aaaa"], 100_000).vocab_size < 300
    with pytest.raises(ValueError, match="257"):
        learn(captions, 256)


def test_learning_from_an_environment() -> None:
    rows = Dataset.from_dict({"caption": ["a red circle"] * 3, "image": [[0]] * 3})
    expected = learn(["a red circle"] * 3, 270).to_json()
    assert learn_from(DatasetDict(train=rows), 270).to_json() == expected
    assert learn_from({"train": rows.to_iterable_dataset()}, 270).to_json() == expected
    silent = rows.remove_columns("caption")
    streamed = {"train": silent.to_iterable_dataset()}
    for without in (DatasetDict(train=silent), streamed, DatasetDict(validation=rows), None):
        with pytest.raises(UserError, match="column `caption`"):
            learn_from(without, 270)
