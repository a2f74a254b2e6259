"""Is a plugin complete, documented, and light to load?"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from framework.building import unbound
from framework.component import Component
from framework.plugins import FILTER, Plugin, load_plugins

#: What no plugin may import before something is built: seconds of every command.
HEAVY = ("torch", "lightning", "mlflow", "mujoco", "datasets", "transformers")

_PROBE = """
import json, sys
from framework.plugins import load_plugins
plugin = next(plugin for plugin in load_plugins([sys.argv[1]]) if plugin.name == sys.argv[1])
seen = {"plugin": sorted(set(sys.argv[2:]) & set(sys.modules))}
for component in plugin.components:
    if component.parameters is not None:
        component.parameter_class
        seen.setdefault(component.full_name, sorted(set(sys.argv[2:]) & set(sys.modules)))
print(json.dumps(seen))
"""


def check_plugin(name: str) -> Plugin:
    """Check an installed plugin.

    It loads and declares the API it was written for; this core knows its hooks; it registers something; every
    component says what it is, can be imported and takes what the core hands it; every
    parameter is documented; of other plugins it imports only what they declare public; and neither
    loading it nor reading the parameters of its components imports any of `HEAVY`.

    Args:
        name: the plugin's name, the one before the slash: `her`.

    Returns:
        The plugin, with its components.

    Raises:
        AssertionError: the message says what is wrong.
        UserError: no plugin of this name is installed.
    """
    plugin = next(plugin for plugin in load_plugins([name]) if plugin.name == name)
    assert not plugin.error, f"plugin {plugin.title} does not load: {plugin.error}\n{plugin.trace}"
    assert hasattr(plugin.module, "FRAMEWORK_API"), f"plugin {plugin.title} declares no FRAMEWORK_API"
    assert not plugin.warnings, f"plugin {plugin.title}: {plugin.warnings[0]}"
    assert plugin.components, f"plugin {plugin.title} registers no component"
    for component in plugin.components:
        _check_component(component)
    wrong = foreign_imports(plugin, load_plugins())
    assert not wrong, f"plugin {plugin.title} reaches into another:\n" + "\n".join(wrong)
    _check_light(name)
    return plugin


def foreign_imports(plugin: Plugin, installed: Iterable[Plugin]) -> list[str]:
    """What a plugin's sources import of other plugins that it may not.

    It may import the names that a plugin declares public (`__all__` of its module), from there,
    if its own distribution requires that plugin's.
    """
    assert plugin.module is not None
    distributions = (plugin.distribution, "framework-core")
    others = [other for other in installed if other.module and other.distribution not in distributions]
    by_package = {other.module.__name__.split(".")[0]: other for other in others if other.module}
    home = Path(str(plugin.module.__file__))
    sources = home.parent.rglob("*.py") if home.name == "__init__.py" else [home]
    wrong = []
    for path in sorted(sources):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                found = [(alias.name, "") for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found = [(node.module, alias.name) for alias in node.names]
            else:
                continue
            for module, name in found:
                other = by_package.get(module.split(".")[0])
                if other is None or other.module is None:
                    continue
                line = f"{path}:{node.lineno}: {module}{'.' if name else ''}{name}"
                if other not in plugin.builds_on([other]):
                    wrong.append(f"{line}: {plugin.distribution} does not require {other.distribution}")
                elif module != other.module.__name__ or (name and name not in other.public):
                    offered = ", ".join(other.public) or "nothing"
                    wrong.append(f"{line}: {other.module.__name__} offers {offered}")
    return wrong


def _check_component(component: Component) -> None:
    name = component.full_name
    assert component.doc, f"{name} has no doc, the line that `framework list` shows"
    assert callable(component.builder), f"{name}: {component.target} cannot be called"
    for parameter in component.signature.values():
        assert parameter.param.doc, (
            f"{name}: parameter {parameter.name!r} is not documented: "
            f"Annotated[{getattr(parameter.type, '__name__', parameter.type)}, Param('what it means')]"
        )
    positional = [*component.context, *(["parameters"] if component.parameter_class else [])]
    named = {} if component.parameter_class else dict.fromkeys(component.signature)
    wrong = unbound(component.builder, positional, named)
    given = ", ".join(positional) or "only its parameters"
    assert not wrong, f"{name}: {component.target} is called with {given}: {wrong}"


def _check_light(name: str) -> None:
    environment = {**os.environ, FILTER: name}
    probe = subprocess.run(
        [sys.executable, "-c", _PROBE, name, *HEAVY],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert probe.returncode == 0, f"plugin {name} does not load in a new process:\n{probe.stderr}"
    for what, heavy in json.loads(probe.stdout).items():
        where = "loading the plugin" if what == "plugin" else f"reading the parameters of {what}"
        assert not heavy, (
            f"plugin {name}: {where} imports {', '.join(heavy)}; name components by text "
            "('package.module:attribute') and keep parameters in a module of their own"
        )
