"""What a component needs, read from the source of what builds it: nothing is imported.

A recipe is checked before torch is there, so that a builder's signature is read as text. What
cannot be read so (a builder made by a decorator, a class from another library) is not known here,
and is checked when it is built.
"""

from __future__ import annotations

import ast
import importlib.util
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path
from typing import NamedTuple, TypeAlias, overload

from framework.component import Component

#: Any one of these has to be there: ("algorithm", "model").
Need: TypeAlias = tuple[str, ...]

_Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
_WRAPPER = ("framework.wrapper", "Wrapper")
#: Packages whose classes derive from nobody else's.
_FOREIGN = {"abc", "lightning", "torch", "typing"}
_MAX_HOPS = 8  # imports and base classes followed from a name to its definition


class Call(NamedTuple):
    """How a callable is called.

    Attributes:
        names: its positional parameters.
        required: how many of them have no default.
        rest: whether it takes any number (`*args`).
        keywords: the parameters that only a keyword gives and that have no default.
        idle: positional parameters that may be None, or that nothing in it uses.
    """

    names: tuple[str, ...]
    required: int
    rest: bool
    keywords: tuple[str, ...]
    idle: frozenset[str]


def needs(component: Component) -> list[Need]:
    """What has to be there to build a component; for an evaluator, to call it."""
    if component.needs is not None:
        return [(name,) for name in component.needs]
    if component.kind == "evaluator":
        # What a stage has made stands in the algorithm's place: a model alone, or a folder.
        call, context = (
            _read(component.target, "__call__"),
            [("algorithm", "model", "output"), ("environment",)],
        )
    else:
        call = _read(component.target, "__init__")
        context = [(kind,) for kind in component.context]
    if call is None:
        return []
    return [need for name, need in zip(call.names, context, strict=False) if name not in call.idle]


def derives(component: Component, base: str) -> bool | None:
    """Whether what a component builds derives from a class, as far as its source tells; None if it does not.

    Args:
        component: whose target is a class, or a function annotated with what it returns.
        base: "package.module:Class", where the class is defined.
    """
    module, _, name = component.target.partition(":")
    home, _, wanted = base.partition(":")
    return _derives(_built(module, name), (home, wanted), _MAX_HOPS)


def _built(module: str, name: str) -> tuple[str, ast.ClassDef | _Function] | None:
    """A class, or that which a function returns, and where it is defined."""
    found = _find(module, name, _MAX_HOPS)
    if found is None or isinstance(found[1], ast.ClassDef):
        return found
    home, node = found[0], found[1]
    return _find(home, node.returns.id, _MAX_HOPS) if isinstance(node.returns, ast.Name) else None


def _derives(
    found: tuple[str, ast.ClassDef | _Function] | None, base: tuple[str, str], hops: int
) -> bool | None:
    if found is None or hops < 0:
        return None
    module, node = found
    if not isinstance(node, ast.ClassDef):
        return None
    if (module, node.name) == base:
        return True
    if (module, node.name) == _WRAPPER:  # which passes for what it wraps
        return None
    every = [_derives_name(module, parent, base, hops - 1) for parent in node.bases]
    return True if True in every else None if None in every else False


def _derives_name(module: str, node: ast.expr, base: tuple[str, str], hops: int) -> bool | None:
    while isinstance(node, ast.Subscript):  # Generic[T]
        node = node.value
    named = isinstance(node, ast.Name)
    while isinstance(node, ast.Attribute):  # pl.LightningModule
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    if _origin(module, node.id).split(".")[0] in _FOREIGN:
        return False
    return _derives(_find(module, node.id, hops), base, hops) if named else None


