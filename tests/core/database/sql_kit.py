"""All SQL statements of the core and its plugins, collect from their modules and parsed with PostgreSQL's parser."""

import ast
import contextlib
import functools
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import msgspec
import pglast

import llmring_server

ROOT = Path(llmring_server.__file__).parent.parent
PACKAGES = ["llmring_server", *sorted(path.name for path in (ROOT / "plugins").glob("llmring_*"))]
NOT_SQL = ("llmring_server.testing", "llmring_server.client", "llmring_server.asgi", "llmring_server.__main__")
STATEMENT = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|MERGE|TRUNCATE)\b")
CHANGING = re.compile(r"\b(INSERT INTO|UPDATE \w+ |DO UPDATE|DELETE FROM|FOR UPDATE|MERGE INTO|TRIGGER)\b")
PLACEHOLDER = re.compile(r"%\(\w+\)[sb]|%s|\$\d+")


def plain(text):
    """Return a statement in psycopg's form as PostgreSQL's: every value is $1, every composed name a name."""
    return " ".join(PLACEHOLDER.sub("$1", text).replace("%%", "%").replace("{}", "some_name").split())


def parse(text):
    """Return the parse tree of a statement, or None for a fragment."""
    try:
        return pglast.parse_sql(plain(text))
    except pglast.parser.ParseError:
        return None


def modules():
    for package in map(importlib.import_module, PACKAGES):
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.startswith(NOT_SQL):
                yield importlib.import_module(found.name)


def texts(value):
    """Yield every string in a value, including those in collections and in a struct's fields and properties."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, bytes):
        with contextlib.suppress(UnicodeDecodeError):
            yield value.decode()
    elif isinstance(value, (list, tuple, set, frozenset)):
        for part in value:
            yield from texts(part)
    elif isinstance(value, dict):
        yield from texts(list(value.values()))
    elif isinstance(value, msgspec.Struct):
        properties = [name for name, _ in inspect.getmembers(type(value), lambda kind: isinstance(kind, property))]
        for name in (*value.__struct_fields__, *properties):
            yield from texts(getattr(value, name))


def literals(module):
    """Yield every string literal in a module's source, except docstrings."""
    tree = ast.parse(inspect.getsource(module))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


@functools.cache
def collect():
    """Return the statements by text, each with its module and tree, and the fragments likewise."""
    statements, parts = {}, {}
    for module in modules():
        for text in {*texts([value for name, value in vars(module).items() if name[:2] != "__"]), *literals(module)}:
            if STATEMENT.search(text):
                tree = parse(text)
                (parts if tree is None else statements).setdefault(plain(text), (module.__name__, tree))
    return statements, parts


def migrations():
    """Return the path of every migration."""
    return [str(path.relative_to(ROOT)) for path in sorted((ROOT / "migrations").rglob("*.sql"))]


@functools.cache
def migration(path):
    """Return the parse tree of a migration."""
    return pglast.parse_sql((ROOT / path).read_text())


def nodes(tree, kind):
    """Yield every node of a kind in a parse tree."""
    if isinstance(tree, (list, tuple)):
        for part in tree:
            yield from nodes(part, kind)
    elif isinstance(tree, pglast.ast.Node):
        if isinstance(tree, kind):
            yield tree
        for name in tree:
            yield from nodes(getattr(tree, name), kind)
