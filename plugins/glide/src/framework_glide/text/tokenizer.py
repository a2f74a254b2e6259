"""Tokenizer: captions to rows of token numbers, and back."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace

import ftfy
import torch
from tokenizers import Tokenizer as Backend
from torch import Tensor

from framework_glide.text.byte_alphabet import CHARACTERS

_SURROGATES = re.compile("[\ud800-\udfff]")
_END_OF_WORD = "</w>"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How the tokens of a caption fill a row.

    Attributes:
        vocab_size: token numbers there are: rows that an embedding needs.
        pad: number that fills the rest of a row.
        start: number before the caption, or None.
        end: number after the caption, or None.
        clean: mend text that was decoded wrongly and compose accents (`ftfy`), undo HTML entities
            and collapse whitespace first, as CLIP's captions were.
    """

    vocab_size: int
    pad: int
    start: int | None = None
    end: int | None = None
    clean: bool = False


class Tokenizer:
    """Captions to token numbers by a byte-level BPE; captions are lower-cased.

    Args:
        backend: of the library `tokenizers`; it gives the bare tokens of a text.
        layout: how they fill a row.
    """

    def __init__(self, backend: Backend, layout: Layout) -> None:
        self._backend = backend
        self.layout = layout

    @property
    def vocab_size(self) -> int:
        """Token numbers there are, all included."""
        return self.layout.vocab_size

    def framed(self) -> Tokenizer:
        """The same with a token before and after each caption, which a CLIP needs.

        One that has them already is returned as it is. Otherwise the padding, which is no part
        of any caption, serves as both.
        """
        if self.layout.end is not None:
            return self
        pad = self.layout.pad
        return Tokenizer(self._backend, replace(self.layout, start=pad, end=pad))

    def encode(self, prompts: Sequence[str], length: int) -> tuple[Tensor, Tensor]:
        """Rows of tokens.

        A caption that is too long loses its end. An empty one is nothing but padding, with
        False all over, or the start and the end where there are such.

        Args:
            prompts: b captions.
            length: n, tokens in a row.

        Returns:
            Tokens `(b, n)` int64, and `(b, n)` bool that is False on padding.
        """
        layout = self.layout
        start = [] if layout.start is None else [layout.start]
        end = [] if layout.end is None else [layout.end]
        room = length - len(start) - len(end)
        if room < 0:
            raise ValueError(f"{length} tokens do not hold a caption's start and end")
        tokens = torch.full((len(prompts), length), layout.pad)
        mask = torch.zeros(len(prompts), length, dtype=torch.bool)
        for row, ids in enumerate(self.tokens(prompts)):
            filled = [*start, *ids[:room], *end]
            tokens[row, : len(filled)] = torch.tensor(filled, dtype=torch.long)
            mask[row, : len(filled)] = True
        return tokens, mask

    def tokens(self, prompts: Sequence[str]) -> list[list[int]]:
        """The bare tokens of each caption, however long."""
        texts = [self.normalise(prompt) for prompt in prompts]
        return [found.ids for found in self._backend.encode_batch_fast(texts, add_special_tokens=False)]

    def normalise(self, prompt: str) -> str:
        """The text that is tokenised: in lower case. Lone surrogates become U+FFFD."""
        text = prompt if prompt.isascii() else _SURROGATES.sub("\ufffd", prompt)
        if self.layout.clean:
            text = html.unescape(html.unescape(ftfy.fix_text(text)))
            text = " ".join(text.split())
        return text.lower()

    def decode(self, tokens: Iterable[int] | Tensor) -> str:
        """The text of one row, up to its end; bytes that are no UTF-8 become U+FFFD."""
        layout, pieces = self.layout, []
        for place, number in enumerate(map(int, tokens)):
            if place == 0 and number == layout.start:
                continue
            if number == (layout.pad if layout.end is None else layout.end):
                break
            pieces.append(self._bytes(number))
        return b"".join(pieces).decode("utf-8", "replace").removesuffix(" " if layout.clean else "")

    def to_json(self) -> str:
        """All of it, for a checkpoint; read by `from_json`."""
        return json.dumps({"layout": asdict(self.layout), "bpe": json.loads(self._backend.to_str())})

    @classmethod
    def from_json(cls, text: str) -> Tokenizer:
        """What `to_json` wrote."""
        found = json.loads(text)
        return cls(Backend.from_str(json.dumps(found["bpe"])), Layout(**found["layout"]))

    def __reduce__(self) -> tuple[Callable[[str], Tokenizer], tuple[str]]:
        return Tokenizer.from_json, (self.to_json(),)

    def _bytes(self, number: int) -> bytes:
        token = self._backend.id_to_token(number)
        if token is None or number in (self.layout.start, self.layout.end):
            return b""
        ended = self.layout.clean and token.endswith(_END_OF_WORD)
        text = bytes(CHARACTERS[char] for char in (token.removesuffix(_END_OF_WORD) if ended else token))
        return text + b" " if ended else text
