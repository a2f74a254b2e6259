"""Against the tokenizers of transformers, made from the same files, and the vocabularies themselves."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import ftfy
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from framework.errors import UserError
from framework_glide.text.released import from_folder
from framework_glide.text.tokenizer import Tokenizer

# Text that vocabularies have words for, beside arbitrary Unicode.
WORDS = st.lists(
    st.sampled_from(["a Corgi", "it's", "I'LL", "  ", "\t", "2021", "(c)", "über", "Ω", "日本", "🐶", "'"])
)
TEXTS = st.text() | WORDS.map("".join) | WORDS.map(" ".join)


@pytest.fixture(scope="session")
def plain(vocabulary: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same files, not compressed, and as transformers calls them."""
    folder = tmp_path_factory.mktemp("vocabulary")
    for path in vocabulary.glob("*.gz"):
        (folder / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
    return folder


@pytest.fixture(scope="session")
def gpt2(plain: Path) -> Any:
    from transformers import GPT2Tokenizer

    return GPT2Tokenizer(vocab=str(plain / "encoder.json"), merges=str(plain / "vocab.bpe"))


@pytest.fixture(scope="session")
def hf_clip(plain: Path) -> Any:
    from transformers import CLIPTokenizer

    merges = [
        tuple(line.split()) for line in (plain / "bpe_simple_vocab_16e6.txt").read_text().split("\n")[1:48895]
    ]
    letters = [chr(i) for i in (*range(33, 127), *range(161, 173), *range(174, 256))]
    letters += [chr(256 + i) for i in range(256 - len(letters))]
    words = [
        *letters,
        *(x + "</w>" for x in letters),
        *map("".join, merges),
        "<|startoftext|>",
        "<|endoftext|>",
    ]
    return CLIPTokenizer(vocab={word: i for i, word in enumerate(words)}, merges=merges)


@given(text=TEXTS)
@example("A hedgehog, using a   Calculator\n\n x")
@example("\x85\u2028\x1c\xa0'\u017f İ ΑΣ ")
def test_base_is_gpt2_in_lower_case(base: Tokenizer, gpt2: Any, text: str) -> None:
    assert base.tokens([text]) == [gpt2(text.lower())["input_ids"]]


@given(text=TEXTS)
@example("A hedgehog, using a   Calculator\n\n x")
@example("e\u0301 'll we'LL 1234 ²")
def test_clip_is_clip(clip: Tokenizer, hf_clip: Any, text: str) -> None:
    # Entities and every kind of whitespace are cleaned before transformers' tokenizer is asked.
    # What ftfy mends, it does not.
    cleaned = " ".join(ftfy.fix_text(text.replace("&", "")).split())
    assume(ftfy.fix_text(cleaned) == cleaned)
    tokens, mask = clip.encode([cleaned], 77)
    expected = hf_clip(cleaned.lower(), truncation=True, max_length=77)["input_ids"]
    assert tokens[mask].tolist() == expected
    assert not tokens[~mask].any()


def test_sizes_of_the_released_vocabularies(base: Tokenizer, clip: Tokenizer) -> None:
    assert (base.vocab_size, base.layout.pad) == (50257, 50256)
    assert (clip.vocab_size, clip.layout.start, clip.layout.end, clip.layout.pad) == (49408, 49406, 49407, 0)


@given(text=st.text())
def test_base_gives_the_text_back_in_lower_case(base: Tokenizer, text: str) -> None:
    tokens, _ = base.encode([text], 400)
    assert base.decode(tokens[0]) == base.normalise(text)


def test_clip_gives_words_back(clip: Tokenizer) -> None:
    tokens, _ = clip.encode(["  An &amp;quot;avocado&amp;quot;\n in the\u00a0style of Dal\u00ed "], 77)
    assert clip.decode(tokens[0]) == 'an " avocado " in the style of dalí'


def test_clip_mends_text_as_the_released_tokenizer_does(clip: Tokenizer) -> None:
    # Read as Latin-1 what was UTF-8, quotes of a word processor, a ligature, full-width letters.
    for broken, mended in (
        ("cafÃ©", "café"),
        ("\u201ca dog\u2019s\u201d", '"a dog\'s"'),
        ("\ufb01sh", "fish"),
        ("\uff23\uff21\uff34", "cat"),
    ):
        assert clip.tokens([broken]) == clip.tokens([mended]), broken


def test_text_that_reads_like_a_special_token_is_text(base: Tokenizer, clip: Tokenizer) -> None:
    assert base.layout.pad not in base.tokens(["<|endoftext|>"])[0]
    assert clip.layout.end not in clip.tokens(["<|endoftext|>"])[0]


def test_plain_files_and_other_names_give_the_same(
    base: Tokenizer, clip: Tokenizer, plain: Path, tmp_path: Path
) -> None:
    shutil.copy(plain / "encoder.json", tmp_path / "vocab.json")
    shutil.copy(plain / "vocab.bpe", tmp_path / "merges.txt")
    assert from_folder(tmp_path).to_json() == base.to_json()
    assert from_folder(tmp_path, first="clip").to_json() == base.to_json()
    assert from_folder(plain, first="clip").to_json() == clip.to_json()


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such folder"):
        from_folder(tmp_path / "nowhere")
    with pytest.raises(UserError, match=r"encoder.json and vocab.bpe missing"):
        from_folder(tmp_path)
    (tmp_path / "encoder.json").write_text("{}")
    with pytest.raises(UserError, match=r": vocab.bpe missing"):
        from_folder(tmp_path)


def test_files_that_hold_something_else(tmp_path: Path) -> None:
    (tmp_path / "encoder.json").write_text("[]")
    (tmp_path / "vocab.bpe").write_text("#version\na b\n")
    with pytest.raises(UserError, match="not a byte-level BPE"):
        from_folder(tmp_path)
    (tmp_path / "encoder.json").write_text(json.dumps({"a": 0, "<|endoftext|>": 1}))
    with pytest.raises(UserError, match="not a byte-level BPE"):
        from_folder(tmp_path)
    (tmp_path / "vocab.bpe").write_text("#version\na b c\n")
    with pytest.raises(UserError, match="a merge is two tokens"):
        from_folder(tmp_path)
    (tmp_path / "bpe_simple_vocab_16e6.txt.gz").write_bytes(b"no gzip")
    with pytest.raises(UserError, match="cannot be read"):
        from_folder(tmp_path, first="clip")
    (tmp_path / "bpe_simple_vocab_16e6.txt").write_text("#version\ni n\n")
    with pytest.raises(UserError, match="1 merges, expected 48894"):
        from_folder(tmp_path, first="clip")
