"""Find, load, isolate and report plugins.

pluggy's own loader stops at the first entry point that fails; here each plugin is
loaded in its own try, so that one broken package costs only its own components.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import ModuleType
from typing import Any

import pluggy

from framework import __version__, hookspecs
from framework.component import KINDS, Component, Kind
from framework.entry_points import EntryPoint, entry_points
from framework.errors import PluginError, UserError, did_you_mean

#: What the core registers itself, since it belongs to no paper: plugin name -> module.
BUILTIN = {"gymnasium": "framework.gym", "rl": "framework.rl.components"}
FILTER = "FRAMEWORK_PLUGINS"


@dataclass
class Plugin:
    """An installed plugin and what became of it.

    Attributes:
        name: the entry point's name, prefix of its components.
        distribution: the installed distribution, `framework-her`.
        version: its version.
        module: the module named by the entry point, or None if it did not load.
        components: what it registers.
        builtin: whether it comes with the core; these are always loaded.
        error: why it is broken, one line, or "".
        warnings: what of it this core does not know, and leaves out.
        trace: the traceback of the failure, for `framework list --json` and bug reports.
    """

    name: str
    distribution: str
    version: str
    module: ModuleType | None = None
    components: list[Component] = field(default_factory=list)
    builtin: bool = False
    error: str = ""
    trace: str = ""
    warnings: list[str] = field(default_factory=list)

    @property
    def title(self) -> str:
        return f"{self.name} ({self.distribution} {self.version})"

    @property
    def public(self) -> list[str]:
        """The names it offers to plugins that build on it: `__all__` of its module."""
        return list(getattr(self.module, "__all__", ()))

    @cached_property
    def requirements(self) -> frozenset[str]:
        """The distributions that its own requires, but for extras."""
        from importlib import metadata

        try:
            lines = metadata.requires(self.distribution) or []
        except Exception:  # damaged metadata
            lines = []
        kept = (line for line in lines if not re.search(r";.*\bextra\s*==", line))
        return frozenset(_normal(re.split(r"[^\w.-]", line.strip(), maxsplit=1)[0]) for line in kept)

    def builds_on(self, plugins: Iterable[Plugin]) -> list[Plugin]:
        """Those of some plugins whose distributions its own requires."""
        return [other for other in plugins if _normal(other.distribution) in self.requirements]


def load_plugins(only: Iterable[str] | None = None) -> list[Plugin]:
    """Load every installed plugin, each on its own.

    Args:
        only: names to load, with the plugins they build on; by default those in
            `FRAMEWORK_PLUGINS` (comma-separated), or all if that is unset or empty.

    Returns:
        The plugins sorted by name, broken ones with `error` set.

    Raises:
        UserError: `only` or `FRAMEWORK_PLUGINS` names a plugin that is not installed.
    """
    found = list(discover())
    chosen = _filter(only)
    if chosen is not None:
        _require(chosen, {plugin.name for plugin, _ in found}, from_environment=only is None)
        chosen = _with_needed(chosen, [plugin for plugin, _ in found])
        found = [(plugin, entry) for plugin, entry in found if plugin.builtin or plugin.name in chosen]

    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    loaded: dict[str, Plugin] = {}
    plugins = []
    for plugin, entry in found:
        plugins.append(plugin)
        first = loaded.get(plugin.name)
        if first is not None:
            plugin.error = f"the name {plugin.name!r} is taken by {first.distribution} {first.version}"
            continue
        try:
            _load(manager, plugin, entry)
            loaded[plugin.name] = plugin
        except Exception as error:
            _break(manager, plugin, error)
        except SystemExit as error:  # a module that calls sys.exit() is broken, not a wish to leave
            _break(manager, plugin, error)
    return sorted(plugins, key=lambda plugin: plugin.name)


def why_absent(name: str, plugins: Iterable[Plugin]) -> str:
    """Why an installed plugin of this name offers nothing among those that were loaded, or ""."""
    loaded = next((plugin for plugin in plugins if plugin.name == name), None)
    if loaded is not None:
        return f"plugin {loaded.title} is broken: {loaded.error}" if loaded.error else ""
    only = os.environ.get(FILTER)
    left_out = next((plugin for plugin, _ in discover() if only and plugin.name == name), None)
    return f"plugin {left_out.title} is left out: {FILTER} is {only!r}" if left_out else ""


def discover() -> Iterator[tuple[Plugin, EntryPoint]]:
    """Yield the core's own and the installed plugins, not yet loaded, with their entry points."""
    for name, module in BUILTIN.items():
        yield (
            Plugin(name, "framework-core", __version__, builtin=True),
            EntryPoint(name, module, lambda file: None),
        )
    for entry in entry_points():
        distribution = entry.header("Name") or "unknown distribution"
        yield Plugin(entry.name, distribution, entry.header("Version") or "?"), entry


