"""Let the wheel and the source distribution carry the recipes of this plugin, from where they are kept.

Those are the files named after the plugin in the repository's `recipes/`; built from a source distribution,
its own. Installed to be edited, they are found where they are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Recipes(BuildHookInterface):
    """Adds `PACKAGE/recipes/` to the wheel, `recipes/` to the source distribution."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        ((plugin, package),) = self.metadata.core.entry_points["framework"].items()
        root = Path(self.root)
        shelf = next(folder / "recipes" for folder in (root, *root.parents) if (folder / "recipes").is_dir())
        target = Path(package if self.target_name == "wheel" else ".", "recipes")
        found = [path for path in shelf.rglob("*.yaml") if f"{path.stem}_".startswith(f"{plugin}_")]
        if not found:
            raise FileNotFoundError(f"no recipe of {plugin} in {shelf}")
        for path in found:
            build_data["force_include"][str(path)] = (target / path.relative_to(shelf)).as_posix()
