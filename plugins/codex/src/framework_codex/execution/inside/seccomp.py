"""System-call filters in classic BPF, assembled here and installed through prctl.

Two filters stack. The zygote's admits a list of calls and refuses all others; its children inherit
it. Each child adds a smaller one that reads arguments: threads but no processes, signals to itself
alone, unconnected sockets none. A refused call fails with EPERM, as an exception in the program,
so that one that merely tries something (and copes) is not killed for it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct

from .syscalls import ALLOWED, CLONE3

_ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}

_LOAD, _EQUAL, _AT_LEAST, _ABOVE, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x25, 0x45, 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_REFUSE = 0x00050000 | errno.EPERM
_MISSING = 0x00050000 | errno.ENOSYS

_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_CLONE_THREAD, _CLONE_NAMESPACES = 0x00010000, 0x7E020080

#: prctl: names of threads, and questions. None that changes what the process may do.
_PRCTLS = (3, 15, 16, 21, 39, 0x53564D41)
#: ioctl: is it a terminal and how wide, how much is there to read, close on exec, blocking.
_IOCTLS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
#: fcntl: duplicates, flags, locks, the size of a pipe. Not F_SETOWN or F_SETSIG, which send signals.
_FCNTLS = (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1032)

_Instruction = tuple[int, int, int, int]


class SeccompError(Exception):
    """The kernel or the machine does not offer system-call filters."""


def _instruction(code: int, value: int, yes: int = 0, no: int = 0) -> _Instruction:
    return code, yes, no, value


def _machine() -> tuple[int, int]:
    machine = os.uname().machine
    if machine not in _ARCHITECTURES or struct.calcsize("P") != 8:
        raise SeccompError(f"no table of system calls for {machine}")
    return _ARCHITECTURES[machine]


def _numbers() -> dict[str, int]:
    column = _machine()[1]
    return {name: number for name, row in ALLOWED.items() if (number := row[column]) is not None}


def _ranges(numbers: list[int]) -> list[tuple[int, int]]:
    ranges: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return ranges


def zygote_filter() -> list[_Instruction]:
    """Allow the listed calls; `clone3` does not exist; EPERM for the rest; kill on a foreign ABI."""
    ranges = _ranges(list(_numbers().values()))
    program = [
        _instruction(_LOAD, _ARCHITECTURE),
        _instruction(_EQUAL, _machine()[0], yes=1),
        _instruction(_RETURN, _KILL),
        _instruction(_LOAD, _NUMBER),
        _instruction(_EQUAL, CLONE3, no=1),
        _instruction(_RETURN, _MISSING),
    ]
    for first, last in ranges:
        program += [
            _instruction(_AT_LEAST, first, no=2),
            _instruction(_ABOVE, last, yes=1),
            _instruction(_RETURN, _ALLOW),
        ]
    return [*program, _instruction(_RETURN, _REFUSE)]


def child_filter(pid: int) -> list[_Instruction]:
    """What else a program may not do: `pid` is the only process it may signal or limit."""
    numbers = _numbers()
    program = [_instruction(_LOAD, _NUMBER)]

    def restrict(name: str, argument: int, allowed: tuple[int, ...]) -> None:
        checks = [
            _instruction(_EQUAL, value, yes=len(allowed) - place) for place, value in enumerate(allowed)
        ]
        block = [
            _instruction(_LOAD, _ARGUMENTS + 8 * argument),
            *checks,
            _instruction(_RETURN, _REFUSE),
            _instruction(_RETURN, _ALLOW),
        ]
        program.append(_instruction(_EQUAL, numbers[name], no=len(block)))
        program.extend(block)

    program += [
        _instruction(_EQUAL, numbers["clone"], no=5),
        _instruction(_LOAD, _ARGUMENTS),
        _instruction(_ANY_BIT, _CLONE_NAMESPACES, yes=2),
        _instruction(_ANY_BIT, _CLONE_THREAD, no=1),
        _instruction(_RETURN, _ALLOW),
        _instruction(_RETURN, _REFUSE),
    ]
    restrict("kill", 0, (pid,))
    restrict("tgkill", 0, (pid,))
    restrict("prlimit64", 0, (0, pid))
    restrict("sched_setaffinity", 0, (0, pid))
    restrict("socketpair", 0, (1,))
    restrict("prctl", 0, _PRCTLS)
    restrict("ioctl", 1, _IOCTLS)
    restrict("fcntl", 1, _FCNTLS)
    return [*program, _instruction(_RETURN, _ALLOW)]


class Filter:
    """A filter ready to be installed.

    A new process that installs one should touch little memory, since every page it does is copied:
    so all that can be prepared is.

    Args:
        program: its instructions.
        placeholder: a value that stands for the process's own number.
    """

    def __init__(self, program: list[_Instruction], placeholder: int | None = None) -> None:
        # A PyDLL keeps the interpreter lock, which saves its release; the call takes microseconds.
        self._prctl = ctypes.PyDLL(None, use_errno=True).prctl
        self._prctl.argtypes = [ctypes.c_int, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong]
        code = b"".join(struct.pack("<HBBI", *instruction) for instruction in program)
        self._code = ctypes.create_string_buffer(code, len(code))
        self._places = [8 * at + 4 for at, (*_, value) in enumerate(program) if value == placeholder]
        header = struct.pack("<HxxxxxxQ", len(program), ctypes.addressof(self._code))
        self._header = ctypes.create_string_buffer(header, len(header))
        self._address = ctypes.addressof(self._header)
        self._write = struct.Struct("<I").pack_into

    def install(self, pid: int = 0) -> None:
        """Bind this process and all it will start, for good.

        Args:
            pid: what to put for the placeholder.

        Raises:
            SeccompError: the kernel refuses.
        """
        for place in self._places:
            self._write(self._code, place, pid)
        if self._prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, self._address, 0, 0):
            reason = os.strerror(ctypes.get_errno())
            raise SeccompError(f"the kernel refuses the system-call filter: {reason}")


def forbid_privileges() -> None:
    """No program started from here gains privileges; the kernel asks for it before a filter.

    Raises:
        SeccompError: the kernel refuses.
    """
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise SeccompError(os.strerror(ctypes.get_errno()))
