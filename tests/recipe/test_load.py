"""What right recipes mean: types, numbers, extends, interpolation, what is recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from framework.recipe import CheckpointRef, Recipe, Stage, TrainerConfig, load, load_text
from framework.registry import Registry

from .fake import Budget, Order, build_from

LEARN = "use: toy/learn, budget: {steps: 10}"


def only_stage(text: str, toys: Registry, *overrides: str) -> Stage:
    (stage,) = load_text(text, overrides=overrides, registry=toys).stages.values()
    return stage


def arguments(written: str, toys: Registry) -> dict[str, Any]:
    """The converted arguments of toy/learn, given in flow style."""
    use = only_stage(f"algorithm: {{{LEARN}, {written}}}", toys).algorithm
    assert use is not None
    del use.arguments["budget"]
    return use.arguments


@pytest.mark.parametrize(
    ("written", "name", "value"),
    [
        ("rate: 1e-3", "rate", 0.001),
        ("rate: .5", "rate", 0.5),
        ("clip: 3", "clip", 3.0),
        ("clip: -.inf", "clip", float("-inf")),
        ("clip: +1.5E+3", "clip", 1500.0),
        ("k: 3e5", "k", 300_000),
        ("k: 300_000", "k", 300_000),
        ("k: 0x1F", "k", 31),
        ("k: 0o17", "k", 15),
        ("k: 010", "k", 10),
        ("k: !!int 7", "k", 7),
        ("k: +7", "k", 7),
        ("order: LAST", "order", Order.LAST),
        ("order: last in", "order", Order.LAST),
        ("betas: [0, 0.5]", "betas", (0.0, 0.5)),
        ("sizes: []", "sizes", ()),
        ("sizes: [1, 2, 3]", "sizes", (1, 2, 3)),
        ("schedule: 2", "schedule", 2.0),
        ("schedule: [1, 0.5]", "schedule", [1.0, 0.5]),
        ("extra: {entropy: 1, value: 0.5}", "extra", {"entropy": 1.0, "value": 0.5}),
        ("by_level: {1: easy, 2: hard}", "by_level", {1: "easy", 2: "hard"}),
        ("anything: {a: [1, x, null]}", "anything", {"a": [1, "x", None]}),
        ("anything: yes", "anything", "yes"),
        ("anything: [on, off, no, y, True, FALSE]", "anything", ["on", "off", "no", "y", True, False]),
        ("anything: 2024-01-01", "anything", "2024-01-01"),
        ("anything: 12:30:45", "anything", "12:30:45"),
        ("anything: 1_000.5", "anything", 1000.5),
        ("anything: [~, Null, ]", "anything", [None, None]),
        ("anything: 1.2.3", "anything", "1.2.3"),
        ("anything: '1e-3'", "anything", "1e-3"),
        (r"anything: '\${seed}'", "anything", "${seed}"),
        ("anything: '${checkpoint:abc}'", "anything", CheckpointRef("abc")),
        ("base: data/x.ckpt", "base", Path("data/x.ckpt")),
        ("base: null", "base", None),
        ("base: '${checkpoint:first run}'", "base", CheckpointRef("first run")),
        ("later: {seconds: 3}", "later", Budget(seconds=3.0)),
    ],
)
def test_values(written: str, name: str, value: Any, toys: Registry) -> None:
    found = arguments(written, toys)[name]
    assert found == value
    assert type(found) is type(value)


def test_defaults_are_left_to_the_component(toys: Registry) -> None:
    assert arguments("k: 1", toys) == {"k": 1}


def test_an_evaluator_described_by_its_signature(toys: Registry) -> None:
    (use,) = only_stage("evaluators: [{use: toy/judge, names: [a, b]}]", toys).evaluators
    assert use.name == "toy/judge"
    assert build_from(use).options == {"episodes": 10, "names": ["a", "b"]}


def test_a_stage_of_a_plain_recipe(toys: Registry) -> None:
    stage = only_stage(f"algorithm: {{{LEARN}}}", toys)
    assert stage == Stage("main", 0, algorithm=stage.algorithm)
    assert stage.trainer == TrainerConfig()


def test_sections_may_be_null(toys: Registry) -> None:
    stage = only_stage(
        f"{{algorithm: {{{LEARN}}}, model: null, evaluators: null, trainer: null, tracking: null}}", toys
    )
    assert (stage.model, stage.evaluators, stage.trainer) == (None, [], TrainerConfig())


@pytest.mark.parametrize("devices", [1, 4, -1, "auto", "0,2", [0, 2]])
def test_trainer(devices: Any, toys: Registry) -> None:
    stage = only_stage(
        f"{{algorithm: {{{LEARN}}}, trainer: {{devices: {devices!r}, max_time: '00:01:00:00'}}}}", toys
    )
    assert stage.trainer == TrainerConfig(devices=devices, max_time="00:01:00:00")


def test_anchors_and_merge_keys(toys: Registry) -> None:
    text = """
