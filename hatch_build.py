"""Let the core's wheel and source distribution carry its own recipes, from where all are kept.

Those are the files in `recipes/` that are named after no plugin of this repository; built from a source
distribution, all that it has. Installed to be edited, they are found where they are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Recipes(BuildHookInterface):
    """Adds `framework/recipes/` to the wheel, `recipes/` to the source distribution."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        root = Path(self.root)
        shelf = root / "recipes"
        plugins = tuple(f"{path.parent.name}_" for path in root.glob("plugins/*/pyproject.toml"))
        found = [path for path in shelf.rglob("*.yaml") if not f"{path.stem}_".startswith(plugins)]
        if not found:
            raise FileNotFoundError(f"no recipe of the core's own in {shelf}")
        target = Path("framework" if self.target_name == "wheel" else ".", "recipes")
        for path in found:
            build_data["force_include"][str(path)] = (target / path.relative_to(shelf)).as_posix()
