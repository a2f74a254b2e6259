"""Text of the user's own: a folder of Python files, JSON lines or Parquet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framework.errors import UserError
from framework_codex.jsonl import field, read_jsonl
from framework_codex.problems.harvest import python_files
from framework_codex.problems.installed import functions_of
from framework_codex.problems.tables import text_table

if TYPE_CHECKING:
    from datasets import Dataset, IterableDataset

_COLUMNS = ("text", "content")
_FORMATS = {".jsonl": "json", ".jsonl.gz": "json", ".parquet": "parquet"}
_EXPECTED = (
    "expected a folder of .py files, or .jsonl, .jsonl.gz or .parquet with a column `text` or `content`"
)


def read_corpus(path: Path, *, longest: int, streaming: bool) -> Dataset | IterableDataset:
    """The column `text` of what is at a path.

    Python files give their documented functions, without near-duplicates; other files give
    their documents as they are.

    Args:
        path: a file, or a folder of files of one kind.
        longest: characters of the longest function taken from Python files.
        streaming: read other files when they are needed, document by document.

    Raises:
        UserError: nothing is there, or it cannot be read.
    """
    if not path.exists():
        raise UserError(f"{path} does not exist: {_EXPECTED}")
    if path.suffix == ".py" or (path.is_dir() and python_files(path)):
        functions = text_table(function.text for function in functions_of([(path.name, path)], longest))
        if not len(functions):
            raise UserError(f"{path} has no documented functions to train on")
        return functions.to_iterable_dataset() if streaming else functions
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    for suffix, kind in _FORMATS.items():
        if chosen := [file for file in files if file.name.endswith(suffix)]:
            if kind == "json" and not streaming:
                return text_table(_lines(chosen))
            return _load(kind, chosen, path, streaming)
    raise UserError(f"{path} is not text to train on: {_EXPECTED}")


def _lines(files: list[Path]) -> Iterator[str]:
    """The texts of JSON lines; a bad line is named, which Arrow's own reader does not."""
    for file in files:
        yield from filter(_is_text, read_jsonl(file, _text))


def _text(record: dict[str, Any], number: int) -> str:
    found = field(record, "content" if "content" in record else "text", str, default="")
    if not any(name in record for name in _COLUMNS):
        raise ValueError(f"no field 'text' or 'content', but {', '.join(record) or 'none'}")
    if not found.isascii():
        found.encode()
    return found


def _load(kind: str, files: list[Path], path: Path, streaming: bool) -> Any:
    import pyarrow as pa
    from datasets import load_dataset
    from datasets.exceptions import DatasetGenerationError

    names = [str(file.resolve()) for file in files]
    try:
        first = load_dataset(kind, data_files=names, split="train", streaming=True)
        columns = list(next(iter(first), {}))
        column = next((name for name in _COLUMNS if name in columns), None)
        if column is None:
            raise UserError(f"{path} has the columns {', '.join(columns) or '(none)'}: {_EXPECTED}")
        rows = load_dataset(kind, data_files=names, split="train", streaming=streaming)
    except (DatasetGenerationError, pa.ArrowException, OSError, EOFError, ValueError, StopIteration) as error:
        if kind == "json":
            list(_lines(files))
        raise UserError(f"{path} cannot be read: {error.__cause__ or error}") from error
    if column != "text":
        rows = rows.select_columns([column]).rename_column(column, "text")
    rows = rows.select_columns(["text"])
    if streaming:
        return rows.filter(_is_text, input_columns=["text"])
    return text_table(filter(_is_text, rows["text"]))


def _is_text(text: Any) -> bool:
    return isinstance(text, str) and bool(text.strip())
