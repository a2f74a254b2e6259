"""What a server answered, as a completion."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from framework.errors import UserError
from framework_codex.code_model import Completion, Finish, Request, Sampling
from framework_codex.sources.chat import completion_of


def choices_of(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The choices of an answer.

    Raises:
        UserError: there are none.
    """
    choices = answer.get("choices")
    if not (isinstance(choices, list) and choices and all(isinstance(choice, dict) for choice in choices)):
        raise UserError(
            f"the server's answer holds no choices: {str(answer)[:300]}\n"
            "  is base_url that of the completions protocol? chat: true asks /chat/completions"
        )
    if len(choices) == 1 and isinstance(answer.get("usage"), dict):
        choices[0].setdefault("usage", answer["usage"])
    return choices


def completion_from(choice: dict[str, Any], request: Request, sampling: Sampling, chat: bool) -> Completion:
    """The completion in a choice; in a chat's answer the code block is."""
    tokens, logprobs = _tokens(choice)
    finish: Finish = "length" if choice.get("finish_reason") == "length" else "stop"
    message = choice.get("message")
    text = (message.get("content") if isinstance(message, dict) else choice.get("text")) or ""
    if not isinstance(text, str):
        raise UserError(f"the server's answer holds no text: {str(choice)[:300]}")
    if chat:
        text = completion_of(text, request.prompt, request.suffix)
    else:
        end = cut(text, sampling.stop)
        if end < len(text):
            kept = _covering(tokens, end + 1)
            text, finish, logprobs = text[:end], "stop", logprobs[:kept]
            return Completion(text, len(logprobs), _total(logprobs), finish)
    usage = choice.get("usage", {}).get("completion_tokens")
    count = len(logprobs) or (usage if isinstance(usage, int) else 0)
    return Completion(text, count, _total(logprobs), finish)


def cut(text: str, stop: Sequence[str]) -> int:
    """Where the first stop sequence begins; the length of the text if there is none."""
    found = [text.find(sequence) for sequence in stop if sequence]
    return min((place for place in found if place >= 0), default=len(text))


def _tokens(choice: dict[str, Any]) -> tuple[list[str], list[float]]:
    """Texts and ln p of the tokens: both ways there are to write them, or none."""
    given = choice.get("logprobs")
    if not isinstance(given, dict):
        return [], []
    entries = given.get("content")
    if isinstance(entries, list):
        pairs = [(entry.get("token"), entry.get("logprob")) for entry in entries if isinstance(entry, dict)]
    else:
        pairs = list(zip(given.get("tokens") or [], given.get("token_logprobs") or [], strict=False))
    known = [(str(token), float(logprob)) for token, logprob in pairs if isinstance(logprob, (int, float))]
    if len(known) < len(pairs):  # a sum with gaps would make the completion look likelier
        return [], []
    return [token for token, _ in known], [logprob for _, logprob in known]


def _covering(tokens: Sequence[str], length: int) -> int:
    """How many tokens it takes to write this many characters."""
    written = 0
    for count, token in enumerate(tokens):
        if written >= length:
            return count
        written += len(token)
    return len(tokens)


def _total(logprobs: Sequence[float]) -> float:
    return math.fsum(logprobs) if logprobs else math.nan
