"""plugin/name -> Component, per kind, with messages that name the nearest thing."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from framework.component import KINDS, Component, Kind
from framework.errors import UnknownComponentError, did_you_mean
from framework.plugins import Plugin, load_plugins, why_absent


class Registry:
    """The components of a set of plugins.

    Args:
        plugins: as `load_plugins` returns them; broken ones are kept, to be named when
            one of their components is asked for.
    """

    def __init__(self, plugins: Iterable[Plugin]) -> None:
        self.plugins = list(plugins)
        self._components: dict[Kind, dict[str, Component]] = {kind: {} for kind in KINDS}
        for plugin in self.plugins:
            for component in plugin.components:
                assert component.kind
                self._components[component.kind][component.full_name] = component

    @property
    def broken(self) -> list[Plugin]:
        return [plugin for plugin in self.plugins if plugin.error]

    def components(self, kind: Kind | None = None) -> list[Component]:
        """The components of one kind, or of all, sorted by kind and name."""
        kinds = (kind,) if kind else KINDS
        return [self._components[k][name] for k in kinds for name in sorted(self._components[k])]

    def get(self, kind: Kind, name: str) -> Component:
        """Return the component `name` of this kind.

        Raises:
            UnknownComponentError: none has this name; the message says which is nearest,
                whether another kind has it, or what to install.
        """
        try:
            return self._components[kind][name]
        except KeyError:
            raise UnknownComponentError(
                "\n".join([f"unknown {kind} {name!r}", *(f"  {hint}" for hint in self._hints(kind, name))])
            ) from None

    def find(self, name: str) -> list[Component]:
        """Return the components of this name in every kind.

        Raises:
            UnknownComponentError: there is none.
        """
        found = [by_name[name] for by_name in self._components.values() if name in by_name]
        if not found:
            known = [
                *(plugin.name for plugin in self.plugins),
                *(component.full_name for component in self.components()),
            ]
            hints = self._absent(name, known) or ["see: framework list"]
            raise UnknownComponentError("\n  ".join([f"unknown component {name!r}", *hints]))
        return found

    def _hints(self, kind: Kind, name: str) -> list[str]:
        if "/" not in name:
            owners = [full for full in self._components[kind] if full.endswith(f"/{name}")]
            if owners:
                return [f"did you mean {owners[0]!r}?"]
            return ["components are named plugin/name", self._known(kind)]
        others = [other for other in KINDS if name in self._components[other]]
        if others:
            return [f"{name!r} is one of the {' and '.join(f'{other}s' for other in others)}"]
        return self._absent(name, self._components[kind]) or [self._known(kind)]

    def _absent(self, name: str, known: Iterable[str]) -> list[str]:
        """Why there is no `plugin/name` or plugin of this name: its plugin is absent, or it is misspelt."""
        plugin, slash, _ = name.partition("/")
        if reason := why_absent(plugin, self.plugins):
            return [reason]
        hints = [did_you_mean(name, known)]
        if slash and plugin not in (loaded.name for loaded in self.plugins):
            hints.append(
                f"no plugin {plugin!r} is installed: pip install framework-{plugin} "
                f"(from a checkout: pip install ./plugins/{plugin})"
            )
        return [hint for hint in hints if hint]

    def _known(self, kind: Kind) -> str:
        names = ", ".join(sorted(self._components[kind]))
        return f"known: {names}" if names else f"no plugin registers any {kind}"


@cache
def installed() -> Registry:
    """The registry of the plugins installed here, loaded once per process."""
    return Registry(load_plugins())
