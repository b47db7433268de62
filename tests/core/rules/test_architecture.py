"""The rules of the architecture, checked in the sources."""

import ast
import functools
from pathlib import Path

import pytest

import llmring_server

ROOT = Path(llmring_server.__file__).parent.parent
PLUGINS = ROOT / "plugins"
CORE = ROOT / "llmring_server"
MAX_MODULE, MAX_FUNCTION, MAX_ENTRIES = 300, 50, 13
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

pytestmark = pytest.mark.skipif(not PLUGINS.is_dir(), reason="only a checkout has the sources; run this from one")
features = sorted(path.name for path in PLUGINS.glob("llmring_*")) if PLUGINS.is_dir() else []
modules = sorted([*CORE.rglob("*.py"), *PLUGINS.rglob("*.py")])


def named(path):
    return str(path.relative_to(ROOT))


@functools.cache
def tree_of(path):
    return ast.parse(path.read_text())


def imported(path):
    """Return the top-level packages that a module imports, also inside functions."""
    found = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def definitions(path):
    """Yield every function and class of a module with its location and whether it is public."""
    yield from ((node, parent) for parent in ast.walk(tree_of(path)) for node in ast.iter_child_nodes(parent))


def test_the_core_imports_no_plugin():
    guilty = [named(path) for path in CORE.rglob("*.py") if imported(path) & set(features)]
    assert guilty == []


def module_name(path):
    """Return the dotted name of one of our modules."""
    base = PLUGINS if path.is_relative_to(PLUGINS) else ROOT
    parts = path.relative_to(base).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_modules(path, known):
    """Return our modules that a module imports, also inside functions."""
    found = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (names & known) or {node.module}
    return found & known - {module_name(path)}


def circles(imports):
    """Return the modules that are in import cycles, after repeatedly removing those that import none of the rest."""
    left = dict(imports)
    while leaves := {name for name, found in left.items() if not found & set(left)}:
        left = {name: found for name, found in left.items() if name not in leaves}
    while roots := set(left) - {name for found in left.values() for name in found}:
        left = {name: found for name, found in left.items() if name not in roots}
    return sorted(left)


def test_no_module_imports_itself_through_others():
    known = {module_name(path) for path in modules}
    assert circles({module_name(path): imported_modules(path, known) for path in modules}) == []


@pytest.mark.parametrize(
    ("imports", "found"),
    [
        ({"a": {"b"}, "b": {"c"}, "c": set()}, []),
        ({"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set()}, ["b", "c"]),
    ],
)
def test_an_import_cycle_is_found(imports, found):
    assert circles(imports) == found


def test_no_folder_has_too_many_entries():
    """The host's own folder may have more: its packages and the modules that connect them."""
    entries = {}
    for path in modules:
        for inner in (path, *path.parents):
            if inner.is_relative_to(CORE) or inner.is_relative_to(PLUGINS):
                entries.setdefault(inner.parent, set()).add(inner.name)
    large = {named(folder): len(names) for folder, names in entries.items() if len(names) > MAX_ENTRIES}
    assert large == {"llmring_server": 21}


def test_no_plugin_imports_another():
    guilty = {
        named(path): others
        for feature in features
        for path in (PLUGINS / feature).rglob("*.py")
        if (others := imported(path) & set(features) - {feature})
    }
    assert guilty == {}


def test_storage_uses_no_http_and_http_no_sql():
    refused = {
        "store.py": {"falcon"},
        "models.py": {"falcon", "psycopg", "httpx", "asyncio"},
        "resources.py": {"psycopg"},
    }
    guilty = {
        named(path): found
        for name, packages in refused.items()
        for path in PLUGINS.glob(f"llmring_*/{name}")
        if (found := imported(path) & packages)
    }
    assert guilty == {}


def test_a_module_is_short():
    lengths = {named(path): len(path.read_text().splitlines()) for path in modules}
    assert {name: length for name, length in lengths.items() if length > MAX_MODULE} == {}


def test_a_function_is_short():
    lengths = {
        f"{named(path)}: {node.name}": node.end_lineno - node.lineno + 1
        for path in modules
        for node in ast.walk(tree_of(path))
        if isinstance(node, FUNCTIONS)
    }
    assert {name: length for name, length in lengths.items() if length > MAX_FUNCTION} == {}


def test_every_module_has_a_docstring():
    assert [named(path) for path in modules if not ast.get_docstring(tree_of(path))] == []


def test_everything_public_has_a_docstring():
    silent = [
        f"{named(path)}: {node.name}"
        for path in modules
        for node, parent in definitions(path)
        if isinstance(node, (*FUNCTIONS, ast.ClassDef))
        and isinstance(parent, (ast.Module, ast.ClassDef))
        and not node.name.startswith("_")
        and not (isinstance(parent, ast.ClassDef) and parent.name.startswith("_"))
        and not ast.get_docstring(node)
        and not any(ast.unparse(mark).endswith((".setter", "overload")) for mark in node.decorator_list)
    ]
    assert silent == []


def test_no_module_has_a_global_manager_pool_or_settings():
    """Nothing is created at import, except the application of `asgi.py`."""
    built = ("PluginManager", "AsyncConnectionPool", "AsyncClient", "Settings", "Server", "create_app", "Redis")
    guilty = []
    for path in modules:
        for node in tree_of(path).body:
            value = getattr(node, "value", None)
            called = isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(value, ast.Call)
            if called and ast.unparse(value.func).rpartition(".")[2] in built:
                guilty.append(named(path))
    assert guilty == ["llmring_server/asgi.py"]
