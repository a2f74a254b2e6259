from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework_glide.images.captions import caption, parse
from framework_glide.images.vocabulary import ATTRIBUTES, NONE


@st.composite
def attributes(draw: st.DrawFn) -> dict[str, str]:
    found = {name: draw(st.sampled_from(classes)) for name, classes in ATTRIBUTES.items()}
    alone = found["relation"] == NONE
    for name in ("shape_2", "colour_2", "size_2"):
        found[name] = NONE if alone else draw(st.sampled_from(ATTRIBUTES[name][1:]))
    return found


@given(attributes(), st.integers(0, 2**53))
def test_a_caption_that_tells_all_says_what_is_there(truth: dict[str, str], seed: int) -> None:
    assert parse(caption(truth, 1.0, seed)) == truth


@given(attributes(), st.floats(0, 1), st.integers(0, 2**53))
def test_a_caption_says_nothing_untrue_and_leaves_out_sizes_alone(
    truth: dict[str, str], sized: float, seed: int
) -> None:
    said = parse(caption(truth, sized, seed))
    assert said is not None
    assert said.items() <= truth.items()
    assert {name for name in truth if name not in said} <= {"size_1", "size_2"}


@given(attributes(), st.integers(0, 2**53))
def test_sizes_can_be_left_out_always(truth: dict[str, str], seed: int) -> None:
    said = parse(caption(truth, 0.0, seed)) or {}
    assert "size_1" not in said
    assert said.get("size_2", NONE) == NONE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "a red circle above a blue square",
            {
                "relation": "above",
                "shape_1": "circle",
                "colour_1": "red",
                "shape_2": "square",
                "colour_2": "blue",
            },
        ),
        (
            "A picture of a large  red circle to the right of a little GREEN cross.",
            {
                "relation": "left of",
                "shape_1": "cross",
                "colour_1": "green",
                "size_1": "small",
                "shape_2": "circle",
                "colour_2": "red",
                "size_2": "large",
            },
        ),
        (
            "small cyan triangle",
            {
                "relation": NONE,
                "shape_1": "triangle",
                "colour_1": "cyan",
                "size_1": "small",
                "shape_2": NONE,
                "colour_2": NONE,
                "size_2": NONE,
            },
        ),
    ],
)
def test_captions_people_write_are_understood(text: str, said: dict[str, str]) -> None:
    assert parse(text) == said


@given(st.text())
def test_other_text_is_no_caption_and_no_error(text: str) -> None:
    assert parse(f"{text} ?") is None


def test_there_are_several_wordings() -> None:
    truth = {name: classes[-1] for name, classes in ATTRIBUTES.items()}
    assert len({caption(truth, 0.5, seed) for seed in range(400)}) > 50
