"""The Shadow hand tasks, as recipes name them."""

from __future__ import annotations

from typing import Any

from framework_her.hand.config import BlockConfig, EggConfig, HandReachConfig, PenConfig
from framework_her.hand.manipulate import ManipulateEnv, Task
from framework_her.hand.reach import HandReachEnv

BLOCK = {
    "rotate_z": Task(thing="block", rotation="z"),
    "rotate_parallel": Task(thing="block", rotation="parallel"),
    "rotate_xyz": Task(thing="block", rotation="xyz"),
    "full": Task(thing="block", rotation="xyz", moved=True),
}
EGG = {
    "rotate": Task(thing="egg", rotation="xyz"),
    "full": Task(thing="egg", rotation="xyz", moved=True),
}
PEN = {
    "rotate": Task(thing="pen", rotation="xyz", turned_at_start=False, spins=True),
    "full": Task(thing="pen", rotation="xyz", moved=True, turned_at_start=False, spins=True),
}


def make_reach(config: HandReachConfig, **options: Any) -> HandReachEnv:
    """HandReach: bring the tips of the thumb and a finger together."""
    return HandReachEnv(config, **options)


def make_block(config: BlockConfig, **options: Any) -> ManipulateEnv:
    """HandManipulateBlock: turn and move a block in the hand."""
    return ManipulateEnv(BLOCK[config.task], config, **options)


def make_egg(config: EggConfig, **options: Any) -> ManipulateEnv:
    """HandManipulateEgg: turn and move an egg in the hand."""
    return ManipulateEnv(EGG[config.task], config, **options)


def make_pen(config: PenConfig, **options: Any) -> ManipulateEnv:
    """HandManipulatePen: turn and move a pen in the hand."""
    return ManipulateEnv(PEN[config.task], config, **options)