algorithm: &learn {use: toy/learn, budget: &long {steps: 10}, k: 1, extra: {a: 1}}
stages:
  first: {algorithm: {<<: *learn, k: 2, later: *long}}
  second: {algorithm: {<<: [{k: 3}, *learn], extra: {b: 2}}}
"""
    first, second = load_text(text, registry=toys).stages.values()
    assert first.algorithm is not None
    assert second.algorithm is not None
    assert first.algorithm.arguments == {
        "budget": Budget(steps=10), "k": 2, "extra": {"a": 1.0}, "later": Budget(steps=10)
    }  # fmt: skip
    assert second.algorithm.arguments == {"budget": Budget(steps=10), "k": 3, "extra": {"a": 1.0, "b": 2.0}}


def test_extends(folder: Path, toys: Registry) -> None:
    (folder / "common").mkdir()
    (folder / "common" / "tracking.yaml").write_text("tracking: {experiment: all, tags: {a: x, b: y}}")
    (folder / "common" / "base.yaml").write_text(
        f"extends: tracking.yaml\nseed: 1\nalgorithm: {{{LEARN}, sizes: [1, 2, 3], extra: {{a: 1}}}}\n"
        "model: {use: toy/net, hidden: [8]}\n"
    )
    (folder / "other.yaml").write_text("seed: 2\nmodel: {use: toy/net, activation: tanh}")
    (folder / "recipe.yaml").write_text(
        "extends: [common/base.yaml, other.yaml]\n"
        "algorithm: {sizes: [4], extra: {b: 2}}\ntracking: {tags: {b: z}}\n"
    )
    recipe = load("recipe.yaml", registry=toys)
    stage = recipe.stages["main"]
    assert stage.algorithm is not None
    assert stage.model is not None
    assert stage.seed == 2
    assert stage.algorithm.arguments["sizes"] == (4,)
    assert stage.algorithm.arguments["extra"] == {"a": 1.0, "b": 2.0}
    assert stage.model.arguments == {"hidden": [8], "activation": "tanh"}
    assert recipe.tracking.tags == {"a": "x", "b": "z"}
    assert list(recipe.files) == ["recipe.yaml", "common/base.yaml", "common/tracking.yaml", "other.yaml"]
    assert recipe.written == recipe.files["recipe.yaml"] == (folder / "recipe.yaml").read_text()


def test_a_file_may_be_extended_twice(folder: Path, toys: Registry) -> None:
    (folder / "base.yaml").write_text(f"algorithm: {{{LEARN}, k: 1}}")
    (folder / "left.yaml").write_text("extends: base.yaml\nalgorithm: {k: 2}")
    (folder / "recipe.yaml").write_text("extends: [left.yaml, base.yaml]")
    assert load("recipe.yaml", registry=toys).resolved()["algorithm"]["k"] == 1


def test_another_component_replaces_the_section(folder: Path, toys: Registry) -> None:
    (folder / "base.yaml").write_text(f"algorithm: {{{LEARN}}}")
    (folder / "recipe.yaml").write_text("extends: base.yaml\nalgorithm: {use: toy/fragile}")
    assert load("recipe.yaml", registry=toys).resolved()["algorithm"] == {
        "use": "toy/fragile",
        "value": 0,
        "brittle": None,
        "unreadable": None,
    }


def test_interpolation(toys: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEWORK_TEST_NAME", "mine")
    monkeypatch.setenv("FRAMEWORK_ENV", "FRAMEWORK_TEST_NAME")
    text = f"""
