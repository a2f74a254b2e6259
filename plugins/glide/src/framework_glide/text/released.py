"""The vocabularies that the released checkpoints expect, from their files."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Literal, TypeAlias

from tokenizers import Regex
from tokenizers import Tokenizer as Backend
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel, Split
from tokenizers.pre_tokenizers import Sequence as Steps

from framework.errors import UserError
from framework_glide.text.byte_alphabet import byte_characters
from framework_glide.text.tokenizer import Layout, Tokenizer

Source: TypeAlias = Literal["base", "clip"]

# Names a file goes by; each may also be compressed.
_ENCODER = ("encoder.json", "vocab.json")
_MERGES = ("vocab.bpe", "merges.txt")
_CLIP = ("bpe_simple_vocab_16e6.txt",)
_END = "<|endoftext|>"

# Of the merges in its file, CLIP uses the first: its 49,408 tokens are these, the 256 bytes
# within and at the end of a word, the start and the end.
_CLIP_MERGES = 49_408 - 2 * 256 - 2
_CLIP_WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+"


def from_folder(folder: Path, first: Source = "base") -> Tokenizer:
    """The vocabulary that lies in a folder.

    Args:
        folder: with GPT-2's `encoder.json` and `vocab.bpe` (also under the names `vocab.json`
            and `merges.txt`), which the diffusion models use, or with CLIP's
            `bpe_simple_vocab_16e6.txt`; each plain or with `.gz`.
        first: which to take where both are.

    Raises:
        UserError: neither is there, or a file is not what its name says.
    """
    paths = {name: _find(folder, name) for name in (_ENCODER, _MERGES, _CLIP)}
    encoder, merges, clip = paths.values()
    if clip is not None and (first == "clip" or encoder is None or merges is None):
        return read_clip(clip)
    if encoder is not None and merges is not None:
        return read_base(encoder, merges)
    missing = " and ".join(names[0] for names, path in paths.items() if path is None and names is not _CLIP)
    raise UserError(
        f"{folder}: no vocabulary: {'no such folder' if not folder.is_dir() else f'{missing} missing'}\n"
        f"  put there {_ENCODER[0]} and {_MERGES[0]} (GPT-2's) or {_CLIP[0]} (CLIP's), plain or as .gz"
    )


def read_base(encoder: Path, merges: Path) -> Tokenizer:
    """GPT-2's byte-level BPE as GLIDE uses it: lower-cased, padded with the end of a text.

    Args:
        encoder: JSON of token to number; 50,257 in the released file.
        merges: one a line, after a first line with a version.
    """
    try:
        vocab: dict[str, int] = json.loads(_text(encoder))
        pad = vocab[_END]
        pairs = _pairs(_text(merges))
        backend = Backend(BPE(vocab, pairs))
    except Exception as error:  # the library raises plain Exception
        raise UserError(f"{encoder} and {merges} are not a byte-level BPE: {error}") from error
    backend.pre_tokenizer = ByteLevel(add_prefix_space=False)
    return Tokenizer(backend, Layout(vocab_size=len(vocab), pad=pad))


def read_clip(path: Path) -> Tokenizer:
    """CLIP's BPE: 49,408 tokens, a start and an end around each caption, padded with 0.

    A caption that reads like the start or the end is text here.

    Args:
        path: merges, one a line, after a first line with a version.
    """
    pairs = _pairs(_text(path))[:_CLIP_MERGES]
    if len(pairs) < _CLIP_MERGES:
        raise UserError(f"{path}: {len(pairs)} merges, expected {_CLIP_MERGES} at least; is it cut short?")
    letters = byte_characters()
    words = [*letters, *(letter + "</w>" for letter in letters), *map("".join, pairs)]
    try:
        backend = Backend(BPE({word: n for n, word in enumerate(words)}, pairs, end_of_word_suffix="</w>"))
    except Exception as error:  # the library raises plain Exception
        raise UserError(f"{path} does not hold CLIP's merges: {error}") from error
    split = Split(Regex(_CLIP_WORDS), "removed", invert=True)
    backend.pre_tokenizer = Steps([split, ByteLevel(add_prefix_space=False, use_regex=False)])
    start = len(words)
    return Tokenizer(backend, Layout(vocab_size=start + 2, pad=0, start=start, end=start + 1, clean=True))


def _find(folder: Path, names: tuple[str, ...]) -> Path | None:
    found = (folder / f"{name}{suffix}" for name in names for suffix in ("", ".gz"))
    return next((path for path in found if path.is_file()), None)


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
        return (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}") from error


def _pairs(text: str) -> list[tuple[str, str]]:
    pairs = [tuple(line.split()) for line in text.splitlines()[1:] if line]
    wrong = next((pair for pair in pairs if len(pair) != 2), None)
    if wrong is not None:
        raise UserError(f"a merge is two tokens with a space between, not {' '.join(wrong)!r}")
    return [(left, right) for left, right in pairs]
