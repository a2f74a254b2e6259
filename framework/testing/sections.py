"""Build one component from what a recipe would say of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from framework.component import Kind
from framework.errors import UserError
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
    from framework.recipe import Use
    from framework.recipe.problems import Findings, Marks, Place, Problem, RecipeError
    from framework.recipe.types import At, convert_parameters

    given = {} if isinstance(section, str) else {key: section[key] for key in section if key != "use"}
    component = installed().get(kind, title(section))
    findings = Findings(Marks())
    at = At((), f"{kind} {component.full_name}", component.full_name, findings)
    arguments = convert_parameters(given, component.signature, at, filled=("seed",))
    if arguments is None:
        here = Place(component.full_name)
        raise RecipeError(Problem(here, p.what, p.hints) for p in findings.problems)
    return Use(component, arguments)


def build(kind: Kind, section: Section, *context: Any, seed: int = 0) -> Any:
    """Build the component of a section, as the core does.

    Raises:
        AssertionError: its builder cannot be called, or returns something of another kind.
    """
    described = use(kind, section)
    try:
        return described.build(*context, seed=seed)
    except UserError as error:
        raise AssertionError(str(error)) from error


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and torch, as the core does before it builds a stage."""
    import lightning.pytorch as pl

    pl.seed_everything(seed, workers=True, verbose=False)
