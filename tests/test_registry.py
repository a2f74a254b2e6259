"""Components are found by kind and name; what is not found is answered with what is near."""

from __future__ import annotations

import dataclasses

import pytest

from framework import Component
from framework.component import Kind
from framework.errors import UnknownComponentError
from framework.plugins import Plugin
from framework.registry import Registry


def registry() -> Registry:
    def made(kind: Kind, plugin: str, name: str) -> Component:
        return dataclasses.replace(Component(name, "x:y"), plugin=plugin, kind=kind)

    her = [
        made("environment", "her", "fetch_push"),
        made("environment", "her", "fetch_reach"),
        made("model", "her", "policy"),
        made("algorithm", "her", "policy"),
        made("algorithm", "her", "hindsight"),
    ]
    glide = [made("model", "glide", "unet")]
    broken = Plugin("adr", "framework-adr", "0.2", error="ImportError: no")
    return Registry(
        [Plugin("glide", "", "", components=glide), Plugin("her", "", "", components=her), broken]
    )


def test_get() -> None:
    assert registry().get("model", "her/policy").kind == "model"
    assert registry().get("algorithm", "her/policy").kind == "algorithm"


def test_components_are_sorted_by_kind_and_name() -> None:
    names = [f"{c.kind} {c.full_name}" for c in registry().components()]
    assert names == [
        "environment her/fetch_push",
        "environment her/fetch_reach",
        "model glide/unet",
        "model her/policy",
        "algorithm her/hindsight",
        "algorithm her/policy",
    ]
    assert [c.full_name for c in registry().components("model")] == ["glide/unet", "her/policy"]
    assert registry().components("evaluator") == []


def absent(plugin: str) -> str:
    return (
        f"no plugin {plugin!r} is installed: pip install framework-{plugin} "
        f"(from a checkout: pip install ./plugins/{plugin})"
    )


@pytest.mark.parametrize(
    ("kind", "name", "hints"),
    [
        ("environment", "her/fetch_psh", ["did you mean 'her/fetch_push'?"]),
        ("environment", "fetch_push", ["did you mean 'her/fetch_push'?"]),
        ("model", "her/hindsight", ["'her/hindsight' is one of the algorithms"]),
        ("environment", "her/policy", ["'her/policy' is one of the models and algorithms"]),
        ("model", "her/zzz", ["known: glide/unet, her/policy"]),
        ("model", "codex/gpt", [absent("codex")]),
        ("environment", "he/fetch_push", ["did you mean 'her/fetch_push'?", absent("he")]),
        ("environment", "adr/cube", ["plugin adr (framework-adr 0.2) is broken: ImportError: no"]),
        (
            "environment",
            "zzz",
            ["components are named plugin/name", "known: her/fetch_push, her/fetch_reach"],
        ),
        ("evaluator", "her/score", ["no plugin registers any evaluator"]),
    ],
)
def test_unknown(kind: Kind, name: str, hints: list[str]) -> None:
    with pytest.raises(UnknownComponentError) as caught:
        registry().get(kind, name)
    assert str(caught.value) == "\n  ".join([f"unknown {kind} {name!r}", *hints])


def test_find_in_every_kind() -> None:
    assert [c.kind for c in registry().find("her/policy")] == ["model", "algorithm"]
    with pytest.raises(
        UnknownComponentError, match=r"^unknown component 'her/polcy'\n  did you mean 'her/policy'\?$"
    ):
        registry().find("her/polcy")
    with pytest.raises(UnknownComponentError, match=r"^unknown component 'q'\n  see: framework list$"):
        registry().find("q")
