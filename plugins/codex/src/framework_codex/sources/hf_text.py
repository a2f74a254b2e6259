"""From prompts to tokens and from tokens to completions, for any Hugging Face tokenizer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from framework.errors import UserError
from framework_codex.code_model import Request

#: What stands before the prefix, between prefix and suffix (or before the suffix), and last.
FILL_TOKENS = (
    ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),  # Qwen, CodeGemma
    ("<fim_prefix>", "<fim_suffix>", "<fim_middle>"),  # StarCoder
    ("<fim-prefix>", "<fim-suffix>", "<fim-middle>"),  # SantaCoder
    ("▁<PRE>", "▁<SUF>", "▁<MID>"),  # CodeLlama
    ("<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"),  # noqa: RUF001, DeepSeek
)
_FILL_ENDS = ("<|endoftext|>", "▁<EOT>", "<|fim_pad|>", "<|file_sep|>", "<|file_separator|>", "<|repo_name|>")
#: Characters whose tokens stand alone before almost any text.
_ANCHORS = ("\n", ";", "=", "#")


class Text:
    """A tokenizer, used so that no space is lost where prompt and completion meet.

    Args:
        tokenizer: of transformers.
        network: tells the context and which tokens end a text.
        infill: whether suffixes are shown to the model.
    """

    def __init__(self, tokenizer: Any, network: Any, infill: bool) -> None:
        self.tokenizer = tokenizer
        self.infill = infill
        self.size = max(tokenizer.get_vocab().values()) + 1
        self.context = _context(network.config)
        self.ends = _ends(tokenizer, network)
        vocabulary = tokenizer.get_vocab()
        self.fill = next(
            (
                [vocabulary[name] for name in names]
                for names in FILL_TOKENS
                if all(n in vocabulary for n in names)
            ),
            None,
        )
        self.fill_ends = self.ends | {vocabulary[name] for name in _FILL_ENDS if name in vocabulary}

    def head(self, request: Request, max_tokens: int) -> list[int]:
        """The tokens a completion follows; those near it where not all fit the context.

        Raises:
            UserError: the problem has a suffix, and the model does not know what to do with it.
        """
        room = max(self.context - max_tokens, self.context // 2)
        if not (request.suffix and self.infill):
            return self.tail(self.encode(request.prompt), room)
        if self.fill is None:
            raise UserError(
                f"{request.task_id} has a suffix, and the tokenizer has no tokens to fill in the middle\n"
                "  choose a model that was trained with them, or leave suffixes out with infill: ignore"
            )
        start = self.encode("")
        before, after = self.continuation(request.prompt), self.continuation(request.suffix)
        room = max(room - len(start) - len(self.fill), 2)
        after = after[: max(room // 2, room - len(before))]
        before = before[max(0, len(before) + len(after) - room) :]
        return [*start, self.fill[0], *before, self.fill[1], *after, self.fill[2]]

    def tail(self, tokens: list[int], room: int) -> list[int]:
        """The last `room` tokens, and the one that begins a text if there is one."""
        if len(tokens) <= room:
            return tokens or [self.begin()]
        first = [tokens[0]] if tokens[0] == self.tokenizer.bos_token_id else []
        return [*first, *tokens[len(tokens) - room + len(first) :]]

    def begin(self) -> int:
        """A token for a text of none."""
        for token in (self.tokenizer.bos_token_id, *sorted(self.ends)):
            if token is not None:
                return int(token)
        return 0

    def encode(self, text: str) -> list[int]:
        """A prompt, with the token that begins a text where the model knows one."""
        tokens = self._tokens(text, special=True)
        # Some tokenizers also end every text.
        return tokens[:-1] if tokens[-1:] == [self.tokenizer.eos_token_id] and tokens[1:] else tokens

    def continuation(self, text: str) -> list[int]:
        """The tokens of a text that follows another: without the space some put before all text."""
        for anchor in _ANCHORS:
            alone, joined = self._tokens(anchor), self._tokens(anchor + text)
            if joined[: len(alone)] == alone:
                return joined[len(alone) :]
        return self._tokens(text)

    def completion(self, head: Sequence[int], drawn: Sequence[int]) -> str:
        """The text of drawn tokens, as it reads after those before it."""
        # Decoded alone, the first token would lose its space with some tokenizers.
        before, whole = self._text(head), self._text([*head, *drawn])
        return whole[len(before) :] if whole.startswith(before) else self._text(drawn)

    def recent(self, drawn: Sequence[int]) -> str:
        """The text of a few tokens; spaces at its beginning may be missing."""
        return self._text(drawn)

    def description(self) -> str:
        """All that decides how it splits a text."""
        backend = getattr(self.tokenizer, "backend_tokenizer", None)
        if backend is not None:
            return str(backend.to_str())
        return json.dumps(self.tokenizer.get_vocab(), sort_keys=True)

    def _tokens(self, text: str, special: bool = False) -> list[int]:
        found = self.tokenizer(text, add_special_tokens=special, verbose=False, split_special_tokens=True)
        return list(found["input_ids"])

    def _text(self, tokens: Sequence[int]) -> str:
        decoded = self.tokenizer.decode(
            list(tokens), skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return str(decoded)


def _context(config: Any) -> int:
    """Tokens a text may have; models without positions have no bound."""
    config = config.get_text_config(decoder=True)
    for name in ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length"):
        value = getattr(config, name, None)
        if isinstance(value, int) and value > 0:
            return value
    return 1 << 30


def _ends(tokenizer: Any, network: Any) -> set[int]:
    ends = {tokenizer.eos_token_id}
    for config in (network.config, getattr(network, "generation_config", None)):
        given = getattr(config, "eos_token_id", None)
        ends |= set(given) if isinstance(given, (list, tuple)) else {given}
    return {int(token) for token in ends if token is not None}
