"""Is a plugin complete, documented, and light to load?"""

from __future__ import annotations

import json
import os
import subprocess
import sys

from framework.building import unbound
from framework.component import Component
from framework.plugins import FILTER, Plugin, load_plugins

#: What no plugin may import before something is built: seconds of every command.
HEAVY = ("torch", "lightning", "mlflow", "mujoco", "datasets", "transformers")

_PROBE = """
import json, sys
from framework.plugins import load_plugins
(plugin,) = load_plugins([sys.argv[1]])
seen = {"plugin": sorted(set(sys.argv[2:]) & set(sys.modules))}
for component in plugin.components:
    if component.parameters is not None:
        component.parameter_class
        seen.setdefault(component.full_name, sorted(set(sys.argv[2:]) & set(sys.modules)))
print(json.dumps(seen))
"""


def check_plugin(name: str) -> Plugin:
    """Check an installed plugin.

    It loads and declares the API it was written for; it registers something; every
    component says what it is, can be imported and takes what the core hands it; every
    parameter is documented; and neither loading it nor reading the parameters of its
    components imports any of `HEAVY`.

    Args:
        name: the plugin's name, the one before the slash: `her`.

    Returns:
        The plugin, with its components.

    Raises:
        AssertionError: the message says what is wrong.
        UserError: no plugin of this name is installed.
    """
    (plugin,) = load_plugins([name])
    assert not plugin.error, f"plugin {plugin.title} does not load: {plugin.error}\n{plugin.trace}"
    assert hasattr(plugin.module, "FRAMEWORK_API"), f"plugin {plugin.title} declares no FRAMEWORK_API"
    assert plugin.components, f"plugin {plugin.title} registers no component"
    for component in plugin.components:
        _check_component(component)
    _check_light(name)
    return plugin


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
