"""What `framework list` prints. Without click: see `framework.cli.main`."""

from __future__ import annotations

import sys
from itertools import groupby

from framework.cli.columns import columns
from framework.component import Kind
from framework.registry import installed


def show(kind: Kind | None = None) -> None:
    """Print the components of one kind, or of all; on stderr what is wrong with plugins."""
    registry = installed()
    found = registry.components(kind)
    lines = columns((component.full_name, component.doc) for component in found)
    for each, group in groupby(zip(found, lines, strict=True), key=lambda pair: pair[0].kind):
        print(f"{each}s")
        for _, line in group:
            print(line)
    if all(plugin.builtin for plugin in registry.plugins):
        _warn("no plugins are installed, for example: pip install framework-her")
    elif not found:
        _warn(f"no plugin registers any {kind or 'component'}")
    for plugin in registry.broken:
        _warn(f"broken plugin {plugin.title}: {plugin.error}")
    for plugin in registry.plugins:
        for warning in plugin.warnings:
            _warn(f"warning: plugin {plugin.title}: {warning}")


def as_dict(kind: Kind | None = None) -> dict[str, object]:
    """The same, for `--json`."""
    registry = installed()
    return {
        "components": [
            {
                "name": component.full_name,
                "kind": component.kind,
                "doc": component.doc,
                "source": component.source,
                "plugin": component.plugin,
                "distribution": component.distribution,
            }
            for component in registry.components(kind)
        ],
        "plugins": [
            {
                "name": plugin.name,
                "distribution": plugin.distribution,
                "version": plugin.version,
                "components": len(plugin.components),
                "error": plugin.error or None,
                "trace": plugin.trace or None,
                "warnings": plugin.warnings,
            }
            for plugin in registry.plugins
        ],
    }


def _warn(line: str) -> None:
    print(line, file=sys.stderr)
