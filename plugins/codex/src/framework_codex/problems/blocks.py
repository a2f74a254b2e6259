"""The paper's 13 string building blocks: what they do, how they are worded and programmed.

Section 5.3 and appendix C. Each block is described three times, independently: by `apply`,
the reference that expected results are computed with; by `code`, fragments that programs to
learn from are put together of; by `wordings`, from which docstrings are.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Block:
    """A building block.

    Attributes:
        name: short and unique.
        apply: the reference.
        wordings: what a docstring calls it; imperative, lower case, without a full stop.
        code: equivalent fragments that change the variable `{v}`; the first is the clean one.
        slip: a fragment that nearly does the same.
    """

    name: str
    apply: Callable[[str], str]
    wordings: tuple[str, ...]
    code: tuple[str, ...]
    slip: str


def _words_after_half(s: str) -> str:
    words = re.findall(r"\S+", s)
    return " ".join(words[len(words) // 2 :])


BLOCKS: tuple[Block, ...] = (
    Block(
        "remove_e",
        lambda s: re.sub("e", "", s),
        (
            "remove every letter e",
            "delete all letters e from the string",
            "take out each occurrence of the letter e",
        ),
        (
            '{v} = {v}.replace("e", "")',
            '{v} = "".join({c} for {c} in {v} if {c} != "e")',
            '{v} = "".join({v}.split("e"))',
        ),
        '{v} = {v}.replace("e", " ")',
    ),
    Block(
        "spaces_to_exclamation",
        lambda s: re.sub(" ", "!", s),
        (
            "turn spaces into exclamation points",
            "replace each space with an exclamation point",
            "put an exclamation point in place of every space",
        ),
        (
            '{v} = {v}.replace(" ", "!")',
            '{v} = "!".join({v}.split(" "))',
            '{v} = "".join("!" if {c} == " " else {c} for {c} in {v})',
        ),
        '{v} = {v}.replace("!", " ")',
    ),
    Block(
        "lower_case",
        lambda s: "".join(map(str.lower, s)),
        (
            "convert the string to lower case",
            "make all letters lower case",
            "write everything in small letters",
        ),
        (
            "{v} = {v}.lower()",
            '{v} = "".join({c}.lower() for {c} in {v})',
            '{v} = "".join([{c}.lower() if {c}.isupper() else {c} for {c} in {v}])',
        ),
        "{v} = {v}.upper()",
    ),
    Block(
        "trim_two",
        lambda s: "".join(s[i] for i in range(2, len(s) - 2)),
        (
            "drop the first two and the last two characters",
            "remove two characters at each end",
            "cut off the first and last two characters",
        ),
        (
            "{v} = {v}[2:-2]",
            "{v} = {v}[2:]\n{v} = {v}[:-2]",
            "{v} = {v}[2 : max(2, len({v}) - 2)]",
        ),
        "{v} = {v}[1:-1]",
    ),
    Block(
        "remove_vowels",
        lambda s: re.sub("[aeiou]", "", s, flags=re.IGNORECASE | re.ASCII),
        (
            "remove all vowels",
            "delete the vowels from the string",
            "keep everything but the vowels",
        ),
        (
            '{v} = "".join({c} for {c} in {v} if {c} not in "aeiouAEIOU")',
            'for vowel in "aeiouAEIOU":\n    {v} = {v}.replace(vowel, "")',
            'kept = ""\nfor {c} in {v}:\n    if {c}.lower() not in "aeiou":\n        kept += {c}\n{v} = kept',
        ),
        '{v} = "".join({c} for {c} in {v} if {c} not in "aeiou")',
    ),
    Block(
        "remove_every_third",
        lambda s: "".join(s[i : i + 2] for i in range(1, len(s), 3)),
        (
            "remove every third character",
            "delete every third character, the first included",
            "leave out each third character",
        ),
        (
            '{v} = "".join({c} for i, {c} in enumerate({v}) if i % 3 != 0)',
            'kept = ""\nfor i in range(len({v})):\n    if i % 3 != 0:\n        kept += {v}[i]\n{v} = kept',
            'letters = list({v})\ndel letters[::3]\n{v} = "".join(letters)',
        ),
        '{v} = "".join({c} for i, {c} in enumerate({v}) if i % 3 == 0)',
    ),
    Block(
        "drop_last_half",
        lambda s: "".join(c for i, c in enumerate(s) if 2 * i < len(s) - len(s) % 2),
        (
            "drop the last half of the string",
            "keep only the first half of the characters",
            "cut away the second half of the string",
        ),
        (
            "{v} = {v}[: len({v}) // 2]",
            "half = len({v}) // 2\n{v} = {v}[:half]",
            "{v} = {v}[: int(len({v}) / 2)]",
        ),
        "{v} = {v}[len({v}) // 2 :]",
    ),
    Block(
        "triple_spaces",
        lambda s: re.sub(" ", " " * 3, s),
        (
            "replace each space with three spaces",
            "triple the spaces",
            "make every space three spaces wide",
        ),
        (
            '{v} = {v}.replace(" ", "   ")',
            '{v} = "   ".join({v}.split(" "))',
            '{v} = "".join({c} * 3 if {c} == " " else {c} for {c} in {v})',
        ),
        '{v} = {v}.replace(" ", "  ")',
    ),
    Block(
        "reverse_words",
        lambda s: " ".join(reversed(re.findall(r"\S+", s))),
        (
            "reverse the order of the words",
            "put the words in reverse order",
            "arrange the words from last to first",
        ),
        (
            'words = {v}.split()\n{v} = " ".join(words[::-1])',
            '{v} = " ".join(reversed({v}.split()))',
            'words = {v}.split()\nwords.reverse()\n{v} = " ".join(words)',
        ),
        "{v} = {v}[::-1]",
    ),
    Block(
        "drop_first_half_of_words",
        _words_after_half,
        (
            "drop the first half of the words",
            "keep only the last half of the words",
            "remove the leading half of all words",
        ),
        (
            'words = {v}.split()\n{v} = " ".join(words[len(words) // 2 :])',
            'words = {v}.split()\nmiddle = len(words) // 2\n{v} = " ".join(words[middle:])',
            '{v} = " ".join({v}.split()[len({v}.split()) // 2 :])',
        ),
        'words = {v}.split()\n{v} = " ".join(words[: len(words) // 2])',
    ),
    Block(
        "add_apples",
        lambda s: " ".join(re.findall(r"\S+", re.sub(r"(\S+)", r"\1 apples", s))),
        (
            "add the word apples after each word",
            "insert apples behind every word",
            "let the word apples follow each word",
        ),
        (
            '{v} = " ".join(word + " apples" for word in {v}.split())',
            '{v} = " ".join([f"{{word}} apples" for word in {v}.split()])',
            (
                "words = []\nfor word in {v}.split():\n    words.append(word)\n"
                '    words.append("apples")\n{v} = " ".join(words)'
            ),
        ),
        '{v} = {v} + " apples"',
    ),
    Block(
        "upper_every_other",
        lambda s: "".join(
            a.upper() + b for a, b in zip(s[::2], [*s[1::2], ""][: (len(s) + 1) // 2], strict=True)
        ),
        (
            "make every other character upper case",
            "capitalize each second character, beginning with the first",
            "change every other letter to a capital",
        ),
        (
            '{v} = "".join({c}.upper() if i % 2 == 0 else {c} for i, {c} in enumerate({v}))',
            (
                'mixed = ""\nfor i, {c} in enumerate({v}):\n'
                "    mixed += {c} if i % 2 else {c}.upper()\n{v} = mixed"
            ),
            (
                "letters = list({v})\nfor i in range(0, len(letters), 2):\n"
                '    letters[i] = letters[i].upper()\n{v} = "".join(letters)'
            ),
        ),
        '{v} = "".join({c}.upper() if i % 2 == 1 else {c} for i, {c} in enumerate({v}))',
    ),
    Block(
        "delete_marks",
        lambda s: re.sub(r"[!?.]", "", s),
        (
            "delete all exclamation points, question marks and full stops",
            "remove the marks that end sentences",
            "strip every !, ? and . from the string",
        ),
        (
            '{v} = "".join({c} for {c} in {v} if {c} not in "!?.")',
            'for mark in "!?.":\n    {v} = {v}.replace(mark, "")',
            '{v} = {v}.replace("!", "").replace("?", "").replace(".", "")',
        ),
        '{v} = {v}.replace(".", "")',
    ),
)

BY_NAME = {block.name: block for block in BLOCKS}


def compose(chain: tuple[Block, ...], s: str) -> str:
    """What a chain makes of a string, by the references."""
    for block in chain:
        s = block.apply(s)
    return s