def _load(manager: pluggy.PluginManager, plugin: Plugin, entry: EntryPoint) -> None:
    plugin.module = entry.load()
    api = getattr(plugin.module, "FRAMEWORK_API", hookspecs.API)
    if type(api) is not int:
        raise PluginError(f"its FRAMEWORK_API is {api!r}, not a whole number: write {hookspecs.API}")
    if api != hookspecs.API:
        newer = "framework-core" if api > hookspecs.API else plugin.distribution
        raise PluginError(
            f"it was written for plugin API {api}, this core has API {hookspecs.API}: "
            f"pip install --upgrade {newer}"
        )
    manager.register(plugin.module, plugin.name)
    plugin.warnings = list(_unknown_hooks(manager, plugin))
    for kind in KINDS:
        plugin.components += _components(manager, plugin, kind)


def _unknown_hooks(manager: pluggy.PluginManager, plugin: Plugin) -> Iterator[str]:
    # Those of a newer core, that this one does without, or misspelt.
    for caller in manager.get_hookcallers(plugin.module) or ():
        mine = (each for each in caller.get_hookimpls() if each.plugin_name == plugin.name)
        if not caller.has_spec() and not all(each.optionalhook for each in mine):
            nearest = did_you_mean(caller.name.removeprefix("register_"), [f"{kind}s" for kind in KINDS])
            hint = nearest.replace("'", "'register_", 1) or "a newer core may: pip install -U framework-core"
            yield f"this core does not know its hook {caller.name}; {hint}"


def _components(manager: pluggy.PluginManager, plugin: Plugin, kind: Kind) -> list[Component]:
    # Called one plugin at a time rather than through the hook, to know whose a component
    # is, and so that one plugin's failing generator does not end the others'.
    caller: pluggy.HookCaller = getattr(manager.hook, f"register_{kind}s")
    components: dict[str, Component] = {}
    for implementation in caller.get_hookimpls():
        if implementation.plugin_name != plugin.name:
            continue
        registered: Any = implementation.function()
        for component in registered or ():
            if not isinstance(component, Component):
                raise TypeError(f"register_{kind}s yields {component!r}, which is not a Component")
            if component.name in components:
                raise ValueError(f"register_{kind}s yields {component.name!r} twice")
            components[component.name] = replace(
                component,
                plugin=plugin.name,
                kind=kind,
                distribution=plugin.distribution,
                version=plugin.version,
            )
    return list(components.values())


def _break(manager: pluggy.PluginManager, plugin: Plugin, error: BaseException) -> None:
    if manager.has_plugin(plugin.name):
        manager.unregister(name=plugin.name)
    plugin.components = []
    kind = "" if isinstance(error, PluginError) else f"{type(error).__name__}: "
    plugin.error = kind + " ".join(str(error).split())
    import traceback

    plugin.trace = "".join(traceback.format_exception(error))


def _filter(only: Iterable[str] | None) -> set[str] | None:
    if only is not None:
        return set(only)
    names = {name.strip() for name in os.environ.get(FILTER, "").split(",")} - {""}
    return names or None


def _with_needed(chosen: set[str], plugins: list[Plugin]) -> set[str]:
    """The chosen plugins and all that they build on, directly or not."""
    wanted: set[str] = set()
    waiting = [plugin for plugin in plugins if plugin.name in chosen]
    while waiting:
        plugin = waiting.pop()
        if plugin.name not in wanted:
            wanted.add(plugin.name)
            waiting += plugin.builds_on(plugins)
    return wanted


def _normal(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _require(chosen: set[str], installed: set[str], from_environment: bool) -> None:
    missing = sorted(chosen - installed)
    if missing:
        where = f"{FILTER} names" if from_environment else "asked for"
        raise UserError(
            f"{where} {', '.join(map(repr, missing))}, which is not installed\n"
            f"  installed plugins: {', '.join(sorted(installed)) or 'none'}\n"
            f"  to install: pip install {' '.join(f'framework-{name}' for name in missing)}"
        )
