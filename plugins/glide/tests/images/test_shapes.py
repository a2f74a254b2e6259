from __future__ import annotations

import copy
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from framework.testing import check_environment
from framework_glide.images.captioned_shapes import TOGETHER, make_shapes
from framework_glide.images.captions import parse
from framework_glide.images.config import ShapesConfig
from framework_glide.images.scenes import draw_scenes
from framework_glide.images.shapes import coverage, render
from framework_glide.images.tables import pixels
from framework_glide.images.vocabulary import ATTRIBUTES, COLOURS, NONE, SHAPES
from framework_glide.training.batch import collate, supply_of

SMALL = {"images": 400, "validation": 200}
SPLITS = ("train", "validation", "held_out")


def _truth(split: Dataset) -> list[dict[str, str]]:
    columns = {name: [split.features[name].names[i] for i in split[name]] for name in ATTRIBUTES}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def test_the_environment_conforms() -> None:
    for streaming in (False, True):
        check_environment({"use": "glide/captioned_shapes", **SMALL, "streaming": streaming})


def test_areas_are_those_of_geometry() -> None:
    radius, n = 0.2, 50
    centre = np.random.default_rng(0).uniform(0.3, 0.7, (n, 2))
    arm = 0.34 * radius
    exact = {
        "circle": math.pi * radius**2,
        "square": (2 * 0.9 * radius) ** 2,
        "triangle": 2 * radius * radius,
        "cross": 2 * (2 * radius) * (2 * arm) - (2 * arm) ** 2,
    }
    for shape, area in exact.items():
        covered = coverage(shape, centre, np.full(n, radius), 16)
        assert covered.mean(axis=(1, 2)).mean() == pytest.approx(area, rel=0.01)
        assert covered.min() >= 0 and covered.max() <= 1


@pytest.mark.parametrize("shape", ["triangle", "circle"])
def test_shapes_are_those_pillow_draws(shape: str) -> None:
    x, y, r, side = 0.42, 0.55, 0.3, 1024
    canvas = Image.new("L", (side, side))
    if shape == "circle":
        ImageDraw.Draw(canvas).ellipse([side * (x - r), side * (y - r), side * (x + r), side * (y + r)], 255)
    else:
        corners = [(x, y - r), (x - r, y + r), (x + r, y + r)]
        ImageDraw.Draw(canvas).polygon([(side * a, side * b) for a, b in corners], 255)
    drawn = np.asarray(canvas.resize((16, 16), Image.Resampling.BOX)) / 255
    covered = coverage(shape, np.array([[x, y]]), np.array([r]), 16)[0]
    np.testing.assert_allclose(covered, drawn, atol=0.03)


@pytest.mark.parametrize(("large", "small"), [(64, 16), (64, 32), (128, 64), (256, 64)])
def test_a_small_picture_is_the_average_of_the_large_one(large: int, small: int) -> None:
    scenes, _ = draw_scenes(ShapesConfig(images=100), "train")
    big = torch.from_numpy(render(scenes, large)).permute(0, 3, 1, 2).float()
    averaged = torch.nn.functional.interpolate(big, (small, small), mode="area")
    direct = torch.from_numpy(render(scenes, small)).permute(0, 3, 1, 2).float()
    difference = (averaged - direct).abs()
    assert difference.mean() < 0.1  # of 255
    if large <= 64:  # drawn on one grid
        assert difference.max() <= 1


def test_objects_are_inside_apart_and_where_the_relation_says() -> None:
    scenes, _ = draw_scenes(ShapesConfig(images=3000, one_object=0.3), "train")
    two = scenes.count == 2
    for place, there in ((0, scenes.count >= 1), (1, two)):
        reach = scenes.radius[there, place, None]
        assert (scenes.centre[there, place] - reach).min() >= 0
        assert (scenes.centre[there, place] + reach).max() <= 1
    away = scenes.centre[two, 1] - scenes.centre[two, 0]
    sideways = scenes.relation[two] == 0
    along = np.where(sideways, away[:, 0], away[:, 1])
    across = np.where(sideways, away[:, 1], away[:, 0])
    assert (along > scenes.radius[two].sum(axis=1) + 0.08).all()
    assert (np.abs(across) < along / 2).all()


def test_pixels_have_the_colours_of_their_objects() -> None:
    environment = make_shapes(ShapesConfig(**SMALL, size=32))
    scenes, _ = draw_scenes(ShapesConfig(**SMALL), "train")
    pictures, names = pixels(environment["train"]), list(COLOURS)
    palette = np.array(list(COLOURS.values()))
    for i, truth in enumerate(_truth(environment["train"])):
        for place in range(scenes.count[i]):
            x, y = (scenes.centre[i, place] * 32).astype(int)
            nearest = np.abs(palette - pictures[i, y, x].astype(float)).sum(axis=1).argmin()
            assert names[nearest] == truth[f"colour_{place + 1}"]


def test_captions_are_right_where_they_have_to_be() -> None:
    environment = make_shapes(ShapesConfig(**SMALL, caption_noise=0.25))
    for split in SPLITS:
        wrong = 0
        truths = _truth(environment[split])
        for truth, caption, mentioned in zip(
            truths, environment[split]["caption"], environment[split]["mentioned"], strict=True
        ):
            said = parse(caption)
            assert said is not None
            assert list(said) == mentioned
            wrong += not said.items() <= truth.items()
        if split == "train":
            assert 0.15 < wrong / len(truths) < 0.32
        else:
            assert wrong == 0


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_no_caption_or_every_caption_is_another_pictures(noise: float) -> None:
    right = make_shapes(ShapesConfig(**SMALL, caption_noise=0))["train"]["caption"]
    given_ = make_shapes(ShapesConfig(**SMALL, caption_noise=noise))["train"]["caption"]
    same = np.mean([a == b for a, b in zip(right, given_, strict=True)])
    assert sorted(right) == sorted(given_)
    assert same == 1 if noise == 0 else same < 0.05


