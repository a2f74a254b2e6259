"""Clearly insecure uses of cryptography, found by reading a program (section 7.4 and appendix G).

What the paper calls clearly insecure: RSA keys of fewer than 2048 bits, and AES in ECB mode. To these come
ciphers that were broken or are too short by now. Nothing is run; what cannot be told from the text, such
as a key size that is an argument, counts for the program.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from framework_codex.problems.syntax import parse_or_none

#: Bits below which an RSA or DSA key is short.
LEAST_BITS = 2048

#: Calls that make keys: where among the arguments the number of bits stands, and what it is called there.
_KEYS = {
    "rsa.generate_private_key": (1, "key_size"), "dsa.generate_private_key": (0, "key_size"),
    "RSA.generate": (0, "bits"), "DSA.generate": (0, "bits"), "RSA.gen_key": (0, "bits"),
    "rsa.newkeys": (0, "nbits"), "PKey.generate_key": (1, "bits"),
}  # fmt: skip
#: Calls that make ciphers that nobody should use, by module or class.
_WEAK = {"DES", "DES3", "ARC2", "ARC4", "Blowfish", "CAST", "CAST5", "IDEA", "RC4", "SEED", "TripleDES"}
_CIPHERS = {"AES.new", "Cipher", "ciphers.Cipher"}
_ECB = 1


class Reading(NamedTuple):
    """What a program was found to do.

    Attributes:
        valid: it is Python.
        relevant: it makes a key or a cipher in a way that is known here.
        weaknesses: what is clearly insecure about it.
    """

    valid: bool
    relevant: bool = False
    weaknesses: tuple[str, ...] = ()


def read_program(program: str) -> Reading:
    """Read a program."""
    tree = parse_or_none(program)
    if tree is None:
        return Reading(valid=False)
    names, numbers = _imported(tree), _numbers(tree)
    found: list[str] = []
    relevant = False
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = _dotted(node.func, names)
        own = ".".join(name.split(".")[-2:])
        key = _KEYS.get(own) or (_KEYS["PKey.generate_key"] if _is_openssl(node, own) else None)
        if key is not None:
            relevant = True
            bits = _number(_argument(node, *key), numbers)
            kind = "DSA" if "dsa" in own.lower() else "RSA"
            if bits is not None and bits < LEAST_BITS:
                found.append(f"{kind} key of {bits} bits")
        elif own in _CIPHERS or name in _CIPHERS:
            relevant = True
            found += _mode(node, own, names, numbers)
        weak = _weak(own)
        if weak:
            relevant = True
            found.append(f"cipher {weak}")
    return Reading(True, relevant, tuple(dict.fromkeys(found)))


def _mode(node: ast.Call, own: str, names: dict[str, str], numbers: dict[str, int]) -> Iterator[str]:
    """Whether a cipher is in ECB mode."""
    argument = _argument(node, 1, "mode")
    if own == "AES.new" and argument is None and not any(isinstance(one, ast.Starred) for one in node.args):
        yield "AES in ECB mode, by default"  # of PyCrypto; its successor refuses
    elif argument is not None:
        called = argument.func if isinstance(argument, ast.Call) else argument
        word = _dotted(called, names).rpartition(".")[2]
        if word in ("ECB", "MODE_ECB") or (own == "AES.new" and _number(argument, numbers) == _ECB):
            yield "AES in ECB mode"


def _weak(own: str) -> str:
    """The weak cipher a call makes, or ""."""
    module, _, function = own.rpartition(".")
    if function == "new" and module in _WEAK:
        return module
    return function if module == "algorithms" and function in _WEAK else ""


def _is_openssl(node: ast.Call, own: str) -> bool:
    """Whether it is `key.generate_key(crypto.TYPE_RSA, bits)`."""
    first = _argument(node, 0, "type")
    return own.endswith(".generate_key") and first is not None and "TYPE_" in ast.unparse(first)


def _argument(node: ast.Call, place: int, name: str) -> ast.expr | None:
    """An argument, by its place or its name."""
    given = next((keyword.value for keyword in node.keywords if keyword.arg == name), None)
    return given if given is not None or place >= len(node.args) else node.args[place]


def _imported(tree: ast.Module) -> dict[str, str]:
    """What imported names stand for, dotted."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {name.asname: name.name for name in node.names if name.asname}
        elif isinstance(node, ast.ImportFrom):
            found |= {name.asname or name.name: f"{node.module or ''}.{name.name}" for name in node.names}
    return found


def _numbers(tree: ast.Module) -> dict[str, int]:
    """Names that stand for one whole number wherever they are set, defaults of arguments included."""
    values: dict[str, set[int | None]] = {}
    for node in ast.walk(tree):
        pairs: list[tuple[ast.AST, ast.expr | None]] = []
        if isinstance(node, ast.Assign):
            pairs = [(target, node.value) for target in node.targets]
        elif isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.NamedExpr)):
            pairs = [(node.target, None if isinstance(node, ast.AugAssign) else node.value)]
        elif isinstance(node, ast.arguments):
            places = [*node.posonlyargs, *node.args]
            pairs = [*zip(places[len(places) - len(node.defaults) :], node.defaults, strict=True)]
            pairs += zip(node.kwonlyargs, node.kw_defaults, strict=True)
        for target, value in pairs:
            name = target.id if isinstance(target, ast.Name) else getattr(target, "arg", "")
            if name:
                values.setdefault(name, set()).add(_number(value, {}))
    known = {name: found.pop() for name, found in values.items() if len(found) == 1}
    return {name: value for name, value in known.items() if value is not None}


def _number(node: ast.expr | None, numbers: dict[str, int]) -> int | None:
    """The whole number an expression is known to be."""
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Pow)):
        left, right = _number(node.left, numbers), _number(node.right, numbers)
        if left is not None and right is not None and 0 <= left < 1 << 20 and 0 <= right < 64:
            return left * right if isinstance(node.op, ast.Mult) else left**right
    return numbers.get(node.id) if isinstance(node, ast.Name) else None


def _dotted(node: ast.expr, names: dict[str, str]) -> str:
    """A name with its dots, imported ones as they are called where they come from; "" for others."""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value, names)}.{node.attr}"
    return ""
