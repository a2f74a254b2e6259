"""Text of the user's own: a folder of Python files, JSON lines or Parquet."""

from __future__ import annotations

from collections.abc import Collection, Iterator
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
            if streaming:
                return _stream(kind, chosen, path)
            return text_table(filter(_is_text, (_lines if kind == "json" else _columns)(chosen)))
    raise UserError(f"{path} is not text to train on: {_EXPECTED}")


def _lines(files: list[Path]) -> Iterator[str]:
    """The texts of JSON lines; a bad line is named, which Arrow's own reader does not."""
    for file in files:
        yield from read_jsonl(file, _text)


def _text(record: dict[str, Any], number: int) -> str:
    if not any(name in record for name in _COLUMNS):
        raise ValueError(f"no field 'text' or 'content', but {', '.join(record) or 'none'}")
    found = field(record, "text" if "text" in record else "content", str, default="")
    found.encode()  # half a surrogate pair is a ValueError
    return found


def _columns(files: list[Path]) -> Iterator[str]:
    import pyarrow as pa
    from pyarrow import parquet

    for file in files:
        try:
            column = _column(parquet.read_schema(file).names, file)
            yield from parquet.read_table(file, columns=[column])[column].to_pylist()
        except (OSError, pa.ArrowException) as error:
            raise UserError(f"{file} cannot be read: {error}") from error


def _stream(kind: str, files: list[Path], path: Path) -> IterableDataset:
    # Not load_dataset: it tells a server what was loaded.
    import pyarrow as pa
    from datasets import Dataset
    from datasets.exceptions import DatasetGenerationError

    read = Dataset.from_json if kind == "json" else Dataset.from_parquet
    try:
        rows = read([str(file.resolve()) for file in files], streaming=True)
        column = _column(next(iter(rows), {}), path)
    except (DatasetGenerationError, pa.ArrowException, OSError, EOFError, ValueError, StopIteration) as error:
        if kind == "json":
            list(_lines(files))  # names the bad lines
        raise UserError(f"{path} cannot be read: {error.__cause__ or error}") from error
    if column != "text":
        rows = rows.select_columns([column]).rename_column(column, "text")
    return rows.select_columns(["text"]).filter(_is_text, input_columns=["text"])


def _column(columns: Collection[str], path: Path) -> str:
    for name in _COLUMNS:
        if name in columns:
            return name
    raise UserError(f"{path} has the columns {', '.join(columns) or '(none)'}: {_EXPECTED}")


def _is_text(text: Any) -> bool:
    return isinstance(text, str) and bool(text.strip())
