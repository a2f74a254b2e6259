"""Can a recipe be run here, and does what it names do what the framework asks?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from framework.recipe import Recipe

_FROM_OTHERS = ("${checkpoint:", "${output:")


def check_recipe(path: Path | str, overrides: Iterable[str] = ()) -> Recipe:
    """Check a recipe and build what each of its stages names; nothing is trained.

    Args:
        path: the file, or its name.
        overrides: `key=value`, as on the command line.

    Returns:
        The recipe. A stage that starts from what another has made is checked and not built.

    Raises:
        AssertionError: something in it cannot be built, or its resolved form is not the
            same recipe.
        UserError: something in it is wrong; the message says where.
    """
    from framework.recipe import load, load_text
    from framework.recipe.named import find_recipe
    from framework.testing.sections import seed_everything

    recipe = load(find_recipe(str(path)), list(overrides))
    again = load_text(recipe.to_yaml(), name=recipe.name)
    assert again.resolved() == recipe.resolved(), f"{path}: the resolved recipe reads as another one"
    for stage in recipe.stages.values():
        if any(what in str(stage.resolved()) for what in _FROM_OTHERS):
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


def check_experiment(path: Path | str, overrides: Iterable[str] = (), *, steps: int = 4) -> None:
    """Check a recipe and all that its stages name: each environment, model, algorithm and evaluator.

    The same as `check_recipe`, and `check_environment` or `check_producer`, `check_model`, `check_algorithm`
    and `check_evaluator` for each of them once. A stage that starts from what another has made starts
    from nothing here.

    Args:
        path: the file, or its name.
        overrides: `key=value`, as on the command line: what makes the experiment a small one.
        steps: training steps of each algorithm, half of them before it is stopped and resumed.

    Raises:
        AssertionError: the message says what is wrong.
        UserError: something in the recipe is wrong; the message says where.
    """
    from framework import testing

    done: list[Any] = []

    def once(check: Callable[..., None], section: Any, **others: Any) -> None:
        if (check, section, others) not in done:
            done.append((check, section, others))
            check(section, **others)

    for stage in check_recipe(path, overrides).stages.values():
        sections = _without_others(stage.resolved())
        environment, model, algorithm = map(sections.get, ("environment", "model", "algorithm"))
        if stage.produces:
            once(testing.check_producer, environment)
            continue
        if environment:
            once(testing.check_environment, environment)
        if environment and model:
            once(testing.check_model, model, environment=environment)
        if environment and algorithm:
            learns = {"environment": environment, "model": model}
            once(testing.check_algorithm, algorithm, steps=steps, **learns)
            for evaluator in sections["evaluators"]:
                if "environment" in evaluator:
                    once(testing.check_environment, evaluator["environment"])
                once(testing.check_evaluator, evaluator, algorithm=algorithm, **learns)


def _without_others(value: Any) -> Any:
    """Sections without the parameters that are what another stage or run has made."""
    if isinstance(value, list):
        return [_without_others(each) for each in value]
    if not isinstance(value, dict):
        return value
    made = {key for key, each in value.items() if isinstance(each, str) and each.startswith(_FROM_OTHERS)}
    return {key: _without_others(each) for key, each in value.items() if key not in made}
