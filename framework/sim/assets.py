"""Find robot models that other distributions ship."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from framework.errors import UserError


def asset_path(package: str, relative: str, distribution: str = "") -> Path:
    """Return the path of a file inside an installed package, without importing the package.

    Args:
        package: top-level import name, such as "gymnasium_robotics".
        relative: path below the package's folder, such as "envs/assets/fetch/push.xml".
        distribution: what to install for it; by default the package's name with dashes.

    Raises:
        UserError: the package or the file is not there; the message says what to install.
    """
    distribution = distribution or package.replace("_", "-")
    spec = importlib.util.find_spec(package)  # of a top-level name: finds, does not execute
    folders = (spec.submodule_search_locations or []) if spec is not None else []
    if not folders:
        raise UserError(
            f"the model {Path(relative).name!r} comes with {distribution}, which is not installed\n"
            f"  to install: pip install {distribution}"
        )
    for folder in folders:
        path = Path(folder, relative)
        if path.is_file():
            return path
    raise UserError(
        f"the installed {distribution} has no file {relative!r} (looked in {', '.join(folders)})\n"
        f"  to mend it: pip install --force-reinstall --no-deps {distribution}"
    )
