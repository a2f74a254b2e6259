"""The environment `codex/chains`: functions that chain string building blocks (section 5.3).

What is held out: of the chains of two blocks or more, a fixed share (`held_out`, chosen by
`problem_seed` alone) is used in problems and nowhere else. The 13 chains of one block are too
few for that; what is new in their problems is the function's name, as in all problems:
names of problems never occur in training text.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from framework.errors import UserError
from framework_codex.problem import Problem
from framework_codex.problems.blocks import BLOCKS, compose
from framework_codex.problems.config import ChainsConfig
from framework_codex.problems.programs import Written, clean, found
from framework_codex.problems.tables import pair_table, problem_table, text_table
from framework_codex.problems.wording import Chain

if TYPE_CHECKING:
    from datasets import DatasetDict

_VERBS = ("edit", "change", "process", "transform", "convert", "rewrite", "modify", "adjust", "alter")
_NOUNS = ("text", "string", "line", "sentence", "words", "phrase", "message", "title")
_NAMES = [f"{verb}_{noun}" for verb in _VERBS for noun in _NOUNS]
PROBLEM_NAMES = tuple(_NAMES[::4])
TRAINING_NAMES = tuple(name for name in _NAMES if name not in PROBLEM_NAMES)

#: What problems are tested on: every block changes at least one of them; lengths of both
#: parities, in characters and in words.
STRINGS = (
    "The quick brown fox jumps over the lazy dog. Does Every Letter appear here? Yes!",
    "Hello World! Where are we going today? To the GREEN house.",
    "Seven elephants meet IN the Garden. They eat leaves, berries and Apples? Never!",
    "an ordinary Line with 10 words, One number and no end",
    "Is This It? Yes! No. Maybe... We will see ELEVEN things tomorrow Evening.",
    "One two three four five six seven eight nine ten Eleven twelve thirteen!",
    "Bees",
    "a E? I!",
    "",
)


def make_chains(config: ChainsConfig) -> DatasetDict:
    """Build the splits `train`, `validation`, `pairs`, `validation_pairs` and `problems`."""
    from datasets import DatasetDict

    return DatasetDict(
        {
            "train": text_table(texts(config, "train")),
            "validation": text_table(texts(config, "validation")),
            "pairs": pair_table(pairs(config, "pairs")),
            "validation_pairs": pair_table(pairs(config, "validation_pairs")),
            "problems": problem_table(problems(config)),
        }
    )


def texts(config: ChainsConfig, split: str) -> Iterator[str]:
    """Documented functions of the split `train` or `validation`."""
    rng = random.Random(f"{config.seed}/{split}")
    count = config.functions if split == "train" else config.validation
    chains = _training_chains(config, count, rng)
    for first in chains:
        mistake = rng.random() < config.mistakes
        others = rng.randrange(config.together) if config.together > 1 else 0
        document = []
        for chain in (first, *islice(chains, others)):
            name, style = rng.choice(TRAINING_NAMES), rng.choice(config.styles)
            document.append(found(name, chain, _wordings(chain, rng), style, mistake, rng).text)
        yield "\n\n".join(document)


def pairs(config: ChainsConfig, split: str) -> Iterator[dict[str, str]]:
    """Curated rows of the split `pairs` or `validation_pairs`: right, and in one style."""
    rng = random.Random(f"{config.seed}/{split}")
    count = config.pairs if split == "pairs" else config.validation
    for index, chain in enumerate(_training_chains(config, count, rng)):
        written = clean(rng.choice(TRAINING_NAMES), chain, _wordings(chain, rng))
        yield {
            "task_id": f"{split}/{index}",
            "prompt": written.prompt,
            "completion": written.body,
        }


def problems(config: ChainsConfig) -> Iterator[Problem]:
    """The problems; they depend on `problem_seed`, `held_out`, `test_lengths` and their number.

    Each step of a chain matters: without it some test fails.

    Raises:
        UserError: a length has no chain to test.
    """
    for length in dict.fromkeys(config.test_lengths):
        rng = random.Random(f"{config.problem_seed}/problems/{length}")
        chains = _tested_chains(length, config, rng)
        seen = set()
        for index in range(config.tasks_per_length):
            # A chain comes again, in other words, only where there are too few.
            chain = chains[index % len(chains)]
            while (task := (chain, rng.choice(PROBLEM_NAMES), _wordings(chain, rng))) in seen:
                pass
            seen.add(task)
            written = clean(task[1], chain, task[2])
            yield _problem(f"chains/{length}/{index}", task[1], chain, written)


def is_held_out(chain: Chain, config: ChainsConfig) -> bool:
    """Whether only problems may be made of a chain."""
    names = "/".join(block.name for block in chain)
    return len(chain) > 1 and _draw_for(names, config.problem_seed) < config.held_out


@lru_cache(maxsize=1 << 16)
def _draw_for(names: str, seed: int) -> float:
    # Chains are drawn one by one, so that more problems or other lengths hold out the same.
    digest = hashlib.blake2b(f"{seed}/{names}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def _training_chains(config: ChainsConfig, count: int, rng: random.Random) -> Iterator[Chain]:
    for length in rng.choices(config.lengths, config.weights or None, k=count):
        chain = _draw(length, rng)
        while is_held_out(chain, config):
            chain = _draw(length, rng)
        yield chain


def _tested_chains(length: int, config: ChainsConfig, rng: random.Random) -> list[Chain]:
    """As many different chains as there are tasks, or all there are."""
    drawn: set[Chain] = set()
    chains: list[Chain] = []
    for _ in range(100 * len(BLOCKS) ** 2 + 100 * config.tasks_per_length):
        if len(chains) >= config.tasks_per_length:
            break
        chain = _draw(length, rng)
        if chain in drawn:
            continue
        drawn.add(chain)
        if (length == 1 or is_held_out(chain, config)) and _every_step_matters(chain):
            chains.append(chain)
    if config.tasks_per_length and not chains:
        raise UserError(
            f"no chain of {length} blocks is left to test with held_out: {config.held_out:g}\n"
            "  hold out a larger share, or leave this length out of test_lengths"
        )
    return chains


def _draw(length: int, rng: random.Random) -> Chain:
    chain = [rng.choice(BLOCKS)]
    while len(chain) < length:
        block = rng.choice(BLOCKS)
        if block is not chain[-1]:
            chain.append(block)
    return tuple(chain)


def _wordings(chain: Chain, rng: random.Random) -> tuple[str, ...]:
    return tuple(rng.choice(block.wordings) for block in chain)


def _every_step_matters(chain: Chain) -> bool:
    whole = [compose(chain, s) for s in STRINGS]
    return all(whole != [compose(chain[:i] + chain[i + 1 :], s) for s in STRINGS] for i in range(len(chain)))


def _problem(task_id: str, name: str, chain: Chain, written: Written) -> Problem:
    tests = [f"    assert candidate({s!r}) == {compose(chain, s)!r}" for s in STRINGS]
    return Problem(
        task_id=task_id,
        prompt=written.prompt,
        entry_point=name,
        canonical_solution=written.body,
        test="\n".join(["def check(candidate):", *tests, ""]),
        length=len(chain),
    )
