"""Functions of the installed packages, harvested once and kept in a cache."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import logging
import os
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from framework.errors import UserError, did_you_mean
from framework_codex.problems.duplicates import deduplicate
from framework_codex.problems.harvest import Function, harvest, python_files

log = logging.getLogger("framework")

#: Changes with what the harvest keeps, so that older caches are left alone.
_VERSION = 1


def functions_of(roots: Sequence[tuple[str, Path]], longest: int) -> list[Function]:
    """The documented functions below some folders, without near-duplicates, in a fixed order.

    They are kept in `$XDG_CACHE_HOME/framework/codex` (`~/.cache` by default) and found again
    while Python, the files and `longest` stay the same.

    Args:
        roots: a name for `Function.origin`, and the folder or file.
        longest: characters of the longest function.
    """
    files = [
        ("/".join((name, *path.relative_to(root).parts)), path)
        for name, root in roots
        for path in (python_files(root) if root.is_dir() else [root])
    ]
    cache = _cache_folder() / f"functions-{_key(files, longest)}.parquet"
    kept = _load(cache)
    if kept is None:
        found = list(harvest(files, longest))
        kept = [found[i] for i in deduplicate(function.text for function in found)]
        _save(cache, kept)
    return kept


def standard_library() -> Path:
    """Where its modules are; installed packages below it are left out by `python_files`."""
    return Path(sysconfig.get_path("stdlib"))


def package(name: str) -> Path:
    """The folder, or the one file, of an installed top-level package. It is not imported.

    Raises:
        UserError: there is none of that name, or it has no Python source.
    """
    try:
        spec = importlib.util.find_spec(name) if name.isidentifier() else None
    except ValueError:
        spec = None
    if spec is None:
        near = did_you_mean(name, importlib.metadata.packages_distributions())
        raise UserError(
            f"no installed package {name!r} to take functions from\n"
            f"  {near or 'give the name it is imported by, such as numpy'}"
        )
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations)))
    if not (spec.origin or "").endswith(".py"):
        raise UserError(f"the module {name!r} has no Python source to take functions from")
    return Path(str(spec.origin))


def _cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "framework", "codex")


def _key(files: Iterable[tuple[str, Path]], longest: int) -> str:
    digest = hashlib.sha256(repr((_VERSION, sys.version_info[:3], longest)).encode())
    for name, path in files:
        try:
            found = path.stat()
        except OSError:  # a link that leads nowhere; the harvest passes it over, too
            continue
        digest.update(repr((name, str(path), found.st_size, found.st_mtime_ns)).encode())
    return digest.hexdigest()[:32]


def _load(cache: Path) -> list[Function] | None:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        rows = parquet.read_table(cache, columns=["text", "origin"]).to_pylist()
    except (OSError, pa.ArrowException):
        return None  # not there, or damaged: it is made again
    return [Function(**row) for row in rows]


def _save(cache: Path, functions: Sequence[Function]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    columns = {"text": [f.text for f in functions], "origin": [f.origin for f in functions]}
    schema = pa.schema({"text": pa.string(), "origin": pa.string()})
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache.parent, prefix=".making-") as folder:
            unfinished = Path(folder, cache.name)
            parquet.write_table(pa.table(columns, schema=schema), unfinished)
            unfinished.replace(cache)
    except OSError as error:
        log.warning("functions are harvested again next time: %s cannot be written: %s", cache, error)
