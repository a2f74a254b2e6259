"""Recipe files: their text, and what is near when one is missing."""

from __future__ import annotations

import codecs
import difflib
from pathlib import Path

from framework.recipe.problems import Place, refuse

MAX_BYTES = 256 * 1024
_SUFFIXES = (".yaml", ".yml")


def read_file(path: Path) -> str:
    """Return a recipe file's text.

    Raises:
        RecipeError: it is missing (the nearest file is named), a directory, unreadable, far
            too large for a recipe, or not UTF-8 (a byte order mark is fine).
    """
    place = Place(str(path))
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise refuse(place, "no such file", *_nearest_file(path)) from None
    except IsADirectoryError:
        names = ", ".join(_recipes_in(path)[:8])
        raise refuse(
            place, "a directory, not a recipe", *([f"recipes in it: {names}"] if names else [])
        ) from None
    except ValueError:  # a null byte
        raise refuse(place, "not a file name") from None
    except OSError as error:
        raise refuse(place, f"cannot be read: {error.strerror}") from None
    return _decode(content, str(path))


def _decode(content: bytes, source: str) -> str:
    if len(content) > MAX_BYTES:
        raise refuse(
            Place(source), f"too large for a recipe: {len(content):,} bytes, the limit is {MAX_BYTES:,}"
        )
    try:
        return content.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        content = error.object
        before = content[: error.start].decode()
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise refuse(
            Place(source, line, column),
            f"the byte 0x{content[error.start]:02x} is not UTF-8",
            "save the file with the encoding UTF-8",
        ) from None


def _nearest_file(path: Path) -> list[str]:
    names = _recipes_in(path.parent)
    by_stem = {Path(name).stem: name for name in names}
    for stem in difflib.get_close_matches(path.stem, by_stem, n=1):
        return [f"did you mean {str(path.parent / by_stem[stem])!r}?"]
    return [f"recipes there: {', '.join(names[:8])}"] if names else []


def _recipes_in(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in folder.iterdir() if entry.suffix in _SUFFIXES)
    except OSError:
        return []
