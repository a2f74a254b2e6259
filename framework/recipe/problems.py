"""What is wrong with a recipe and where: places, problems, and the error that lists them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from framework.errors import UserError

#: Keys and list indices from the top of the recipe: `("evaluators", 0, "episodes")`.
KeyPath: TypeAlias = tuple[str | int, ...]

#: Stands for a value that was refused and reported, so that it is not reported twice.
INVALID: Any = type("Invalid", (), {"__repr__": lambda self: "INVALID"})()


class Place(NamedTuple):
    """Where something is written.

    Attributes:
        source: a file as the user wrote it, or `override 'algorithm.k=4'`.
        line: counted from 1; 0 in an override, and where the whole file is meant.
        column: counted from 1; 0 where the whole file is meant.
    """

    source: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if self.line:
            return f"{self.source}:{self.line}:{self.column}"
        return f"{self.source}, column {self.column}" if self.column else self.source


class Mark(NamedTuple):
    """Where one entry is written.

    Attributes:
        key: its key, or the list item.
        value: its value.
        typed: the text of an override's plain value, which a string or path takes as it stands.
    """

    key: Place
    value: Place
    typed: str | None = None


class Marks(dict[KeyPath, Mark]):
    """The mark of every entry, by path. The top of the recipe is `()`."""

    def place(self, path: KeyPath, *, key: bool = False) -> Place:
        """Return where `path` is written, or the nearest entry above it that is."""
        for length in range(len(path), -1, -1):
            mark = self.get(path[:length])
            if mark is not None:
                return mark.key if key and length == len(path) else mark.value
        return Place("recipe")

    def typed(self, path: KeyPath) -> str | None:
        """Return the text that an override gave for `path`, if it is a plain one."""
        return self[path].typed if path in self else None

    def below(self, path: KeyPath) -> Marks:
        """Return the marks at and under `path`, as if it were the top."""
        return Marks({p[len(path) :]: mark for p, mark in self.items() if p[: len(path)] == path})


@dataclass(frozen=True)
class Problem:
    """One mistake.

    Attributes:
        place: where it is.
        what: one line that names the thing.
        hints: what was expected, the nearest name, where to read more; one line each.
    """

    place: Place
    what: str
    hints: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join([f"{self.place}: {self.what}", *(f"  {hint}" for hint in self.hints)])

    def to_dict(self) -> dict[str, Any]:
        """The problem as `framework check --json` prints it."""
        return {**self.place._asdict(), "message": self.what, "hints": list(self.hints)}


@dataclass(frozen=True)
class Reference:
    """What stands for a value that was read from environment variables.

    Attributes:
        text: an interpolation that gives the value again: `${oc.env:DATA}/train`.
        secret: whether it may hold a password: any of the variables is not open to every recipe.
    """

    text: str
    secret: bool


class RecipeError(UserError):
    """A recipe cannot be used; the message lists every problem found, in order of place.

    Attributes:
        problems: the same, one by one, each once.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        found = dict.fromkeys(problems)
        self.problems = sorted(found, key=lambda p: (p.place.line == 0, p.place, p.what))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def refuse(place: Place, what: str, *hints: str) -> RecipeError:
    """Return the error of a single problem, to be raised."""
    return RecipeError([Problem(place, what, hints)])


@dataclass
class Findings:
    """Collects problems while a recipe is checked, so that all are reported at once.

    Attributes:
        marks: where everything is written.
        problems: found so far.
        references: what is recorded and shown of the values that came from environment variables.
    """

    marks: Marks = field(default_factory=Marks)
    problems: list[Problem] = field(default_factory=list)
    references: dict[KeyPath, Reference] = field(default_factory=dict)

    def reference(self, path: KeyPath) -> str:
        """What to show in place of a value at `path`, or "" if it came from no environment variable."""
        for where, found in self.references.items():
            if path[: len(where)] == where:
                return found.text
            if where[: len(path)] == path:
                return f"a value with {found.text}"
        return ""

    def add(self, path: KeyPath, what: str, *hints: str, key: bool = False) -> None:
        """Report a problem at `path`: at its value, or at its key."""
        self.problems.append(Problem(self.marks.place(path, key=key), what, tuple(h for h in hints if h)))
