from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.errors import UserError
from framework_codex.problem import Problem
from framework_codex.problems.blocks import BLOCKS, Block, compose
from framework_codex.problems.chains import STRINGS, is_held_out, make_chains, pairs, problems, texts
from framework_codex.problems.config import ChainsConfig
from framework_codex.problems.programs import clean, found
from framework_codex.problems.wording import bullets, parse_docstring, sentence

SMALL = ChainsConfig(functions=600, validation=40, pairs=200)
CHAINS = st.lists(st.sampled_from(BLOCKS), min_size=1, max_size=5).map(tuple)
ASCII = st.text(st.characters(min_codepoint=9, max_codepoint=126), max_size=60)


def defined(code: str) -> Callable[..., Any]:
    """The only function a program defines."""
    namespace: dict[str, Any] = {}
    tree = ast.parse(code)
    exec(compile(tree, "program", "exec"), namespace)
    return namespace[next(node.name for node in tree.body if isinstance(node, ast.FunctionDef))]


def run(code: str, *arguments: Any) -> Any:
    """Call it."""
    return defined(code)(*arguments)


def function(fragment: str) -> str:
    return "def f(s):\n" + "".join(
        f"    {line}\n" for line in [*fragment.format(v="s", c="c").split("\n"), "return s"]
    )


def chain_of(text: str) -> tuple[Block, ...]:
    """The chain that the documented function in a text is said to be."""
    docstring = ast.get_docstring(ast.parse(text).body[0])  # type: ignore[arg-type]
    assert docstring is not None
    blocks = parse_docstring(docstring)
    assert blocks is not None
    return tuple(blocks)


def test_the_paper_has_thirteen_blocks() -> None:
    assert len(BLOCKS) == len({block.name for block in BLOCKS}) == 13
    wordings = [wording for block in BLOCKS for wording in block.wordings]
    assert len(wordings) == len(set(wordings))


@pytest.mark.parametrize(
    ("name", "s", "expected"),
    [
        ("remove_e", "Every tree", "Evry tr"),
        ("spaces_to_exclamation", "a b  c", "a!b!!c"),
        ("lower_case", "Ab C!", "ab c!"),
        ("trim_two", "abcdef", "cd"),
        ("trim_two", "abc", ""),
        ("remove_vowels", "An apple Up", "n ppl p"),
        ("remove_every_third", "abcdefg", "bcef"),
        ("drop_last_half", "abcdef", "abc"),
        ("drop_last_half", "abcde", "ab"),
        ("triple_spaces", "a b", "a   b"),
        ("reverse_words", "one two  three", "three two one"),
        ("drop_first_half_of_words", "one two three", "two three"),
        ("drop_first_half_of_words", "one two three four", "three four"),
        ("add_apples", "red, green", "red, apples green apples"),
        ("upper_every_other", "abcde", "AbCdE"),
        ("delete_marks", "No! Why? So. Ok,", "No Why So Ok,"),
    ],
)
def test_references_do_what_the_paper_says(name: str, s: str, expected: str) -> None:
    assert next(block for block in BLOCKS if block.name == name).apply(s) == expected


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
@given(s=ASCII)
def test_all_implementations_agree_with_the_reference(block: Block, s: str) -> None:
    for fragment in block.code:
        assert run(function(fragment), s) == block.apply(s), fragment


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_problems_tell_a_block_from_its_slip_and_from_nothing(block: Block) -> None:
    slip = defined(function(block.slip))
    assert any(slip(s) != block.apply(s) for s in STRINGS)
    assert any(block.apply(s) != s for s in STRINGS)


@given(chain=CHAINS, s=ASCII, rng=st.randoms(use_true_random=False))
def test_programs_compute_the_composition(chain: tuple[Block, ...], s: str, rng: Any) -> None:
    wordings = tuple(rng.choice(block.wordings) for block in chain)
    assert run(clean("f", chain, wordings).text, s) == compose(chain, s)
    for style in ("clean", "varied", "bullets"):
        written = found("f", chain, wordings, style, False, rng)  # type: ignore[arg-type]
        assert run(written.text, s) == compose(chain, s)
        assert chain_of(written.text) == chain


@given(chain=CHAINS, rng=st.randoms(use_true_random=False))
def test_docstrings_are_parsed_back(chain: tuple[Block, ...], rng: Any) -> None:
    wordings = [rng.choice(block.wordings) for block in chain]
    text = sentence(wordings)
    for form in (
        text,
        f'    """{text}"""\n',
        text.upper(),
        text.replace(" ", "\n    "),
        bullets(wordings, "Do:"),
    ):
        assert parse_docstring(form) == list(chain)
    assert parse_docstring(sentence([*wordings, "fly to the moon"])) is None


@given(st.text())
def test_any_text_is_parsed_or_refused(text: str) -> None:
    assert parse_docstring(text) is None or parse_docstring(text)


def test_problems_are_solved_by_their_canonical_solutions_alone() -> None:
    rows = list(problems(SMALL))
    assert len(rows) == len({row.task_id for row in rows}) == 250
    assert [row.length for row in rows] == [length for length in range(1, 6) for _ in range(50)]
    for row in rows:
        assert row.prompt.endswith('"""\n') and row.canonical_solution.startswith("    ")
        assert row.canonical_solution.endswith("\n") and not row.canonical_solution.endswith("\n\n")
        assert len(chain_of(row.program("    pass\n"))) == row.length
        assert judged(row, row.canonical_solution)
        lines = row.canonical_solution.splitlines(keepends=True)
        assert not judged(row, "    return s\n")
        assert not judged(row, lines[-1])