seed: 7
algorithm: {{{LEARN}, k: "${{seed}}", low: "${{.k}}", sizes: "${{model.hidden}}"}}
model: {{use: toy/net, hidden: [8, 16]}}
tracking: {{experiment: "${{oc.env:FRAMEWORK_TEST_NAME}}-${{seed}}"}}
"""
    recipe = load_text(text, registry=toys)
    use = recipe.stages["main"].algorithm
    assert use is not None
    assert (use.arguments["k"], use.arguments["low"], use.arguments["sizes"]) == (7, 7, (8, 16))
    assert recipe.tracking.experiment == "mine-7"


def test_overrides_are_interpolated_and_seen_by_interpolations(toys: Registry) -> None:
    stage = only_stage(f'algorithm: {{{LEARN}, k: "${{seed}}"}}', toys, "seed=5", "algorithm.high=${seed}")
    assert stage.algorithm is not None
    assert (stage.algorithm.arguments["k"], stage.algorithm.arguments["high"]) == (5, 5)


def test_resolved_holds_every_default(toys: Registry) -> None:
    resolved = load_text("model: {use: toy/net}\nevaluators: [{use: toy/judge}]", registry=toys).resolved()
    assert resolved["seed"] == 0
    assert resolved["model"] == {
        "use": "toy/net", "hidden": [64, 64], "activation": "relu", "weights": None, "start": "zero"
    }  # fmt: skip
    assert resolved["evaluators"] == [{"use": "toy/judge", "episodes": 10, "names": []}]
    assert resolved["trainer"]["keep"] == 2


def test_resolved_leaves_a_seed_to_the_experiment(toys: Registry) -> None:
    text = "environment: {use: toy/world}\nevaluators: [{use: toy/judge}]"
    assert "seed" not in load_text(text, registry=toys).resolved()["environment"]
    given = load_text(text, overrides=["environment.seed=3"], registry=toys)
    assert given.resolved()["environment"]["seed"] == 3


def same(first: Recipe, second: Recipe) -> bool:
    return first.resolved() == second.resolved() and first.to_yaml() == second.to_yaml()


@pytest.mark.parametrize(
    "written",
    [
        "anything: ['', ' ', '~', 'null', '1e-3', '0x1', 'on', '<<', '*a', '&b', '!c', '# d', 'e: f', '-']",
        r"anything: ['\${x}', '\\${seed}', '\\\${seed}', '${seed}', '\a', '$', '$$', '${seed}\${seed}', '}']",
        "anything: [.inf, -.inf, 1e22, 1e-7, 0.1, -0.0, 9223372036854775807, -9223372036854775807]",
        r'anything: "line\nline\ttab é \u2028 \U0001F600 \x07"',
        "anything: {a: {b: {}}, c: [], 1: {}, 'd.e': 1, '': 0}",
        "base: '${checkpoint:0123}', anything: '${checkpoint:''1e5''}'",
        "order: LAST, later: {seconds: 1}, by_level: {7: x}, betas: [0, 0]",
    ],
)
def test_the_resolved_text_is_the_same_recipe(written: str, toys: Registry) -> None:
    recipe = load_text(f"algorithm: {{{LEARN}, {written}}}", registry=toys)
    again = load_text(recipe.to_yaml(), registry=toys)
    assert same(recipe, again)
    assert again.stages == load_text(again.to_yaml(), registry=toys).stages
