"""Functions of several variables in which each operation has to find its variable (section 6).

As in the paper's example: something is added to or subtracted from some of the variables, and
the product of all is returned. A wrong program is recognised by its results: they are those
of a reference in which an operation or a factor is missing, or has another variable or sign.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain, combinations, product
from math import prod
from typing import TypeAlias

from framework_codex.problem import Problem

_NAMES = "xyzwuv"
_NUMBERS = ("two", "three", "four", "five", "six")

#: Seed of the probe; training functions have others.
_PROBE = 0

#: What is added to each variable; 0 where nothing is.
Offsets: TypeAlias = tuple[int, ...]
Results: TypeAlias = tuple[int, ...]
#: One value of each variable per call.
Inputs: TypeAlias = list[tuple[int, ...]]

#: Mistakes, in the order in which a program is asked for them.
MISTAKES = (
    "operation left out",
    "factor missing",
    "operation left out and factor missing",
    "wrong variable",
    "wrong sign",
)


def binding_problem(
    variables: int, operations: int, index: int, seed: int
) -> tuple[Problem, dict[str, Problem]]:
    """One problem, and for each mistake a problem that is passed by programs that make it.

    Args:
        variables: 2 ... 6.
        operations: variables that something is done to, at most all.
        index: of the problem among those with as many operations.
        seed: of the draws.
    """
    problem, inputs, offsets = _drawn(variables, operations, index, seed)
    mistaken = {
        name: replace(problem, task_id=f"{problem.task_id}/{name}", test=_test(accepted, inputs))
        for name, accepted in _mistakes(inputs, offsets).items()
    }
    return problem, mistaken


def probe(variables: int, operations: int, count: int) -> list[tuple[Problem, dict[str, Problem]]]:
    """The problems a model is asked, the same ones always."""
    return [binding_problem(variables, operations, index, _PROBE) for index in range(count)]


def texts(count: int, seed: int) -> Iterator[str]:
    """Functions of this kind to train on; none is in a probe of up to 100 problems each.

    Args:
        count: how many.
        seed: of the draws.
    """
    if not count:
        return
    kinds = [(variables, bound) for variables in (2, 3, 4) for bound in range(1, variables + 1)]
    asked = {_drawn(*kind, index, _PROBE)[0].prompt for kind in kinds for index in range(100)}
    rng = random.Random(f"{seed}/bindings")
    while count:
        variables, operations = rng.choice(kinds)
        problem, _, _ = _drawn(variables, operations, rng.getrandbits(32), seed + 1)
        if problem.prompt not in asked:
            yield problem.program(problem.canonical_solution)
            count -= 1


def _drawn(variables: int, operations: int, index: int, seed: int) -> tuple[Problem, Inputs, Offsets]:
    """One problem, what its tests call it with, and what it adds to each variable."""
    rng = random.Random(f"{seed}/{variables}/{operations}/{index}")
    amounts = dict.fromkeys(range(variables), 0)
    bound = rng.sample(range(variables), operations)
    amounts |= {place: rng.choice((-1, 1)) * rng.randint(1, 9) for place in bound}
    offsets = tuple(amounts.values())
    inputs = [tuple(rng.sample(range(20, 100), variables)) for _ in range(4)]
    names = _NAMES[:variables]
    arguments = ", ".join(names)
    changes = [f"    {names[place]} = {names[place]} {_signed(offsets[place])}\n" for place in bound]
    problem = Problem(
        task_id=f"binding/{variables}/{operations}/{index}",
        prompt=f'def do_work({arguments}):\n    """{_sentence(names, bound, offsets)}"""\n',
        entry_point="do_work",
        canonical_solution="".join(changes) + f"    return {' * '.join(names)}\n",
        test=_test([_results(inputs, offsets)], inputs),
    )
    return problem, inputs, offsets


def _sentence(names: str, bound: list[int], offsets: Offsets) -> str:
    """What is asked, operations by the same amount in one phrase as the paper has them."""
    groups: dict[int, list[str]] = {}
    for place in bound:
        groups.setdefault(offsets[place], []).append(names[place])
    phrases = []
    for amount, group in groups.items():
        verb, word = ("add", "to") if amount > 0 else ("subtract", "from")
        both = {1: "", 2: "both "}.get(len(group), "each of ")
        phrases.append(f"{verb} {abs(amount)} {word} {both}{_listed(group)}")
    tail = f"Return the product of the {_NUMBERS[len(names) - 2]} numbers."
    steps = ", then ".join(phrases)
    return f"{steps[0].upper()}{steps[1:]}. {tail}" if steps else tail


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _signed(amount: int) -> str:
    return f"{'-' if amount < 0 else '+'} {abs(amount)}"


def _mistakes(inputs: Inputs, offsets: Offsets) -> dict[str, list[Results]]:
    """The results of programs that make each mistake; none twice, and none that is right."""
    every = tuple(range(len(offsets)))
    fewer_factors = [kept for size in range(1, len(every)) for kept in combinations(every, size)]
    omitted = list(_fewer_operations(offsets))
    found: Mapping[str, Iterator[tuple[Offsets, tuple[int, ...]]]] = dict(
        zip(
            MISTAKES,
            (
                product(omitted, [every]),
                product([offsets], fewer_factors),
                product(omitted, fewer_factors),
                product(_other_variables(offsets), [every]),
                product(_other_signs(offsets), [every]),
            ),
            strict=True,
        )
    )
    seen = {_results(inputs, offsets)}
    accepted: dict[str, list[Results]] = {}
    for name, programs in found.items():
        results = dict.fromkeys(_results(inputs, *program) for program in programs)
        accepted[name] = [result for result in results if result not in seen]
        seen.update(results)
    return {name: results for name, results in accepted.items() if results}


def _fewer_operations(offsets: Offsets) -> Iterator[Offsets]:
    bound = [place for place, amount in enumerate(offsets) if amount]
    sizes = range(1, len(bound) + 1)
    for out in chain.from_iterable(combinations(bound, size) for size in sizes):
        yield tuple(0 if place in out else amount for place, amount in enumerate(offsets))


def _other_variables(offsets: Offsets) -> Iterator[Offsets]:
    """One operation at another variable, on top of what is done there; or two exchanged."""
    places = range(len(offsets))
    for source in (place for place in places if offsets[place]):
        for target in (place for place in places if place != source):
            moved = list(offsets)
            moved[target] += moved[source]
            moved[source] = 0
            yield tuple(moved)
            exchanged = list(offsets)
            exchanged[source], exchanged[target] = offsets[target], offsets[source]
            yield tuple(exchanged)


def _other_signs(offsets: Offsets) -> Iterator[Offsets]:
    return product(*((amount, -amount) if amount else (0,) for amount in offsets))


def _results(inputs: Inputs, offsets: Offsets, factors: tuple[int, ...] | None = None) -> Results:
    places = range(len(offsets)) if factors is None else factors
    return tuple(prod(values[place] + offsets[place] for place in places) for values in inputs)


def _test(accepted: list[Results], inputs: Inputs) -> str:
    return (
        f"INPUTS = {inputs!r}\nACCEPTED = {[list(results) for results in accepted]!r}\n\n\n"
        "def check(candidate):\n    assert [candidate(*values) for values in INPUTS] in ACCEPTED\n"
    )
