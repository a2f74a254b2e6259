from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from framework_codex.gpt.tokenizer import END, Tokenizer

PIECES = st.lists(
    st.sampled_from(["a", "B", "1", "_", " ", "  ", "\n", "\t", "\r", "(", ":", "'", "é", "def", "٣"])
)
JOINED = PIECES.map("".join)

# Session fixtures are fine with hypothesis; it is function-scoped ones that are not.


@given(text=st.text())
@example("a  b\t\n\r\n   x")
@example(f"x{END}y")
@example("\x00\x85\u2028\U0001f600")
def test_any_text_comes_back(tokenizer: Tokenizer, text: str) -> None:
    assert tokenizer.decode(tokenizer.encode(text)) == text


@given(text=st.text(st.characters(), max_size=20))
def test_lone_surrogates_become_the_replacement_character(tokenizer: Tokenizer, text: str) -> None:
    expected = text.encode("utf-16-le", "surrogatepass")
    whole = "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)
    assert expected is not None
    assert tokenizer.decode(tokenizer.encode("\ud83d" + text)) == "\ufffd" + whole


def test_text_that_reads_like_the_special_token_is_text(tokenizer: Tokenizer) -> None:
    assert tokenizer.end not in tokenizer.encode(f"a {END} b")


def test_a_newline_is_a_token_of_its_own(tokenizer: Tokenizer, library: list[str]) -> None:
    text = "".join(library)[:200_000]
    assert tokenizer.encode(text).count(tokenizer.encode("\n")[0]) == text.count("\n")
    assert [token for token in tokenizer.bytes_of if b"\n" in token] == [b"\n"]


@given(prompt=JOINED, completion=JOINED)
@example("x = 5  ", "  # five")
@example("def f():\n", "    return 1")
@example("def f():\n  ", "  return 1")
@example("ret", "urn x")
@example("f(", "(1))")
@example("a   b", "c")
@example("a \t b", "c")
@example("12", "34")
def test_a_split_is_the_tokenisation_of_the_whole(tokenizer: Tokenizer, prompt: str, completion: str) -> None:
    head, tail = tokenizer.split(prompt, completion)
    assert [*head, *tail] == [tokenizer.end, *tokenizer.encode(prompt + completion)]
    assert head == tokenizer.head(prompt)


def test_split_of_real_code_anywhere(tokenizer: Tokenizer, library: list[str]) -> None:
    text = library[3][:3000]
    whole = [tokenizer.end, *tokenizer.encode(text)]
    for place in range(0, 3000, 7):
        head, tail = tokenizer.split(text[:place], text[place:])
        assert [*head, *tail] == whole


def test_a_prompt_that_ends_with_a_newline_has_no_open_end(tokenizer: Tokenizer) -> None:
    assert tokenizer.open_end('def f():\n    """Do."""\n') == ""
    assert tokenizer.open_end("def f():\n    ") == "    "
    assert tokenizer.open_end("    return") == "    return"


def test_json_carries_everything(tokenizer: Tokenizer, library: list[str]) -> None:
    again = Tokenizer.from_json(tokenizer.to_json())
    assert again.encode(library[0]) == tokenizer.encode(library[0])
    assert again.bytes_of == tokenizer.bytes_of
    assert again.end == tokenizer.end
    assert tokenizer.end not in again.encode(END)


def test_a_pickled_one_is_the_same(tokenizer: Tokenizer) -> None:
    for again in (pickle.loads(pickle.dumps(tokenizer)), copy.deepcopy(tokenizer)):
        assert again.encode(f"a   b {END}") == tokenizer.encode(f"a   b {END}")


def test_training_is_deterministic(tokenizer: Tokenizer, library: list[str]) -> None:
    assert Tokenizer.train(library, 1000, whitespace_runs=16).to_json() == tokenizer.to_json()


def test_batches_are_encoded_alike(tokenizer: Tokenizer, library: list[str]) -> None:
    texts = ["", "a  b", "\ud800", *library[:3]]
    assert tokenizer.encode_batch(texts) == [tokenizer.encode(text) for text in texts]


def test_runs_of_spaces_are_single_tokens(tokenizer: Tokenizer) -> None:
    assert len(tokenizer) == 1000
    for n in range(2, 17):
        assert len(tokenizer.encode(" " * n)) == 1
    assert len(tokenizer.encode(" " * 40)) == 3


def test_without_runs_there_are_none(library: list[str]) -> None:
    plain = Tokenizer.train(["a b c"] * 10, 300, whitespace_runs=0)
    assert plain.encode("a   b") != []
    assert plain.decode(plain.encode("a    b\n     c")) == "a    b\n     c"


def test_a_small_corpus_gives_a_small_vocabulary() -> None:
    assert len(Tokenizer.train(["ab"], 5000)) < 400


def test_a_tokenizer_without_an_end_is_refused() -> None:
    from tokenizers import Tokenizer as Backend
    from tokenizers.models import BPE

    with pytest.raises(ValueError, match="no token"):
        Tokenizer(Backend(BPE()))
