"""Commands run in this process, and a plugin made up for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from framework.cli import main
from framework.registry import installed

from .. import distributions  # noqa: TID252  (tests are not installed)


class Answer(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Run `framework` with arguments, in this process."""

    def run(*arguments: str) -> Answer:
        with pytest.raises(SystemExit) as exit_:
            main(arguments)
        code = exit_.value.code
        assert isinstance(code, int)
        return Answer(code, *capsys.readouterr())

    return run


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Only the plugin `toy` is there, and a broken one; in an empty working directory."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    distributions.install(folder, "toy", distributions.TOY, version="1.2")
    distributions.install(folder, "bad", "import nowhere_to_be_found", version="0.3")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr("framework.plugins.BUILTIN", {})
    monkeypatch.setenv("FRAMEWORK_PLUGINS", "toy,bad")
    monkeypatch.setenv("COLUMNS", "80")
    installed.cache_clear()
    yield tmp_path / "work"
    installed.cache_clear()
