"""Can a recipe be run here?"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framework.recipe import Recipe


def check_recipe(path: Path | str, overrides: Iterable[str] = ()) -> Recipe:
    """Check a recipe and build what each of its stages names; nothing is trained.

    Args:
        path: the file.
        overrides: `key=value`, as on the command line.

    Returns:
        The recipe. A stage that starts from what another has made is checked and not built.

    Raises:
        AssertionError: something in it cannot be built, or its resolved form is not the
            same recipe.
        UserError: something in it is wrong; the message says where.
    """
    from framework.recipe import load, load_text
    from framework.testing.sections import seed_everything

    recipe = load(Path(path), list(overrides))
    again = load_text(recipe.to_yaml(), name=recipe.name)
    assert again.resolved() == recipe.resolved(), f"{path}: the resolved recipe reads as another one"
    for stage in recipe.stages.values():
        if any(f"${{{what}:" in str(stage.resolved()) for what in ("checkpoint", "output")):
            continue
        seed_everything(stage.seed)
        environment = stage.environment.build(seed=stage.seed) if stage.environment else None
        model = stage.model.build(environment, seed=stage.seed) if stage.model else None
        if stage.algorithm:
            stage.algorithm.build(environment, model, seed=stage.seed)
        for evaluator in stage.evaluators:
            own = evaluator.environment
            judged_in = own.build(seed=stage.seed) if own else environment
            evaluator.build(seed=stage.seed, near={"environment": judged_in}.get)
    return recipe
