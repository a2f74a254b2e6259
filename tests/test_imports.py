"""What imports what: commands start fast, the core knows no kit, and no plugin another's insides."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from framework.plugins import load_plugins
from framework.testing.plugin import foreign_imports

ROOT = Path(__file__).parents[1]
HEAVY = {
    *("torch", "lightning", "lightning_fabric", "pytorch_lightning", "mlflow", "gymnasium", "mujoco", "ray"),
    *(
        "optuna",
        "datasets",
        "tokenizers",
        "transformers",
        "matplotlib",
        "pandas",
        "scipy",
        "sqlalchemy",
        "PIL",
    ),
}
SHIPPED = [
    ("her", "her.yaml", "her/hindsight"),
    ("codex", "codex.yaml", "codex/language_model"),
    ("glide", "glide.yaml", "glide/denoising"),
    ("dex_hand", "dex_hand.yaml", "rl/ppo"),
    ("adr", "adr.yaml", "adr/adr"),
]


def imported_by(code: str, folder: Path) -> set[str]:
    """The modules that are there after `code` ran in a new interpreter."""
    code = f"import atexit, sys\natexit.register(lambda: print(*sys.modules))\n{code}"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


def imported_by_command(folder: Path, *arguments: str) -> set[str]:
    return imported_by(f"from framework.cli import main; main({list(arguments)!r})", folder)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["list"],
        ["list", "--json"],
        ["info", "trainer"],
        ["runs"],
        ["completion", "bash"],
    ],
    ids=" ".join,
)
def test_commands_import_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    assert not imported_by_command(tmp_path, *arguments) & (HEAVY | {"numpy"})


def test_help_and_list_import_little(tmp_path: Path) -> None:
    """Together these would cost more than all the rest."""
    little = {"omegaconf", "yaml", "json", "asyncio", "framework.recipe", "framework.report"}
    little |= {"click", "importlib.metadata", "pathlib", "traceback"}
    assert not imported_by_command(tmp_path, "--help") & (little | {"framework.registry", "inspect"})
    listing = imported_by_command(tmp_path, "list")
    assert not listing & little
    plugins = {name for name in listing if name.startswith("framework_")}
    assert not {name for name in plugins if "." in name}, "give a Component the path of what lies there"


def test_help_imports_no_command(tmp_path: Path) -> None:
    found = {name for name in imported_by_command(tmp_path, "--help") if name.startswith("framework.cli.")}
    assert found == {"framework.cli.main"}


@pytest.mark.parametrize(("plugin", "recipe", "component"), SHIPPED)
def test_checking_recipes_imports_nothing_heavy(
    plugin: str, recipe: str, component: str, tmp_path: Path
) -> None:
    pytest.importorskip(f"framework_{plugin}")
    stopping = "trainer.callbacks=[{use: EarlyStopping, monitor: loss}]"
    path = str(ROOT / "recipes" / recipe)
    assert not imported_by_command(tmp_path, "check", path, stopping) & HEAVY
    assert not imported_by_command(tmp_path, "info", component) & HEAVY


@pytest.mark.parametrize(
    "module", ["framework", "framework.recipe", "framework.registry", "framework.contracts"]
)
def test_modules_import_nothing_heavy(module: str, tmp_path: Path) -> None:
    assert not imported_by(f"import {module}", tmp_path) & HEAVY


def imports(folder: Path, *, deep: bool = True) -> Iterator[tuple[Path, str]]:
    """Every module that the sources below a folder name in an import, wherever it stands."""
    for path in folder.rglob("*.py") if deep else folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((path, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield path, node.module


def test_the_core_imports_no_kit_and_no_plugin() -> None:
    # The checks for plugin authors look at what kits promise, too; the core imports no check.
    kits = {ROOT / "framework" / kit for kit in ("sim", "rl", "testing")}
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path, module in imports(ROOT / "framework")
        if not kits & set(path.parents)
        and (
            module.startswith("framework_")
            or module.split(".")[:2] in (["framework", kit.name] for kit in kits)
        )
    ]
    assert not wrong


def test_recipes_and_registry_know_no_library_of_learning() -> None:
    core = [
        ROOT / "framework" / name for name in ("component.py", "plugins.py", "registry.py", "hookspecs.py")
    ]
    found = [*imports(ROOT / "framework" / "recipe"), *imports(ROOT / "framework", deep=False)]
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path, module in found
        if (path in core or path.parent.name == "recipe") and module.split(".")[0] in HEAVY | {"numpy"}
    ]
    assert not wrong


def test_plugins_import_of_others_only_what_those_declare_public() -> None:
    plugins = [plugin for plugin in load_plugins() if not plugin.error]
    assert [wrong for plugin in plugins for wrong in foreign_imports(plugin, plugins)] == []
