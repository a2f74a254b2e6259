"""A virtual environment of its own for what a test installs, made in a second.

It sees the packages of the running interpreter behind its own, through a .pth file, so
that nothing large is installed twice. What is installed into it comes first.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]


class FreshEnvironment:
    """A virtual environment at `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        venv.create(folder, with_pip=False, symlinks=True)
        outer = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
        lines = "".join(f"import site; site.addsitedir({path!r})\n" for path in sorted(outer))
        (self._site_packages() / "outer.pth").write_text(lines, encoding="utf-8")

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def install(self, *projects: Path) -> None:
        """Build wheels of projects and install them, without network."""
        wheels = self.folder / "wheels"
        pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
        build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", wheels]
        check([*build, *projects])
        # What the running interpreter has does not count as installed here.
        install = ["install", "--no-deps", "--no-index", "--ignore-installed"]
        check([*pip, "--python", self.python, *install, *wheels.glob("*.whl")])

    def framework(self, *arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run the command that was installed here."""
        return check([self.folder / "bin" / "framework", *arguments], cwd=cwd)

    def run(self, *arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run Python here."""
        return check([self.python, *arguments], cwd=cwd)

    def _site_packages(self) -> Path:
        (found,) = self.folder.glob("lib/python*/site-packages")
        return found


def check(command: Sequence[str | Path], cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a command that has to succeed; show what it said if it does not."""
    outside = ("PYTHONPATH", "VIRTUAL_ENV", "FRAMEWORK_PLUGINS", "MLFLOW_TRACKING_URI")
    environment = {name: value for name, value in os.environ.items() if name not in outside}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    words = " ".join(map(str, command))
    assert done.returncode == 0, f"{words}\nexit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done