def test_what_is_held_out_is_seen_in_its_split_alone() -> None:
    config = ShapesConfig(**SMALL)
    environment = make_shapes(config)
    for split in SPLITS:
        for truth in _truth(environment[split]):
            kinds = {f"{truth[f'colour_{i}']} {truth[f'shape_{i}']}" for i in (1, 2)}
            assert len(kinds & set(config.held_out)) == (split == "held_out")
    assert set(make_shapes(ShapesConfig(**SMALL, held_out=()))) == {"train", "validation"}


def test_a_scene_depends_on_the_seed_and_neither_on_the_size_nor_on_the_number() -> None:
    first = make_shapes(ShapesConfig(**SMALL))["validation"]
    larger = make_shapes(ShapesConfig(size=32, images=50, validation=300))["validation"]
    assert first["caption"] == list(larger["caption"])[:200]
    other = make_shapes(ShapesConfig(**SMALL, seed=1))["validation"]
    assert first["caption"] != other["caption"]
    again = make_shapes(ShapesConfig(**SMALL))["validation"]
    np.testing.assert_array_equal(pixels(first), pixels(again))


def test_a_stream_draws_the_pictures_that_a_table_holds() -> None:
    config = ShapesConfig(images=TOGETHER + 40, validation=4, caption_noise=0)
    table = make_shapes(config)["train"]
    rows = list(make_shapes(replace(config, streaming=True))["train"])
    assert [row["caption"] for row in rows] == list(table["caption"])
    np.testing.assert_array_equal(np.stack([row["image"] for row in rows]), pixels(table))
    assert all(rows[i][name] == table[i][name] for i in (0, 511, 551) for name in (*ATTRIBUTES, "mentioned"))


def test_a_share_of_a_streams_captions_is_wrong() -> None:
    config = ShapesConfig(images=2 * TOGETHER, validation=4, streaming=True, caption_noise=0.25)
    truths = make_shapes(replace(config, streaming=False))["train"]
    names = {name: truths.features[name].names for name in ATTRIBUTES}
    wrong = 0
    for row in make_shapes(config)["train"]:
        said = parse(row["caption"])
        assert said is not None
        assert list(said) == row["mentioned"]
        wrong += any(names[name][row[name]] != value for name, value in said.items())
    assert 0.18 < wrong / config.images < 0.3


def test_a_resumed_stream_goes_on_with_the_same_pictures() -> None:
    config = ShapesConfig(images=3 * TOGETHER, validation=4, streaming=True)
    supply = supply_of(make_shapes(config)["train"], 300, seed=3)
    supply.take(750)
    state = copy.deepcopy(supply.state_dict())
    there = collate(supply.take(TOGETHER))
    again = supply_of(make_shapes(config)["train"], 300, seed=3)
    again.load_state_dict(state)
    here = collate(again.take(TOGETHER))
    assert here.rows["caption"] == there.rows["caption"]
    assert torch.equal(here.images, there.images)


def test_splits_and_classes_are_balanced() -> None:
    environment = make_shapes(ShapesConfig(images=6000, validation=2, one_object=0.5))
    train = environment["train"]
    assert np.mean(np.array(train["relation"]) == 0) == pytest.approx(0.5, abs=0.03)
    shares = np.bincount(train["shape_1"], minlength=len(SHAPES)) / len(train)
    assert shares == pytest.approx(np.full(len(SHAPES), 1 / len(SHAPES)), abs=0.03)


def test_columns_are_as_datasets_would_make_them() -> None:
    train = make_shapes(ShapesConfig(**SMALL))["train"]
    assert train.features["image"].shape == (16, 16, 3)
    assert train.features["shape_2"].names[0] == NONE
    by_datasets = Dataset.from_dict(train[:10], features=train.features)
    assert by_datasets[3] == train[3]
    assert by_datasets.features == train.features
    np.testing.assert_array_equal(pixels(train, [3, 1]), np.array(train[[3, 1]]["image"], np.uint8))
    np.testing.assert_array_equal(pixels(train.shuffle(seed=0).select(range(5)))[:0].shape, (0, 16, 16, 3))


@settings(deadline=None, max_examples=15)
@given(
    size=st.integers(8, 80),
    one=st.floats(0, 1),
    backgrounds=st.lists(st.sampled_from(["light", "dark"]), min_size=1, max_size=3),
    seed=st.integers(0, 2**40),
)
def test_any_parameters_make_pictures(size: int, one: float, backgrounds: list[str], seed: int) -> None:
    config = ShapesConfig(
        size=size,
        images=5,
        validation=3,
        one_object=one,
        backgrounds=tuple(backgrounds),  # type: ignore[arg-type]
        seed=seed,
    )
    assert pixels(make_shapes(config)["train"]).shape == (5, size, size, 3)


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ({"held_out": ("red hexagon",)}, "red hexagon"),
        ({"held_out": tuple(f"{c} {s}" for c in COLOURS for s in SHAPES)}, "every colour"),
        ({"backgrounds": ()}, "backgrounds"),
    ],
)
def test_impossible_parameters_are_named(given_: dict[str, tuple[str, ...]], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ShapesConfig(**given_)  # type: ignore[arg-type]
