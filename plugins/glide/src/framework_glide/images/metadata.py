"""Text beside pictures: metadata.csv, metadata.jsonl and caption files."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from framework.errors import UserError, did_you_mean
from framework_glide.images.source import CAPTION_COLUMNS, Row

NAMES = ("metadata.csv", "metadata.jsonl")
_FILE_COLUMNS = ("file_name", "image")


def read_text(path: Path) -> str:
    """A text file as UTF-8, or as Latin-1 if it is none.

    Raises:
        OSError: it cannot be read.
    """
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def metadata_rows(path: Path, caption: str | None) -> Iterator[Row]:
    """The rows of a metadata file, in its order; those that cannot be used tell why.

    Args:
        path: CSV with a line of column names, or an object on each line of JSON.
        caption: the captions' column; none: the first of the usual ones.

    Raises:
        UserError: the file cannot be read, or has not the columns.
    """
    try:
        text = read_text(path)
        records = list(_csv(text) if path.suffix.lower() == ".csv" else _json_lines(text))
    except (OSError, csv.Error) as error:
        raise UserError(f"{path} cannot be read: {error}\n  expected a CSV or JSON-lines file") from error
    columns = list(
        dict.fromkeys(name for _, record in records if isinstance(record, dict) for name in record)
    )
    file_column = column_of(columns, _FILE_COLUMNS, None, "file names", path)
    caption_column = column_of(columns, CAPTION_COLUMNS, caption, "captions", path)
    for number, record in records:
        where = f"{path.name}:{number}"
        if isinstance(record, str):
            yield Row(where, b"", "", record)
            continue
        name, words = record.get(file_column), record.get(caption_column)
        if not isinstance(name, str) or not name.strip() or "\0" in name:
            yield Row(where, b"", "", f"no {file_column}")
        elif _leads_out(name):
            yield Row(f"{where} ({name})", b"", "", "leads out of the folder")
        elif not isinstance(words, str) or not words.strip():
            yield Row(f"{where} ({name})", _existing(path.parent, name), "", f"no {caption_column}")
        else:
            yield Row(name, _existing(path.parent, name), clean(words))


def column_of(columns: list[str], usual: tuple[str, ...], wanted: str | None, what: str, path: Path) -> str:
    """The column that is wanted, or the first of the usual ones.

    Raises:
        UserError: it is not there.
    """
    for name in (wanted,) if wanted is not None else usual:
        if name in columns:
            return name
    near = did_you_mean(wanted, columns) if wanted else ""
    looked = f"no column {wanted!r}" if wanted is not None else f"none of the columns {', '.join(usual)}"
    raise UserError(
        f"{path} has {looked} for the {what}\n  {near or 'it has ' + (', '.join(columns) or 'no columns')}"
    )


def clean(caption: str) -> str:
    """A caption without what no text may have, and without space around it."""
    return caption.strip().encode("utf-8", "replace").decode()


def _csv(text: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    for record in reader:
        if None in record:
            yield reader.line_num, "more fields than columns; put captions with commas into quotes"
        else:
            yield reader.line_num, record


def _json_lines(text: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            yield number, "no JSON"
        else:
            yield number, record if isinstance(record, dict) else "no JSON object"


def _leads_out(name: str) -> bool:
    """Whether a file's name leads out of the folder it is relative to: `/etc/passwd`, `../more/a.png`."""
    path = Path(os.path.normpath(name))
    return path.is_absolute() or path.parts[:1] == ("..",)


def _existing(folder: Path, name: str) -> Path:
    """The file of a name, however its letters are encoded on the disk."""
    spellings = [name, unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name)]
    with contextlib.suppress(UnicodeEncodeError):
        spellings.append(os.fsdecode(name.encode("latin-1")))
    candidates = [folder / spelling for spelling in dict.fromkeys(spellings)]
    return next((file for file in candidates if _is_there(file)), candidates[0])


def _is_there(file: Path) -> bool:
    try:
        return file.exists()
    except (OSError, ValueError):  # a name that no file can have
        return False
