"""A search of the sources for private and undocumented parts of other libraries."""

import ast
import functools
import importlib
import inspect
import re
import sys
import textwrap
import types
import warnings
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

OURS = ("llmring_", "benchmarks")
OWN_RECEIVERS = ("self", "cls")
BY_NAME = ("getattr", "setattr", "hasattr", "delattr", "attrgetter", "methodcaller")
NAMED_TUPLE = ("_replace", "_asdict", "_fields", "_make", "_field_defaults")  # public in spite of their names
PRIVATE = re.compile(r"_(?!_).*|__.*(?<!__)", re.DOTALL)
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Find(NamedTuple):
    """One use of a non-public name: the module's path, the line, and the expression."""

    module: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.module}:{self.line}: {self.what}"


def is_private(name: str) -> bool:
    return bool(PRIVATE.fullmatch(name)) and name not in NAMED_TUPLE and name.strip("_") != ""


def is_ours(module: str) -> bool:
    return module.startswith(OURS)


def private_attributes(module: str, tree: ast.AST) -> Iterator[Find]:
    """Find `x._name` where `x` is neither `self` nor `cls`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr) and ast.unparse(node.value) not in OWN_RECEIVERS:
            yield Find(module, node.lineno, ast.unparse(node))


def private_names_in_strings(module: str, tree: ast.AST) -> Iterator[Find]:
    """Find private names passed as strings to `getattr`, `vars`, `__dict__` and similar."""
    constants = _module_constants(tree)
    for node in ast.walk(tree):
        for argument in _names_looked_up(node):
            strings = constants.get(argument.id, ()) if isinstance(argument, ast.Name) else _strings(argument)
            for name in strings:
                if any(is_private(part) for part in name.split(".")):
                    yield Find(module, node.lineno, name)


def _names_looked_up(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Call):
        function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if function in BY_NAME:
            return node.args
        if function in ("get", "pop") and isinstance(node.func, ast.Attribute) and _is_namespace(node.func.value):
            return node.args
    if isinstance(node, ast.Subscript) and _is_namespace(node.value):
        return [node.slice]
    return []


def _is_namespace(node: ast.expr) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == "__dict__"
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "vars"


def _module_constants(tree: ast.AST) -> dict[str, list[str]]:
    return {
        target.id: list(_strings(node.value))
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _strings(node: ast.AST) -> Iterator[str]:
    return (part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str))


def undocumented_modules(module: str, tree: ast.AST, documented: Iterable[str]) -> Iterator[Find]:
    """Find modules of other libraries that are used, by import or attribute, and not in `documented`."""
    bound: dict[str, types.ModuleType] = {}
    for line, name, imported in _imports(tree):
        if _is_foreign(name) and (name not in documented or is_private(imported)):
            yield Find(module, line, f"{name}.{imported}" if is_private(imported) else name)
        if _is_foreign(name) and _is_module(name):
            root = name.partition(".")[0]
            bound[root] = sys.modules[root]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            reached = _module_reached(node, bound)
            if reached and _is_foreign(reached) and reached not in documented:
                yield Find(module, node.lineno, reached)


def _imports(tree: ast.AST) -> Iterator[tuple[int, str, str]]:
    """Yield the line, the module and the imported name ('' for none) of every import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                if _is_foreign(node.module) and _is_module(submodule):
                    yield node.lineno, submodule, ""
                else:
                    yield node.lineno, node.module, alias.name


@functools.cache
def _is_module(name: str) -> bool:
    with suppress(ImportError), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # warnings of other libraries at import are not ours to fix
        importlib.import_module(name)
        return True
    return False


def _is_foreign(name: str) -> bool:
    return name.partition(".")[0] not in sys.stdlib_module_names and not is_ours(name)


def _module_reached(node: ast.Attribute, bound: dict[str, types.ModuleType]) -> str:
    """Return the name of the module that a dotted expression refers to, or ''."""
    path = ast.unparse(node).split(".")
    found: object = bound.get(path[0])
    for name in path[1:]:
        found = getattr(found, name, None)
    return found.__name__ if isinstance(found, types.ModuleType) else ""


def private_parts_of_bases(path: str, tree: ast.AST, module: types.ModuleType) -> Iterator[Find]:
    """Find private names of a foreign base class that our classes read, set or override."""
    for node in ast.walk(tree):
        cls = getattr(module, node.name, None) if isinstance(node, ast.ClassDef) else None
        if isinstance(cls, type) and cls.__module__ == module.__name__:
            theirs = {name: base for base in reversed(cls.__mro__) for name in private_names(base)}
            for line, name in _own_names(node):
                if name in theirs:
                    base = theirs[name]
                    yield Find(path, line, f"{base.__module__}.{base.__qualname__}.{name}")


@functools.cache
def private_names(base: type) -> set[str]:
    """Return the private names of a foreign class: in its body, and assigned by its methods."""
    if is_ours(base.__module__) or base is object:
        return set()
    names = set(vars(base))
    with suppress(OSError, TypeError):  # a class written in C has no source
        for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(base)))):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                names.add(node.attr)
    return {name for name in names if is_private(name) and not name.startswith("__")}


def _own_names(cls: ast.ClassDef) -> Iterator[tuple[int, str]]:
    for node in cls.body:
        if isinstance(node, DEFINITIONS):
            yield node.lineno, node.name
        for target in getattr(node, "targets", [getattr(node, "target", None)]):
            if isinstance(target, ast.Name):
                yield node.lineno, target.id
    for inner in ast.walk(cls):
        if isinstance(inner, ast.Attribute) and ast.unparse(inner.value) in (*OWN_RECEIVERS, "super()"):
            yield inner.lineno, inner.attr
