"""What tokens for runs of whitespace save (section 3.2)."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from framework.errors import UserError
from framework.report import Report, Table
from framework_codex.code_model import code_model_of
from framework_codex.evaluation.config import TokensConfig
from framework_codex.evaluation.held_out import held_out_texts
from framework_codex.gpt.builder import sample_texts
from framework_codex.gpt.saving import whitespace_saving
from framework_codex.gpt.tokenizer import Tokenizer


class Tokens:
    """Counts the tokens of held-out code with and without tokens for runs of spaces.

    The paper adds them to GPT-3's tokenizer, which was learned from running text. Here that is
    the docstrings of the training text, words one space apart. A tokenizer learned from code
    finds the common runs by itself; what is left to save then is reported beside it.

    Args:
        config: the parameters.
    """

    def __init__(self, config: TokensConfig) -> None:
        self.config = config

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        config, report = self.config, Report()
        code = held_out_texts(environment, config.limit)
        if "train" not in environment:
            raise UserError(
                "codex/tokens learns tokenizers from the environment's split 'train', which is missing"
            )
        train = list(sample_texts(environment["train"], config.characters))
        docstrings = [docstring for text in train for docstring in docstrings_in(text)]
        if not docstrings:
            raise UserError("codex/tokens learns from docstrings, and the split 'train' has none")
        prose = whitespace_saving(code, docstrings, config.vocab_size, config.runs)
        plain = Tokenizer.train(train, config.vocab_size, whitespace_runs=0)
        without, with_runs = count(plain, code), count(plain.with_runs(config.runs), code)
        learned = 1 - with_runs / without
        report.metrics = {"saving": prose.share, "saving_learned_from_code": learned}
        rows: list[list[Any]] = [
            ["learned from running text", *prose],
            ["learned from code", without, with_runs, learned],
        ]
        tokenizer = getattr(code_model_of(algorithm), "tokenizer", None)
        if isinstance(tokenizer, Tokenizer):
            rows.append(["the model's", None, count(tokenizer, code), None])
        size = sum(len(text.encode("utf-8", "surrogatepass")) for text in code)
        report.tables["tokens"] = Table(
            ["tokenizer", "tokens without runs", "with runs", "saving"],
            rows,
            caption=f"{len(code)} held-out documents of {size} bytes; runs of 2 to {config.runs} spaces.",
        )
        return report


def count(tokenizer: Tokenizer, texts: Sequence[str]) -> int:
    """Tokens of all texts together."""
    return sum(map(len, tokenizer.encode_batch(texts)))


def docstrings_in(text: str) -> Iterator[str]:
    """The docstrings of a source text's functions, classes and module; none if it does not parse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the author's escapes
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            docstring = ast.get_docstring(node)
            if docstring:
                yield docstring