def body(chain: tuple[Block, ...]) -> str:
    lines = [line for block in chain for line in block.code[0].format(v="s", c="c").split("\n")]
    return "".join(f"    {line}\n" for line in [*lines, "return s"])


def judged(problem: Problem, completion: str) -> bool:
    namespace: dict[str, Any] = {}
    exec(problem.program(completion) + problem.test, namespace)
    try:
        namespace["check"](namespace[problem.entry_point])
    except AssertionError:
        return False
    return True


def test_no_step_of_a_problem_can_be_left_out() -> None:
    for row in problems(SMALL):
        chain = chain_of(row.program("    pass\n"))
        for i in range(len(chain)):
            shorter = chain[:i] + chain[i + 1 :]
            assert not judged(row, body(shorter)), row.prompt


def test_chains_and_names_of_problems_are_held_out() -> None:
    rows = list(problems(SMALL))
    asked = {chain_of(row.program("    pass\n")) for row in rows}
    names = {row.entry_point for row in rows}
    seen = [*texts(SMALL, "train"), *texts(SMALL, "validation")]
    for split in ("pairs", "validation_pairs"):
        seen += [row["prompt"] + row["completion"] for row in pairs(SMALL, split)]
    trained = {chain_of(text) for text in seen}
    assert {chain for chain in asked & trained if len(chain) > 1} == set()
    assert {chain for chain in asked if len(chain) == 1} <= trained
    assert not names & {ast.parse(text).body[0].name for text in seen}  # type: ignore[attr-defined]
    assert all(a is not b for chain in asked | trained for a, b in pairwise(chain))
    assert {len(chain) for chain in trained} == {1, 2, 3}


def test_other_seeds_lengths_and_counts_hold_out_the_same() -> None:
    tasks = list(problems(SMALL))
    assert tasks == list(problems(replace(SMALL, seed=7, functions=1)))
    more = replace(SMALL, tasks_per_length=80, lengths=(2,), seed=3)
    asked = {chain_of(row.program("    pass\n")) for row in problems(more)}
    assert not {chain for chain in asked if len(chain) > 1} & {
        chain_of(text) for text in texts(replace(SMALL, functions=3000), "train")
    }
    assert list(texts(SMALL, "train")) != list(texts(replace(SMALL, seed=7), "train"))
    assert tasks != list(problems(replace(SMALL, problem_seed=1)))


def test_about_the_share_that_is_asked_for_is_held_out() -> None:
    chains = [(a, b, c) for a in BLOCKS for b in BLOCKS for c in BLOCKS if a is not b and b is not c]
    share = sum(is_held_out(chain, SMALL) for chain in chains) / len(chains)
    assert share == pytest.approx(1 / 3, abs=0.04)


def is_right(text: str) -> bool:
    written, chain = defined(text), chain_of(text)
    return all(written(s) == compose(chain, s) for s in STRINGS)


def test_pairs_are_right_and_mistakes_come_as_often_as_asked() -> None:
    for row in pairs(SMALL, "pairs"):
        text = row["prompt"] + row["completion"]
        assert is_right(text)
    for mistakes in (0.0, 0.3):
        config = replace(SMALL, mistakes=mistakes)
        wrong = [not is_right(text) for text in texts(config, "train")]
        assert sum(wrong) / len(wrong) == pytest.approx(mistakes, abs=0.06 if mistakes else 0)


def test_an_authors_functions_are_all_right_or_all_wrong() -> None:
    documents = list(texts(replace(SMALL, mistakes=0.3, together=3), "train"))
    functions = [re.split(r"\n\n\n(?=def )", document) for document in documents]
    assert sum(map(len, functions)) == SMALL.functions
    assert {len(own) for own in functions} == {1, 2, 3}
    wrong = [[not is_right(text) for text in own] for own in functions]
    careless = [own for own in wrong if any(own)]
    assert len(careless) / len(wrong) == pytest.approx(0.3, abs=0.06)
    # A step that is left out is not always missed.
    assert sum(map(sum, careless)) >= 0.85 * sum(map(len, careless))


def test_the_environment_has_its_splits() -> None:
    environment = make_chains(replace(SMALL, functions=20, validation=0))
    assert set(environment) == {"train", "validation", "pairs", "validation_pairs", "problems"}
    assert environment["train"].column_names == environment["validation"].column_names == ["text"]
    assert len(environment["validation"]) == 0
    assert [Problem.of(row) for row in environment["problems"]] == list(problems(SMALL))


def test_every_process_generates_the_same() -> None:
    code = (
        "import hashlib\n"
        "from framework_codex.problems.chains import *\n"
        "c = ChainsConfig(functions=200, pairs=50, tasks_per_length=5)\n"
        "rows = [*texts(c, 'train'), *pairs(c, 'pairs'), *(p.row() for p in problems(c))]\n"
        "digest = hashlib.sha256(repr(rows).encode()).hexdigest()\n"
        "print(digest)"
    )
    environment = {**os.environ, "PYTHONHASHSEED": other_hashes()}
    command = [sys.executable, "-c", code]
    printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    here: dict[str, Any] = {}
    exec(code, here)
    assert printed == here["digest"] + "\n"


def other_hashes() -> str:
    """A seed of the hashes of strings that is not this process's."""
    return "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="one weight for each"):
        ChainsConfig(weights=(1.0, 2.0))
    with pytest.raises(ValueError, match="at least one"):
        ChainsConfig(lengths=())
    with pytest.raises(UserError, match="hold out a larger share"):
        list(problems(ChainsConfig(held_out=1e-9)))
