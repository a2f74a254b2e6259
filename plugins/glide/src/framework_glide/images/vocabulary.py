"""What a scene can consist of, and the words for it."""

from __future__ import annotations

SHAPES = ("circle", "square", "triangle", "cross")

#: Colours and their mean RGB, 0 ... 255.
COLOURS = {
    "red": (222, 40, 40),
    "green": (34, 152, 52),
    "blue": (44, 76, 226),
    "yellow": (246, 206, 30),
    "purple": (156, 44, 182),
    "cyan": (36, 198, 216),
}

SIZES = ("small", "large")

#: Of the first object to the second. The first is the left one, or the upper one.
RELATIONS = ("left of", "above")

#: The class of what is not there.
NONE = "none"

#: The attributes of a picture, in the order of the columns, and the classes of each.
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "relation": (NONE, *RELATIONS),
    "shape_1": SHAPES,
    "colour_1": tuple(COLOURS),
    "size_1": SIZES,
    "shape_2": (NONE, *SHAPES),
    "colour_2": (NONE, *COLOURS),
    "size_2": (NONE, *SIZES),
}