def _origin(module: str, name: str) -> str:
    """The module that a name of another is imported from; empty if it is not."""
    tree = module_tree(module)
    for node in tree.body if tree else []:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                if (alias.asname or alias.name.split(".")[0]) == name:
                    return (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
    return ""


def misfit(component: Component) -> str:
    """Why a component cannot be called as its kind is, as far as its source tells; or nothing."""
    if not component.kind:
        return ""
    given = [*component.context, *(["parameters"] if component.parameters is not None else [])]
    wrong = _misfit(_read(component.target, "__init__"), given, named=component.parameters is None)
    if wrong:
        return f"{component.target} {wrong}"
    if component.kind == "evaluator":
        wrong = _misfit(_read(component.target, "__call__"), ["algorithm", "environment"], named=False)
    return f"what {component.target} builds {wrong}" if wrong else ""


def _misfit(call: Call | None, given: list[str], *, named: bool) -> str:
    """Args: named: whether more may follow by keyword."""
    if call is None:
        return ""
    few = len(call.names) < len(given) and not call.rest
    many = not named and (call.required > len(given) or bool(call.keywords))
    if not (few or many):
        return ""
    takes = ", ".join([*call.names, *(["*..."] if call.rest else []), *(f"{k}=" for k in call.keywords)])
    called = ", ".join([*given, *(["..."] if named else [])])
    return f"takes ({takes}), and is called with ({called})"


@cache
def _read(target: str, method: str) -> Call | None:
    """The call of a function, or of a class's method; of what a function returns for `__call__`."""
    module, _, name = target.partition(":")
    found = _built(module, name) if method == "__call__" else _find(module, name, _MAX_HOPS)
    if found is None:
        return None
    home, node = found
    if isinstance(node, ast.ClassDef):
        inner = _method(home, node, method, _MAX_HOPS)
        return None if inner is None else _call(inner, bound=True)
    return _call(node, bound=False)


@overload
def definition(module: str, name: str) -> ast.FunctionDef | None: ...
@overload
def definition(module: str, name: str, *, whole: bool) -> ast.ClassDef | _Function | None: ...
def definition(module: str, name: str, *, whole: bool = False) -> ast.ClassDef | _Function | None:
    """A class's constructor, or all of the class; None where the source does not tell."""
    found = _find(module, name, _MAX_HOPS)
    if found is None or whole:
        return found and found[1]
    home, node = found
    inner = _method(home, node, "__init__", _MAX_HOPS) if isinstance(node, ast.ClassDef) else None
    return inner if isinstance(inner, ast.FunctionDef) else None


def _call(function: _Function, *, bound: bool) -> Call | None:
    if function.decorator_list or isinstance(function, ast.AsyncFunctionDef):
        return None
    given = function.args
    positional = [*given.posonlyargs, *given.args][1 if bound else 0 :]
    defaults = len(given.defaults)
    required = max(len(positional) - defaults, 0)
    used = {
        node.id
        for statement in function.body
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    idle = {
        argument.arg
        for index, argument in enumerate(positional)
        if index >= required or argument.arg not in used or _takes_none(argument.annotation)
    }
    keywords = [
        argument.arg
        for argument, default in zip(given.kwonlyargs, given.kw_defaults, strict=True)
        if default is None
    ]
    names = tuple(argument.arg for argument in positional)
    return Call(names, required, given.vararg is not None, tuple(keywords), frozenset(idle))


def _takes_none(annotation: ast.expr | None) -> bool:
    """Whether an annotation allows None: `X | None`, `Optional[X]`, `None`."""
    if annotation is None:
        return False
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            annotation = ast.parse(annotation.value, mode="eval").body
        except SyntaxError:
            return False
    if isinstance(annotation, ast.Subscript):
        return isinstance(annotation.value, ast.Name) and annotation.value.id == "Optional"
    if isinstance(annotation, ast.BinOp):
        return _takes_none(annotation.left) or _takes_none(annotation.right)
    return isinstance(annotation, ast.Constant) and annotation.value is None


def _method(module: str, node: ast.ClassDef, name: str, hops: int) -> _Function | None:
    """A method of a class or of the first base that has it; None if that cannot be told."""
    if node.decorator_list or node.keywords:  # a dataclass writes its own methods, a metaclass may
        return None
    for item in node.body:
        if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef)) and item.name == name:
            return item
        if isinstance(item, ast.FunctionDef) and item.name == "__new__":
            return None
    for base in node.bases:
        found = _find(module, base.id, hops - 1) if isinstance(base, ast.Name) else None
        if found is None or not isinstance(found[1], ast.ClassDef):
            return None
        if inner := _method(found[0], found[1], name, hops - 1):
            return inner
    return None


def _find(module: str, name: str, hops: int) -> tuple[str, ast.ClassDef | _Function] | None:
    """Where a name of a module is defined, imports followed, and its definition."""
    tree = module_tree(module)
    if tree is None or hops < 0:
        return None
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and node.name == name:
            return module, node
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == name and (source := _absolute(module, node)):
                    return _find(source, alias.name, hops - 1)
    return None


def _absolute(module: str, node: ast.ImportFrom) -> str:
    """The module an import is from, if it is the importing plugin's own or the framework's."""
    source = node.module or ""
    if node.level:
        above = module.split(".")
        package = above if (source_of(module) or Path()).name == "__init__.py" else above[:-1]
        source = ".".join([*package[: len(package) - node.level + 1], *([source] if source else [])])
    own = source.split(".")[0] in (module.split(".")[0], "framework")
    return source if own else ""


@cache
def module_tree(module: str) -> ast.Module | None:
    """A module's source, parsed; None if it has none that can be read."""
    path = source_of(module)
    try:
        return ast.parse(path.read_bytes()) if path else None
    except (OSError, SyntaxError, ValueError):
        return None


@cache
def source_of(module: str) -> Path | None:
    """A module's source, found without importing the packages it is in."""
    top, *rest = module.split(".")
    try:
        spec = importlib.util.find_spec(top)
        for index in range(len(rest)):
            inside = spec.submodule_search_locations if spec else None
            if inside is None:
                return None
            spec = PathFinder.find_spec(".".join([top, *rest[: index + 1]]), inside)
    except (ImportError, ValueError):
        return None
    return Path(spec.origin) if spec and spec.origin and spec.origin.endswith(".py") else None
