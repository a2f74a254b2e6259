"""`key=a,b,c` from the command line -> the combinations of a sweep."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from framework.errors import UserError
from framework.recipe.yaml import parse
from framework.runs.names import short_names

_RANGE = re.compile(
    r"(?P<low>[-+]?[\d.][\d_.]*?(?:e[-+]?\d+)?)\.\.(?P<high>[-+]?[\d.][\d_.]*(?:e[-+]?\d+)?)", re.IGNORECASE
)
_CLOSING = {"[": "]", "{": "}"}
#: Positive ends this many times apart are searched on a logarithmic scale.
LOG_FACTOR = 100


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included, for a search to choose from.

    Attributes:
        whole: only whole numbers.
        log: on a logarithmic scale, as for positive ends a factor of 100 or more apart.
    """

    low: float
    high: float
    whole: bool

    @property
    def log(self) -> bool:
        return self.low > 0 and self.high >= LOG_FACTOR * self.low

    def text(self, value: float) -> str:
        """A number of this range as an override writes it."""
        return str(int(value)) if self.whole else repr(float(value))


@dataclass(frozen=True)
class Axis:
    """A key of the recipe and what it is set to.

    Attributes:
        key: dotted, as in an override.
        values: as they were written.
        range: of a search; then there are no values.
    """

    key: str
    values: tuple[str, ...] = ()
    range: Range | None = None

    @property
    def fixed(self) -> bool:
        return len(self.values) == 1


@dataclass(frozen=True)
class Combination:
    """One run of a sweep.

    Attributes:
        choices: key -> value as written, of the axes that vary.
        overrides: all of them, `key=value`, the fixed ones too.
        name: the choices in short: "k=0 seed=2".
    """

    choices: dict[str, str]
    overrides: tuple[str, ...]
    name: str


@dataclass(frozen=True)
class Axes:
    """What a sweep varies, and what it sets once for all."""

    axes: tuple[Axis, ...] = ()
    _labels: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        self._labels.update(short_names(axis.key for axis in self.varying))

    @classmethod
    def parse(cls, settings: Sequence[str], ranges: bool = False) -> Axes:
        """Read settings such as `algorithm.k=0,4` and `model.hidden=[64,64],[256,256]`.

        Args:
            settings: each `key=value` or `key=value,value,...`; values are YAML, and commas
                within brackets or quotes do not separate.
            ranges: whether `1e-4..1e-2` is a range.

        Raises:
            UserError: no `=`, an empty value, brackets or quotes that are not closed, or a
                key or value given twice.
        """
        axes: dict[str, Axis] = {}
        for setting in settings:
            key, equals, text = setting.partition("=")
            key = key.strip()
            if not key or not equals:
                raise UserError(f"{setting!r} is not of the form key=value or key=value,value")
            if key in axes:
                raise UserError(f"{key} is given twice\n  write its values together: {key}=a,b,c")
            if key.partition(".")[0] == "tracking" and len(split_values(text, setting)) > 1:
                raise UserError(f"{setting!r}: a sweep is tracked in one place; {key} takes one value")
            axes[key] = _axis(key, text, setting, ranges)
        return cls(tuple(axes.values()))

    @property
    def varying(self) -> tuple[Axis, ...]:
        return tuple(axis for axis in self.axes if not axis.fixed)

    @property
    def ranges(self) -> tuple[Axis, ...]:
        return tuple(axis for axis in self.axes if axis.range)

    def combinations(self) -> Iterator[Combination]:
        """Every combination of the values, the last key varying fastest."""
        varying = self.varying
        for values in itertools.product(*(axis.values for axis in varying)):
            yield self.combination({axis.key: value for axis, value in zip(varying, values, strict=True)})

    def combination(self, choices: dict[str, str]) -> Combination:
        """The run with these values of the keys that vary."""
        overrides = tuple(f"{axis.key}={choices.get(axis.key) or axis.values[0]}" for axis in self.axes)
        name = " ".join(f"{self._labels[key]}={value}" for key, value in choices.items())
        return Combination(choices, overrides, name)


def written(value: Any) -> str:
    """A value of a recipe as a setting writes it."""
    # A string that would be read as a number, true or null needs its quotes.
    plain = (
        isinstance(value, str)
        and re.fullmatch(r"[\w./+-]([\w./+ -]*[\w./+-])?", value)
        and parse(value, "sweep", override_column=1).data == value
    )
    return value if plain else json.dumps(value, ensure_ascii=False)


def split_values(text: str, setting: str) -> list[str]:
    """Split at the commas that are in no brackets and no quotes.

    Raises:
        UserError: a bracket or quote is not closed, or there is nothing between two commas.
    """
    values, start, quote, closed = [], 0, "", -2
    open_brackets: list[str] = []
    for index, char in enumerate(text):
        if quote:
            # A backslash before it makes a double quote part of the string.
            if char == quote and not (quote == '"' and _escaped(text, index)):
                quote, closed = "", index
        elif char in "'\"" and _begins_scalar(text, start, index):
            quote = char
        elif char == "'" and closed == index - 1:
            quote = char  # two in a row are one within the string
        elif char in _CLOSING:
            open_brackets.append(_CLOSING[char])
        elif open_brackets and char == open_brackets[-1]:
            open_brackets.pop()
        elif char == "," and not open_brackets:
            values.append(text[start:index].strip())
            start = index + 1
    if quote or open_brackets:
        missing = quote or open_brackets[-1]
        raise UserError(f"{setting!r}: {missing} is missing: a bracket or quote is not closed")
    values.append(text[start:].strip())
    if "" in values and len(values) > 1:
        raise UserError(f"{setting!r}: there is no value between two commas\n  an empty string is written ''")
    return values


def _axis(key: str, text: str, setting: str, ranges: bool) -> Axis:
    values = split_values(text, setting)
    found = [_RANGE.fullmatch(value) for value in values]
    if any(found):
        if not ranges:
            raise UserError(
                f"{setting!r} is a range, for a search: add --trials N and --metric NAME\n"
                f"  a grid takes values: {key}=a,b,c"
            )
        if len(values) > 1:
            raise UserError(f"{setting!r}: give one range, or values")
        assert found[0] is not None
        return Axis(key, range=_range(found[0]["low"], found[0]["high"], setting))
    twice = next((value for index, value in enumerate(values) if value in values[:index]), None)
    if twice is not None:
        raise UserError(f"{setting!r}: the value {twice} is given twice")
    return Axis(key, tuple(values))


def _range(low: str, high: str, setting: str) -> Range:
    try:
        ends = float(low), float(high)
    except ValueError:
        raise UserError(f"{setting!r}: a range is written low..high, such as 1e-4..1e-2") from None
    if ends[0] >= ends[1]:
        raise UserError(f"{setting!r}: a range goes from low to high, {high} is not more than {low}")
    whole = all(re.fullmatch(r"[-+]?[\d_]+", end) for end in (low, high))
    return Range(*ends, whole=whole)


def _begins_scalar(text: str, start: int, index: int) -> bool:
    """Whether a quote here opens a string: elsewhere (don't) it is a letter like others."""
    before = text[start:index].rstrip()
    return not before or before[-1] in "[{,:?"


def _escaped(text: str, index: int) -> bool:
    return (index - len(text[:index].rstrip("\\"))) % 2 == 1
