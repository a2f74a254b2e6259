"""Byte-level BPE for code, with tokens for runs of spaces (section 3.2 of the paper).

Any text becomes tokens and comes back unchanged. A newline is always a token of its own:
prompts end with one as a rule, and a token that reached over the end of the prompt would
never be seen by a model that is asked to continue it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from tokenizers import AddedToken, Regex
from tokenizers import Tokenizer as Backend
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel, Split
from tokenizers.pre_tokenizers import Sequence as Steps
from tokenizers.trainers import BpeTrainer

END = "<|endoftext|>"

# Letters, digits, punctuation, each with the space before it; no piece reaches over a newline.
_PIECES = r"\n| ?\p{L}+| ?\p{N}| ?[^\s\p{L}\p{N}]+|[^\S\n]+(?!\S)|[^\S\n]+"
# The end of a line that more text could still change the pieces of.
_OPEN_END = Split(Regex(r"[^\S\n]*(\p{L}+|\p{N}+|[^\s\p{L}\p{N}]+)?\z"), "isolated")
_SURROGATES = re.compile("[\ud800-\udfff]")


class Tokenizer:
    """Text to token numbers and back.

    Args:
        backend: a byte-level BPE; its token `<|endoftext|>` is never made of text.

    Attributes:
        end: number of the token that ends a document.
        bytes_of: the bytes of each token, those of `end` empty.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        # Text that happens to read like the special token is text.
        backend.encode_special_tokens = True
        end = backend.token_to_id(END)
        if end is None:
            raise ValueError(f"the tokenizer has no token {END}")
        self.end: int = end
        self.bytes_of: list[bytes] = [self._bytes(i) for i in range(backend.get_vocab_size())]

    @classmethod
    def train(cls, texts: Iterable[str], vocab_size: int, whitespace_runs: int = 32) -> Tokenizer:
        """Learn the merges of a corpus; the same texts in the same order give the same tokenizer.

        Args:
            texts: documents.
            vocab_size: tokens at most, all included; a small corpus gives fewer. At least 257
                plus one for each length of whitespace run.
            whitespace_runs: longest run of spaces that is one token; those of 2 and more are.
        """
        runs = [" " * n for n in range(2, whitespace_runs + 1)]
        backend = Backend(BPE())
        backend.pre_tokenizer = Steps(
            [Split(Regex(_PIECES), "isolated"), ByteLevel(add_prefix_space=False, use_regex=False)]
        )
        trainer = BpeTrainer(
            vocab_size=vocab_size - len(runs),
            show_progress=False,
            special_tokens=[END],
            initial_alphabet=ByteLevel.alphabet(),
        )
        # Runs get their tokens below; merges are not spent on them.
        run = re.compile(" {2,}") if runs else re.compile("$^")
        backend.train_from_iterator((run.sub("\n", _valid(text)) for text in texts), trainer)
        return cls(backend).with_runs(whitespace_runs)

    def with_runs(self, whitespace_runs: int) -> Tokenizer:
        """The same with extra tokens for runs of 2 to so many spaces."""
        backend = Backend.from_str(self._backend.to_str())
        runs = [AddedToken(" " * n, normalized=False) for n in range(2, whitespace_runs + 1)]
        backend.add_tokens(runs)
        return Tokenizer(backend)

    @classmethod
    def from_json(cls, text: str) -> Tokenizer:
        """Read what `to_json` wrote, or any byte-level BPE of `tokenizers` with `<|endoftext|>`."""
        return cls(Backend.from_str(text))

    def to_json(self) -> str:
        """In the format of the library `tokenizers`."""
        return self._backend.to_str()

    def __reduce__(self) -> tuple[Callable[[str], Tokenizer], tuple[str]]:
        return Tokenizer.from_json, (self.to_json(),)  # the library forgets settings that JSON has not

    def __len__(self) -> int:
        return len(self.bytes_of)

    def encode(self, text: str) -> list[int]:
        """Token numbers of a text. Lone surrogates, which are not text, become U+FFFD."""
        return self._backend.encode(_valid(text), add_special_tokens=False).ids

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """As `encode`, faster for many."""
        valid = [_valid(text) for text in texts]
        return [found.ids for found in self._backend.encode_batch_fast(valid, add_special_tokens=False)]

    def decode(self, tokens: Iterable[int]) -> str:
        """The text of tokens; bytes that are no UTF-8 become U+FFFD."""
        return b"".join([self.bytes_of[token] for token in tokens]).decode("utf-8", "replace")

    def open_end(self, prompt: str) -> str:
        """The end of a prompt whose tokens depend on what follows: spaces, or a piece of a word.

        Empty for a prompt that ends with a newline. `encode(head) + encode(end + more)` is
        `encode(prompt + more)` for any `more`.
        """
        line = _valid(prompt[prompt.rfind("\n") + 1 :])
        if not line:
            return ""
        pieces = _OPEN_END.pre_tokenize_str(line)
        return pieces[-1][0]

    def split(self, prompt: str, completion: str) -> tuple[list[int], list[int]]:
        """Tokens of a prompt and of what follows it, as if both were tokenised in one piece.

        The prompt begins a document, so the token `end` of the one before comes first. Its
        open end belongs to the second part. Sampling, likelihood and supervised training all
        cut here, so that a model is asked what it was trained on.
        """
        head = self.head(prompt)
        return head, self.encode(self.open_end(prompt) + completion)

    def head(self, prompt: str) -> list[int]:
        """The first part of `split`: it does not depend on what follows."""
        end = self.open_end(prompt)
        return [self.end, *self.encode(prompt[: len(prompt) - len(end)])]

    def continuing(self, end: bytes) -> list[int]:
        """The tokens that can begin a text that begins with these bytes."""
        return [
            number
            for number, token in enumerate(self.bytes_of)
            if token and (token.startswith(end) or end.startswith(token))
        ]

    def _bytes(self, number: int) -> bytes:
        token = self._backend.id_to_token(number)
        if token is None or number == self.end:
            return b""
        try:
            return bytes(_BYTES[char] for char in token)
        except KeyError:  # an added token is written as it is
            return token.encode()


def _valid(text: str) -> str:
    return text if text.isascii() else _SURROGATES.sub("\ufffd", text)


def _byte_characters() -> dict[str, int]:
    """What byte each character of the byte-level alphabet stands for.

    Printable Latin-1 stands for itself; the others, in order, for U+0100 and up.
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(b): b for b in printable} | {chr(0x100 + n): b for n, b in enumerate(others)}


_BYTES = _byte_characters()
