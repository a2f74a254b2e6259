"""Tells that a program loops for ever, long before its time is up, where that can be proved.

A loop whose instructions read and write nothing but local names, and call nothing but functions without
effects, does the same again once these names have values they had before. A program that runs for long is
interrupted a few times; if it is in such a loop then, it is followed for some thousand instructions. If it
comes back to the loop's beginning with values it had there, and was nowhere else in between, it never ends.
Other threads, timers and handlers of exceptions, which might come between, make this give up. What a
program does to deceive it can only end that program.
"""

from __future__ import annotations

import builtins
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, NamedTuple

#: Exit status that stands for the proof.
LOOPS = 71
#: CPU-seconds before the first look, each later one after twice as long: they cost a hundredth of the time.
_FIRST = 0.25
#: Instructions and values that are followed.
_STEPS = 4000

_PURE = {
    name: getattr(builtins, name)
    for name in (
        "abs", "all", "any", "bool", "chr", "divmod", "enumerate", "float", "int", "isinstance", "len",
        "list", "max", "min", "ord", "pow", "range", "reversed", "round", "set", "sorted", "str", "sum",
        "tuple", "zip",
    )
}  # fmt: skip
_OPERATIONS = {
    "NOP", "CACHE", "EXTENDED_ARG", "POP_TOP", "COPY", "SWAP", "PUSH_NULL", "PRECALL", "CALL", "LOAD_CONST",
    "LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_NAME", "LOAD_GLOBAL", "STORE_FAST", "STORE_NAME", "BINARY_OP",
    "BINARY_SUBSCR", "BINARY_SLICE", "BUILD_SLICE", "BUILD_TUPLE", "COMPARE_OP", "CONTAINS_OP", "UNARY_NOT",
    "UNARY_NEGATIVE", "UNARY_POSITIVE", "UNARY_INVERT", "TO_BOOL", "GET_ITER", "FOR_ITER", "END_FOR",
    "UNPACK_SEQUENCE", "RETURN_VALUE", "RETURN_CONST", "JUMP_FORWARD", "JUMP_BACKWARD",
    "JUMP_BACKWARD_NO_INTERRUPT", "JUMP_IF_TRUE_OR_POP", "JUMP_IF_FALSE_OR_POP",
}  # fmt: skip
_NAMES = {"LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_NAME", "LOAD_GLOBAL", "STORE_FAST", "STORE_NAME"}
#: The first BINARY_OP that changes its left side in place.
_IN_PLACE = 13
_SIMPLE = (type(None), bool, int, float, complex, str, bytes, range)
_CONTAINERS = (tuple, list, set, frozenset, dict)


class _Loop(NamedTuple):
    """A loop in some code: its first and last instruction, names, and whether values change in place."""

    start: int
    end: int
    names: tuple[str, ...]
    in_place: bool


class _Unknown(Exception):
    """It cannot be told."""


class Loops:
    """Looks at the program each time its timer goes off."""

    def __init__(self) -> None:
        self.pause = _FIRST

    def start(self) -> None:
        """From now on."""
        signal.signal(signal.SIGVTALRM, self.look)
        signal.setitimer(signal.ITIMER_VIRTUAL, self.pause)

    def look(self, _: int, frame: FrameType | None) -> None:
        """Follow the program for a while, if it is in a loop that can be understood."""
        try:
            loop = _loop_at(frame) if frame is not None and _is_alone(frame) else None
            if frame is not None and loop is not None:
                _follow(frame, loop)
            self.pause *= 2
            signal.setitimer(signal.ITIMER_VIRTUAL, self.pause)
        except BaseException:  # the program must not see what goes wrong here
            return


def _is_alone(frame: FrameType) -> bool:
    """Whether nothing but the program's own next instruction can change anything."""
    timers = (signal.getitimer(kind)[0] for kind in (signal.ITIMER_REAL, signal.ITIMER_PROF))
    return (
        frame.f_code.co_filename == "program.py"
        and not frame.f_code.co_exceptiontable
        and len(sys._current_frames()) == 1
        and sys.gettrace() is None
        and sys.getprofile() is None
        and not any(timers)
        and signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
    )


def _loop_at(frame: FrameType) -> _Loop | None:
    """The widest loop around an instruction in which all instructions are known to have no effect."""
    import dis

    instructions = list(dis.get_instructions(frame.f_code))
    ends: dict[int, int] = {}
    for one in instructions:
        if "JUMP_BACKWARD" in one.opname:
            ends[one.argval] = max(ends.get(one.argval, 0), one.offset)
    for start, end in sorted(ends.items(), key=lambda item: item[0] - item[1]):
        if start <= frame.f_lasti <= end:
            inside = [one for one in instructions if start <= one.offset <= end]
            # What a `for` goes through is on the stack, where its place cannot be seen.
            if inside[0].opname != "FOR_ITER" and all(map(_has_no_effect, inside)):
                names = tuple(sorted({one.argval for one in inside if one.opname in _NAMES}))
                in_place = any(one.opname == "BINARY_OP" and (one.arg or 0) >= _IN_PLACE for one in inside)
                return _Loop(start, end, names, in_place)
    return None


def _has_no_effect(instruction: Any) -> bool:
    return instruction.opname in _OPERATIONS or instruction.opname.startswith("POP_JUMP_")


def _follow(frame: FrameType, loop: _Loop) -> None:
    """Watch each instruction; end the process if the loop begins with values it has begun with before."""
    seen: set[str] = set()
    left = [_STEPS]

    def step(now: FrameType, event: str, _: Any) -> Callable[..., Any] | None:
        try:
            left[0] -= 1
            if now is frame and event == "opcode" and loop.start <= now.f_lasti <= loop.end and left[0] > 0:
                if now.f_lasti == loop.start:
                    state = _state(now, loop, left)
                    if state in seen:
                        os._exit(LOOPS)
                    seen.add(state)
                return step
        except BaseException:  # as above
            left[0] = 0
        sys.settrace(None)
        frame.f_trace_opcodes, frame.f_trace_lines = False, True
        frame.f_trace = None
        return None

    frame.f_trace = step
    frame.f_trace_opcodes, frame.f_trace_lines = True, False
    sys.settrace(lambda *_: None)


def _state(frame: FrameType, loop: _Loop, left: list[int]) -> str:
    """All values a loop depends on.

    Raises:
        _Unknown: one of them may change by itself, or with another name's.
    """
    local = frame.f_locals
    parts = []
    for name in loop.names:
        if name in local or name in frame.f_globals:
            value = local[name] if name in local else frame.f_globals[name]
            if loop.in_place and type(value) in (list, set, dict):
                raise _Unknown
            parts.append(f"{name}={_text(value, left)}")
        elif name in frame.f_builtins and frame.f_builtins[name] is not _PURE.get(name):
            raise _Unknown
    return ";".join(parts)


def _text(value: Any, left: list[int]) -> str:
    """Plain data as text that differs where the data do."""
    left[0] -= 1
    kind = type(value)
    if left[0] < 0 or (kind in (int, str, bytes) and sys.getsizeof(value) > 10_000):
        raise _Unknown
    if kind in _SIMPLE:
        text = repr(value)
        if "nan" in text and kind in (float, complex):  # it equals nothing, itself included
            raise _Unknown
        return text
    if kind not in _CONTAINERS:
        raise _Unknown
    items = [part for item in value.items() for part in item] if kind is dict else value
    return f"{kind.__name__}({','.join([_text(item, left) for item in items])})"
