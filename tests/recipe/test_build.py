"""From the recipe to the thing: what builders receive."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from framework.contracts import KeepsWork
from framework.recipe import CheckpointRef, Recipe, load_text
from framework.recipe.checkpoint import construct, fill
from framework.recipe.elsewhere import Elsewhere
from framework.registry import Registry

from .fake import Budget, Built, Learn, Net, World, build_from


def recipe(text: str, toys: Registry) -> Recipe:
    return load_text(text, registry=toys)


def test_context_comes_first(toys: Registry) -> None:
    use = recipe("algorithm: {use: toy/learn, budget: {steps: 3}}", toys).stages["main"].algorithm
    assert use is not None
    assert build_from(use, "env", "net") == Built(("env", "net", Learn(budget=Budget(steps=3))), {})


def test_the_seed_is_filled_in(toys: Registry) -> None:
    text = "environment: {use: toy/world}\nevaluators: [{use: toy/judge}]"
    use = recipe(text, toys).stages["main"].environment
    assert use is not None
    assert build_from(use, seed=11) == Built((World(seed=11),), {})
    given = load_text(text, overrides=["environment.seed=5"], registry=toys).stages["main"].environment
    assert given is not None
    assert build_from(given, seed=11) == Built((World(seed=5),), {})


def test_a_component_without_a_seed_gets_none(toys: Registry) -> None:
    (use,) = recipe("evaluators: [{use: toy/judge}]", toys).stages["main"].evaluators
    assert build_from(use, seed=11).options == {"episodes": 10, "names": ()}


def test_building_twice_shares_nothing(toys: Registry) -> None:
    use = (
        recipe("model: {use: toy/net, hidden: [8]}\nevaluators: [{use: toy/judge}]", toys)
        .stages["main"]
        .model
    )
    assert use is not None
    first, second = build_from(use).given[0], build_from(use).given[0]
    assert first == second == Net(hidden=[8])
    assert first.hidden is not second.hidden
    assert first.hidden is not use.arguments["hidden"]


PARTS = """
seed: 7
environment: {use: toy/around, of: {use: toy/world, size: 9}}
algorithm:
  use: toy/wrap
  inner: {use: toy/learn, budget: {steps: 3}, base: "${checkpoint:an earlier run}"}
  worlds: {far: {use: toy/world, seed: 5}}
  judge: {use: toy/judge, environment: {use: toy/world, size: 2}}
  opponents: {pool: [{use: toy/sized, steps: 1}]}
evaluators:
  - use: toy/across
    environment: {use: toy/world, size: 3}
    of: {use: toy/judge, episodes: 2}
"""


def test_parts_are_built_first_from_what_their_wrapper_is_built_from(toys: Registry) -> None:
    use = recipe(PARTS, toys).stages["main"].algorithm
    world = Built(("spaces",), {})
    built = build_from(use, world, "net", seed=7, resolve=lambda reference: Path("/runs") / reference.name)
    environment, model, wrap = built.given
    assert (environment, model, wrap.seed) == (world, "net", 7)
    inner = wrap.inner.given
    assert inner == (world, "net", Learn(budget=Budget(steps=3), base=Path("/runs/an earlier run")))
    assert wrap.worlds == {"far": Built((World(seed=5),), {})}
    (opponent,) = wrap.opponents.pool
    assert opponent == Built((("spaces",),), {"budget": Budget(steps=1)})
    assert wrap.critic is None


def test_an_environment_around_an_environment(toys: Registry) -> None:
    """What the context does not have is taken from the parts beside."""
    with_friend = PARTS.replace("size: 9}}", "size: 9}, friend: {use: toy/sized, steps: 1}}")
    use = recipe(with_friend, toys).stages["main"].environment
    (around,) = build_from(use, seed=7).given
    assert around.of == Built((World(size=9, seed=7),), {})
    assert around.friend == Built((around.of.given,), {"budget": Budget(steps=1)})
    assert around.friend.given[0] is around.of.given


def test_an_evaluator_within_another_judges_in_its_own_environment(
    toys: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("framework.building._fits", lambda built, kind: True)
    use = recipe(PARTS, toys).stages["main"].algorithm
    judge = build_from(use, Built((), {}), None, seed=7, resolve=lambda _: Path("x")).given[2].judge
    assert judge.options == {"episodes": 10, "names": ()}
    assert judge("the algorithm", "the training's environment") == (
        "the algorithm",
        Built((World(size=2, seed=7),), {}),
    )


def test_an_evaluator_within_another_that_judges_elsewhere_gets_its_folder(tmp_path: Path) -> None:
    class Slow:
        folder: Path | None = None

        def __call__(self, algorithm: object, environment: object) -> tuple[object, Path | None]:
            return environment, self.folder

    judge = Elsewhere(Slow(), lambda: "elsewhere")
    assert isinstance(judge, KeepsWork)
    judge.folder = tmp_path
    assert judge("the algorithm", "here") == ("elsewhere", tmp_path)
    assert judge.folder == tmp_path
    assert not isinstance(Elsewhere(len, lambda: None), KeepsWork)


def test_resolved_records_parts_and_reads_as_the_same(toys: Registry) -> None:
    first = recipe(PARTS, toys)
    again = load_text(first.to_yaml(), registry=toys)
    assert again.resolved() == first.resolved()
    algorithm = first.resolved()["algorithm"]
    assert algorithm["inner"]["k"] == 4
    assert algorithm["inner"]["base"] == "${checkpoint:'an earlier run'}"
    assert algorithm["worlds"]["far"] == {
        "use": "toy/world",
        "size": 4,
        "gravity": -9.81,
        "walls": True,
        "seed": 5,
    }
    (evaluator,) = first.resolved()["evaluators"]
    assert evaluator["environment"]["size"] == 3
    assert evaluator["of"] == {"use": "toy/judge", "episodes": 2, "names": []}


def test_overrides_reach_into_parts(toys: Registry) -> None:
    settings = ["algorithm.inner.k=0", "evaluators.0.of.episodes=5"]
    changed = load_text(PARTS, overrides=settings, registry=toys)
    resolved = changed.resolved()
    assert resolved["algorithm"]["inner"]["k"] == 0
    assert resolved["evaluators"][0]["of"]["episodes"] == 5


@dataclasses.dataclass(frozen=True, kw_only=True)
class Start:
    weights: Path | None = None
    others: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        if self.weights is not None and self.weights.name == "bad":
            raise ValueError("these weights are bad")


def test_checkpoints_deep_inside() -> None:
    reference, other = CheckpointRef("a"), CheckpointRef("b")
    start = construct(Start, {"weights": reference, "others": (Path("x"), other)})
    assert start.weights == reference
    value = {"list": [start], "plain": 1}
    filled = fill(value, lambda ref: Path("/found") / ref.name)
    expected = Start(weights=Path("/found/a"), others=(Path("x"), Path("/found/b")))
    assert filled == {"list": [expected], "plain": 1}


def test_the_real_file_is_checked_too() -> None:
    start = construct(Start, {"weights": CheckpointRef("a")})
    with pytest.raises(ValueError, match="bad"):
        fill(start, lambda ref: Path("bad"))
