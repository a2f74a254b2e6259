"""Build one component from what a recipe would say of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from framework.component import Kind
from framework.errors import PluginError
from framework.registry import installed

if TYPE_CHECKING:
    from framework.recipe import Use

#: `"cartpole/balance"`, or `{"use": "cartpole/balance", "num_envs": 4}`.
Section: TypeAlias = "str | Mapping[str, Any]"


def title(section: Section) -> str:
    """The component's name."""
    return section if isinstance(section, str) else str(section.get("use", section))


def use(kind: Kind, section: Section) -> Use:
    """Read a section as a recipe's is read: names, types and bounds are checked.

    Raises:
        UserError: a parameter is unknown, missing, of another type or out of bounds, or no
            installed plugin has the component.
    """
    from framework.recipe.check import Sections
    from framework.recipe.problems import Findings, Place, Problem, RecipeError

    given = {} if isinstance(section, str) else dict(section)
    findings = Findings()
    found = Sections(installed()).read(kind, {**given, "use": title(section)}, (), findings)
    if found is None:
        here = Place(title(section))
        raise RecipeError(Problem(here, p.what, p.hints) for p in findings.problems)
    return found


def build(kind: Kind, section: Section, *context: Any, seed: int = 0) -> Any:
    """Build the component of a section, as the core does.

    Raises:
        AssertionError: its builder cannot be called, or returns something of another kind.
        UserError: it refuses what it is given.
    """
    described = use(kind, section)
    try:
        return described.build(*context, seed=seed)
    except PluginError as error:
        raise AssertionError(str(error)) from error


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and torch, as the core does before it builds a stage."""
    import lightning.pytorch as pl

    pl.seed_everything(seed, workers=True, verbose=False)
