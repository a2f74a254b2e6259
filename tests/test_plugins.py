"""Plugins are found, loaded one by one, and reported when they are broken."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from framework.errors import UserError
from framework.plugins import Plugin, load_plugins
from framework.registry import Registry

from .distributions import install


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed plugins, the only ones there are."""
    monkeypatch.setattr("framework.plugins.BUILTIN", {})
    # The interpreter's own folders stay, without the distributions that are installed there.
    rest = [
        entry for entry in sys.path if "site-packages" not in entry and not Path(entry, "framework").is_dir()
    ]
    monkeypatch.setattr(sys, "path", [str(tmp_path), *rest])
    monkeypatch.delenv("FRAMEWORK_PLUGINS", raising=False)
    return tmp_path


def load_one(folder: Path, code: str, name: str = "one") -> Plugin:
    install(folder, name, code, version="2.3")
    (plugin,) = load_plugins()
    assert plugin.title == f"{name} (framework-{name} 2.3)"
    return plugin


def test_none(folder: Path) -> None:
    assert load_plugins() == []


def test_components_know_where_they_come_from(folder: Path) -> None:
    install(folder, "one", component="maze", version="0.2")
    (plugin,) = load_plugins()
    (component,) = plugin.components
    assert (plugin.error, plugin.version) == ("", "0.2")
    assert component.full_name == "one/maze"
    assert (component.kind, component.distribution) == ("environment", "framework-one")


def test_every_kind(folder: Path) -> None:
    plugin = load_one(
        folder,
        """
        from framework import Component, hookimpl

        @hookimpl
        def register_environments():
            return [Component("a", "x:y")]

        @hookimpl
        def register_models():
            return (Component("b", "x:y") for _ in range(1))

        @hookimpl
        def register_algorithms():
            yield Component("c", "x:y")
            yield Component("d", "x:y")

        @hookimpl
        def register_evaluators():
            return None
        """,
    )
    assert [(c.kind, c.name) for c in plugin.components] == [
        ("environment", "a"),
        ("model", "b"),
        ("algorithm", "c"),
        ("algorithm", "d"),
    ]


MODELS = "from framework import Component, hookimpl\n@hookimpl\ndef register_models"
BROKEN = {
    "import nowhere_to_be_found": "ModuleNotFoundError: No module named 'nowhere_to_be_found'",
    "def broken(:": "SyntaxError: invalid syntax",
    "1 / 0": "ZeroDivisionError: division by zero",
    "raise RuntimeError('first\\n  second')": "RuntimeError: first second",
    "import sys; sys.exit(3)": "SystemExit: 3",
    "FRAMEWORK_API = 99": "it was written for plugin API 99, this core has API 1: "
    "pip install --upgrade framework-core",
    "FRAMEWORK_API = 0": "it was written for plugin API 0, this core has API 1: "
    "pip install --upgrade framework-broken",
    "FRAMEWORK_API = '1'": "its FRAMEWORK_API is '1', not a whole number: write 1",
    "FRAMEWORK_API = True": "its FRAMEWORK_API is True, not a whole number: write 1",
    "FRAMEWORK_API = 1.0": "its FRAMEWORK_API is 1.0, not a whole number: write 1",
    f"{MODELS}(environment): pass": "PluginValidationError: Plugin 'broken' for hook 'register_models'",
    f"{MODELS}(): yield 3": "TypeError: register_models yields 3, which is not a Component",
    f"{MODELS}(): return 3": "TypeError: 'int' object is not iterable",
    f"{MODELS}(): return [Component('a', 'x:y'), Component('a', 'x:z')]": "ValueError: register_models "
    "yields 'a' twice",
    f"{MODELS}():\n    yield Component('a', 'x:y')\n    raise OSError('gone')": "OSError: gone",
}


@pytest.mark.parametrize(("code", "error"), BROKEN.items())
def test_a_broken_plugin_is_reported_and_the_others_work(folder: Path, code: str, error: str) -> None:
    install(folder, "aaa", component="first")
    install(folder, "broken", code, version="9")
    install(folder, "zzz", component="last")
    first, broken, last = load_plugins()
    assert broken.error.startswith(error)
    assert "\n" not in broken.error
    assert broken.trace.startswith("Traceback")
    assert broken.components == []
    assert broken.title == "broken (framework-broken 9)"
    assert [c.full_name for c in first.components + last.components] == ["aaa/first", "zzz/last"]
    assert Registry([first, broken, last]).broken == [broken]


