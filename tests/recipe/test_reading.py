"""Files that are not readable recipes, and unusual ones that are."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from framework.errors import UserError
from framework.recipe import RecipeError, load, load_text
from framework.registry import Registry

GOOD = "algorithm: {use: toy/learn, budget: {steps: 10}}\n"


def message(toys: Registry, path: str = "recipe.yaml", overrides: tuple[str, ...] = ()) -> str:
    with pytest.raises(RecipeError) as caught:
        load(path, overrides, toys)
    assert isinstance(caught.value, UserError)
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"seed: 0\nname: caf\xe9\n", "recipe.yaml:2:10: the byte 0xe9 is not UTF-8"),
        (GOOD.encode("utf-16"), "recipe.yaml:1:1: the byte 0xff is not UTF-8"),
        (b"\xef\xbb\xbfseed: 0\nx: \xff", "recipe.yaml:2:4: the byte 0xff is not UTF-8"),
        (random.Random(0).randbytes(32) + b"\x80\xff\x80", "is not UTF-8"),
    ],
)
def test_not_utf8(folder: Path, toys: Registry, content: bytes, expected: str) -> None:
    (folder / "recipe.yaml").write_bytes(content)
    said = message(toys)
    assert expected in said
    assert said.endswith("\n  save the file with the encoding UTF-8")


@pytest.mark.parametrize(
    ("character", "shown"), [("\0", r"'\x00'"), ("\x07", r"'\x07'"), ("\x7f", r"'\x7f'")]
)
def test_control_characters(folder: Path, toys: Registry, character: str, shown: str) -> None:
    (folder / "recipe.yaml").write_text(f"seed: 0\nuse: x{character}\n")
    assert message(toys) == f"recipe.yaml:2:7: the character {shown} is not allowed in YAML"


def test_too_large(folder: Path, toys: Registry) -> None:
    (folder / "recipe.yaml").write_text("# padding\n" * 30_000)
    assert message(toys) == "recipe.yaml: too large for a recipe: 300,000 bytes, the limit is 262,144"


def test_missing_file_names_the_nearest(folder: Path, toys: Registry) -> None:
    (folder / "recipes").mkdir()
    (folder / "recipes" / "cartpole.yaml").write_text(GOOD)
    near = "no such file\n  did you mean 'recipes/cartpole.yaml'?"
    assert message(toys, "recipes/cartpol.yaml") == f"recipes/cartpol.yaml: {near}"
    assert message(toys, "recipes/cartpole.yml") == f"recipes/cartpole.yml: {near}"
    assert message(toys, "recipes/x.yaml") == "recipes/x.yaml: no such file\n  recipes there: cartpole.yaml"
    assert message(toys, "nowhere/x.yaml") == "nowhere/x.yaml: no such file"


def test_directory(folder: Path, toys: Registry) -> None:
    (folder / "recipes").mkdir()
    assert message(toys, "recipes") == "recipes: a directory, not a recipe"
    (folder / "recipes" / "a.yaml").write_text(GOOD)
    assert message(toys, "recipes") == "recipes: a directory, not a recipe\n  recipes in it: a.yaml"


def test_file_below_a_file(folder: Path, toys: Registry) -> None:
    (folder / "recipe.yaml").write_text(GOOD)
    assert message(toys, "recipe.yaml/x") == "recipe.yaml/x: cannot be read: Not a directory"


def test_name_that_no_file_has(toys: Registry) -> None:
    assert message(toys, "a\0b") == "a\0b: not a file name"
    assert message(toys, "a" * 5000).endswith(": cannot be read: File name too long")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file(folder: Path, toys: Registry) -> None:
    (folder / "recipe.yaml").write_text(GOOD)
    (folder / "recipe.yaml").chmod(0)
    assert message(toys) == "recipe.yaml: cannot be read: Permission denied"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_byte_order_mark_and_line_ends(folder: Path, toys: Registry, newline: str, mark: bytes) -> None:
    text = GOOD + "seed: 3\n# größer\n"
    (folder / "recipe.yaml").write_bytes(mark + text.replace("\n", newline).encode())
    assert load("recipe.yaml", registry=toys).stages["main"].seed == 3


def test_a_chain_of_very_many_files_is_refused(folder: Path, toys: Registry) -> None:
    for number in range(100):
        (folder / f"{number}.yaml").write_text(f"extends: {number + 1}.yaml\n")
    assert message(toys, "0.yaml") == "64.yaml:1:10: the recipe extends more than 64 files"


def test_files_that_multiply_are_refused(folder: Path, toys: Registry) -> None:
    for number in range(40):
        (folder / f"{number}.yaml").write_text(f"extends: [{number + 1}.yaml, {number + 1}.yaml]\n")
    (folder / "40.yaml").write_text(GOOD)
    assert message(toys, "0.yaml") == "39.yaml:1:11: the recipe extends more than 64 files"


def test_text_extends_relative_to_the_working_directory(folder: Path, toys: Registry) -> None:
    (folder / "base.yaml").write_text(GOOD)
    recipe = load_text("extends: base.yaml\nseed: 5\n", registry=toys)
    assert recipe.stages["main"].seed == 5
    assert recipe.path is None


def test_broken_text_is_named(toys: Registry) -> None:
    with pytest.raises(RecipeError, match=r"^run 7:1:1: the recipe is empty$"):
        load_text("", name="run 7", registry=toys)
