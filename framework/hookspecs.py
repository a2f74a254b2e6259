"""The four hook specs: the page a plugin author reads first.

A plugin is a module named by an entry point of the group `framework`:

    [project.entry-points.framework]
    cartpole = "framework_cartpole"

The entry point's name is the plugin's name, and the prefix of its components. The
module implements any of the hooks below and imports nothing heavy. Each hook yields
`Component`s: data that says what can be built, from where, with which parameters.

What is built, and from what (the builder gets these, then its own parameters):

| hook                    | built from         | what it is                                       |
|-------------------------|--------------------|--------------------------------------------------|
| `register_environments` |                    | `gymnasium.vector.VectorEnv`, `datasets.Dataset` |
| `register_models`       | environment        | `torch.nn.Module`                                |
| `register_algorithms`   | environment, model | `lightning.LightningModule`                      |
| `register_evaluators`   |                    | a callable `(algorithm, environment) -> Report`  |

`framework.contracts` writes down what the core asks of each.
"""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from framework.component import Component

#: The version of these hooks and contracts. A plugin may declare the number it was
#: written for as a module attribute, `FRAMEWORK_API = 1`.
API = 1

PROJECT = "framework"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def register_environments() -> Iterable[Component]:  # type: ignore[empty-body]
    """Environments: where experience comes from.

    Interactive ones build a batched `gymnasium.vector.VectorEnv`; recorded ones build a
    `datasets.Dataset` or `DatasetDict`; generated ones a `framework.contracts.Producer`.
    """


@hookspec
def register_models() -> Iterable[Component]:  # type: ignore[empty-body]
    """Models: `torch.nn.Module`s sized from the environment's spaces or features."""


@hookspec
def register_algorithms() -> Iterable[Component]:  # type: ignore[empty-body]
    """Algorithms: `LightningModule`s that own how data becomes gradients."""


@hookspec
def register_evaluators() -> Iterable[Component]:  # type: ignore[empty-body]
    """Evaluators: callables from a trained algorithm and an environment to a `Report`."""