UNKNOWN = """
from framework import Component, hookimpl

@hookimpl
def register_environments():
    yield Component("maze", "nowhere:make")

@hookimpl
def register_{hook}():
    yield Component("b", "nowhere:make")

@hookimpl(optionalhook=True)
def register_rewards():
    yield Component("c", "nowhere:make")
"""


@pytest.mark.parametrize(
    ("hook", "hint"),
    [
        ("curricula", "a newer core may: pip install -U framework-core"),
        ("modles", "did you mean 'register_models'?"),
    ],
)
def test_a_hook_this_core_does_not_know_is_a_warning(folder: Path, hook: str, hint: str) -> None:
    install(folder, "other", component="first")
    install(folder, "newer", UNKNOWN.replace("{hook}", hook))
    plugin, other = load_plugins()
    assert plugin.error == other.error == ""
    assert plugin.warnings == [f"this core does not know its hook register_{hook}; {hint}"]
    assert other.warnings == []
    assert [component.full_name for component in plugin.components] == ["newer/maze"]


def test_an_entry_point_to_nowhere(folder: Path) -> None:
    module = install(folder, "lost")
    (folder / f"{module}.py").unlink()
    (plugin,) = load_plugins()
    assert plugin.error == f"ModuleNotFoundError: No module named '{module}'"


def test_a_keyboard_interrupt_is_not_swallowed(folder: Path) -> None:
    install(folder, "one", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        load_plugins()


def test_two_distributions_of_one_name(folder: Path) -> None:
    install(folder, "her", distribution="framework-her", version="1")
    install(folder, "her", distribution="somebody-elses-her", version="2")
    plugins = load_plugins()
    broken = [plugin for plugin in plugins if plugin.error]
    working = [plugin for plugin in plugins if not plugin.error]
    assert len(broken) == len(working) == 1
    assert broken[0].error == f"the name 'her' is taken by {working[0].distribution} {working[0].version}"


def test_damaged_metadata(folder: Path) -> None:
    install(folder, "one")
    (folder / "framework_one-1.0.dist-info" / "METADATA").unlink()
    (plugin,) = load_plugins()
    assert plugin.title == "one (unknown distribution ?)"
    assert not plugin.error


def test_filter(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b", "c"):
        install(folder, name)
    monkeypatch.setenv("FRAMEWORK_PLUGINS", " a, c,,")
    assert [plugin.name for plugin in load_plugins()] == ["a", "c"]
    assert [plugin.name for plugin in load_plugins(["b"])] == ["b"]
    assert load_plugins([]) == []
    monkeypatch.setenv("FRAMEWORK_PLUGINS", "")
    assert [plugin.name for plugin in load_plugins()] == ["a", "b", "c"]


def test_what_a_chosen_plugin_builds_on_is_loaded_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(folder, "her", "__all__ = ['Hindsight']", distribution="Framework_HER")
    install(folder, "adr", requires=["framework-her>=0.1", "framework-glide; extra == 'pictures'"])
    install(folder, "sweeps", requires=['framework.adr (>=0.2); python_version >= "3.8"', "torch"])
    install(folder, "glide")
    monkeypatch.setenv("FRAMEWORK_PLUGINS", "sweeps")
    adr, her, sweeps = load_plugins()
    assert (adr.name, her.name, sweeps.name) == ("adr", "her", "sweeps")
    assert [plugin.name for plugin in load_plugins(["adr"])] == ["adr", "her"]
    assert [plugin.name for plugin in load_plugins(["her"])] == ["her"]
    assert sweeps.builds_on([adr, her]) == [adr]
    assert her.public == ["Hindsight"]


def test_a_plugin_left_out_is_not_imported(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = install(folder, "slow", "raise SystemExit")
    install(folder, "quick")
    monkeypatch.setenv("FRAMEWORK_PLUGINS", "quick")
    (plugin,) = load_plugins()
    assert not plugin.error
    assert module not in sys.modules


def test_filter_names_what_is_not_installed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(folder, "her")
    monkeypatch.setenv("FRAMEWORK_PLUGINS", "her,glide,adr")
    with pytest.raises(UserError) as caught:
        load_plugins()
    assert str(caught.value) == (
        "FRAMEWORK_PLUGINS names 'adr', 'glide', which is not installed\n"
        "  installed plugins: her\n"
        "  to install: pip install framework-adr framework-glide"
    )
