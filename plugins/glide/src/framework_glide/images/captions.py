"""Captions of scenes in several wordings, and what a caption says."""

from __future__ import annotations

import random
import re

from framework_glide.images.vocabulary import COLOURS, NONE, SHAPES

_SIZE_WORDS = {"small": ("small", "little"), "large": ("large", "big")}
_OPENINGS = ("", "", "a picture of ", "there is ")

#: Phrases between two objects: told with the first one first, and the other way round.
_PHRASES = {
    "left of": (("to the left of", "left of"), ("to the right of", "right of")),
    "above": (("above", "over"), ("below", "under")),
}

_OBJECT = (
    (
        r"(?:(?:an?|one) )?(?:(?P<size_{0}>"
        + "|".join(word for words in _SIZE_WORDS.values() for word in words)
    )
    + r") )?(?P<colour_{0}>"
    + "|".join(COLOURS)
    + r") (?P<shape_{0}>"
    + "|".join(SHAPES)
    + ")"
)
_MEANING = {
    phrase: (relation, turned)
    for relation, both in _PHRASES.items()
    for turned, phrases in zip((False, True), both, strict=True)
    for phrase in phrases
}
_CAPTION = re.compile(
    r"(?:(?:an? (?:picture|image|photo) of|there is) )?"
    + _OBJECT.format(1)
    + r"(?: (?:is )?(?P<phrase>"
    + "|".join(_MEANING)
    + ") "
    + _OBJECT.format(2)
    + r")?\.?"
)


def caption(attributes: dict[str, str], sized: float, seed: int) -> str:
    """Word what is in a picture.

    Args:
        attributes: the class of each of `ATTRIBUTES`.
        sized: probability that an object's size is told.
        seed: of the wording.

    Returns:
        One sentence in lower case: `a large red circle to the left of a green cross`.
    """
    rng = random.Random(seed)
    first = _noun(attributes, 1, sized, rng)
    opening = rng.choice(_OPENINGS)
    if attributes["relation"] == NONE:
        return opening + first
    second = _noun(attributes, 2, sized, rng)
    straight, turned = _PHRASES[attributes["relation"]]
    if rng.random() < 0.5:
        return f"{opening}{first} {rng.choice(straight)} {second}"
    return f"{opening}{second} {rng.choice(turned)} {first}"


def parse(text: str) -> dict[str, str] | None:
    """What a caption says of the picture, by attribute; None if it is no caption of a scene.

    Of two objects the first is the left or upper one, whichever the caption names first. A caption
    of one object says that there is no second one.
    """
    found = _CAPTION.fullmatch(" ".join(text.lower().split()))
    if found is None:
        return None
    relation, turned = _MEANING[found["phrase"]] if found["phrase"] else (NONE, False)
    said = {"relation": relation}
    for place in (1, 2):
        told = 3 - place if turned else place
        for name in ("shape", "colour", "size"):
            if relation == NONE and place == 2:
                said[f"{name}_2"] = NONE
            elif word := found[f"{name}_{told}"]:
                said[f"{name}_{place}"] = _size(word) if name == "size" else word
    return said


def _noun(attributes: dict[str, str], place: int, sized: float, rng: random.Random) -> str:
    words = [attributes[f"colour_{place}"], attributes[f"shape_{place}"]]
    if rng.random() < sized:
        words.insert(0, rng.choice(_SIZE_WORDS[attributes[f"size_{place}"]]))
    return f"a {' '.join(words)}"


def _size(word: str) -> str:
    return next(size for size, words in _SIZE_WORDS.items() if word in words)
