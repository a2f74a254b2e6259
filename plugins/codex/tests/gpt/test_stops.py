from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from framework_codex.code_model import STOP_SEQUENCES
from framework_codex.gpt.stops import Stops
from framework_codex.gpt.tokenizer import Tokenizer

CPU = torch.device("cpu")


@given(
    pieces=st.lists(
        st.sampled_from(["\n", "def", " f", "de", "f", "i", "print", "#", "  ", "class", "é", "p", "rint"])
    ),
    stops=st.lists(st.sampled_from([*STOP_SEQUENCES, "\ndef", "é", "ff", "f\n", "pp", ""]), max_size=4),
    skip=st.integers(0, 4),
)
def test_found_at_the_token_that_completes_it(
    tokenizer: Tokenizer, pieces: list[str], stops: list[str], skip: int
) -> None:
    """Oracle: search the whole text after every token."""
    found = Stops(stops, tokenizer, CPU)
    tokens: list[int] = []
    for piece in pieces:
        for token in tokenizer.encode(piece):
            tokens.append(token)
            text = b"".join(tokenizer.bytes_of[t] for t in tokens)
            places = [text.find(stop.encode(), skip) for stop in stops if stop]
            expected = min((place for place in places if place >= 0), default=None)
            here = found.find(tokens, skip) if found.ending[token] else None
            assert here == expected
            if expected is not None:
                return


def test_few_tokens_are_looked_at(tokenizer: Tokenizer) -> None:
    assert Stops(STOP_SEQUENCES, tokenizer, CPU).ending.float().mean() < 0.2
    assert Stops((), tokenizer, CPU).ending.nonzero().tolist() == [[tokenizer.end]]
