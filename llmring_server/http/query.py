"""Queries and forms: their parameters as structs, and back.

A field with a tuple of values may be repeated in the query. A field whose name ends in `{name}` is a family:
`tag.{name}` has the parameters `tag.customer`, `tag.user`, and so on.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Annotated, Any, NamedTuple, TypeVar, get_args, get_origin
from urllib.parse import urlencode

import falcon.asgi
import msgspec
from falcon.uri import parse_query_string

from llmring_server.http import codec
from llmring_server.http.errors import Problem

FORM = "application/x-www-form-urlencoded"
FAMILY = "{name}"
REMEMBERED_QUERIES = 4_096
MAX_REMEMBERED_QUERY = 256  # characters
T = TypeVar("T")


class NoQuery(msgspec.Struct, frozen=True):
    """The query of an operation without parameters."""


def decode_query(req: falcon.asgi.Request, model: type[T]) -> T:
    """Read the query into a frozen struct; a blank parameter means absent.

    Raises:
        Problem: 422 with the invalid or unknown parameter.
    """
    text: str = req.query_string
    read: Callable[[type[T], str], T] = _read_cached_query if len(text) <= MAX_REMEMBERED_QUERY else _read_query
    return read(model, text)


def parse_query(text: str, model: type[T]) -> T:
    """Read a query string into a frozen struct, as `decode_query`."""
    return _read_query(model, text)


def decode_form(body: bytes, model: type[T]) -> T:
    """Read a body of `FORM` into a frozen struct; a blank field means absent.

    Raises:
        Problem: 400 for a body that is not a form, 422 with the invalid field.
    """
    try:
        return _read_query(model, body.decode(), "body")
    except UnicodeDecodeError as error:
        raise Problem(400, f"The form is not UTF-8 at byte {error.start}.") from error


def encode_query(query: msgspec.Struct) -> str:
    """Return the query string that `decode_query` reads as this struct, without the fields that have their default."""
    given: list[tuple[str, Any]] = []
    for field in msgspec.structs.fields(query):
        value = getattr(query, field.name)
        prefix = _prefix(field.encode_name)
        if prefix is not None:
            given += [(prefix + name, one) for name, one in value.items()]
        elif value != field.default:
            given.append((field.encode_name, value))
    return urlencode(given, doseq=True)


def _read_query(model: type[T], text: str, loc: str = "query") -> T:
    parsed = parse_query_string(text)
    for name, value in parsed.items():
        if "\0" in name or any("\0" in one for one in value):
            raise Problem.validation(loc, name, msg="U+0000 cannot be stored.")
    given = _by_field({name: value for name, value in parsed.items() if value != ""}, _fields_of(model), loc)
    try:
        return msgspec.convert(given, model, strict=False)
    except msgspec.ValidationError as error:
        raise codec.validation_problem(error, loc) from error


class _QueryFields(NamedTuple):
    """The names of all fields, the fields that may be repeated, and the field of each family by its prefix."""

    names: tuple[str, ...]
    repeated: frozenset[str]
    families: Mapping[str, str]


def _describe(model: type[Any]) -> _QueryFields:
    fields = msgspec.structs.fields(model)
    names = tuple(sorted(field.encode_name for field in fields))
    repeated = frozenset(field.encode_name for field in fields if _is_tuple(field.type))
    prefixes = {name: _prefix(name) for name in names}
    return _QueryFields(names, repeated, {prefix: name for name, prefix in prefixes.items() if prefix is not None})


def _is_tuple(kind: Any) -> bool:
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    return get_origin(kind) is tuple


_fields_of: Any = functools.lru_cache(maxsize=256)(_describe)


def _prefix(name: str) -> str | None:
    """Return the prefix of a family's parameters, or None for a single parameter."""
    return name.removesuffix(FAMILY) if name.endswith(FAMILY) else None


def _by_field(given: Mapping[str, Any], fields: _QueryFields, loc: str) -> dict[str, Any]:
    """Return the values by the name of the field; parameters of a query that do not exist are refused by name.

    Otherwise a misspelled filter would be answered with everything.
    """
    found: dict[str, Any] = {}
    for name, value in given.items():
        family = next((prefix for prefix in fields.families if name.startswith(prefix) and name != prefix), None)
        if family is not None:
            values = found.setdefault(fields.families[family], {})
            values[name.removeprefix(family)] = value if isinstance(value, list) else [value]
        elif name in fields.repeated:
            found[name] = value if isinstance(value, list) else [value]
        elif name in fields.names or loc != "query":
            found[name] = value
        else:
            exist = f"This route has {', '.join(fields.names)}." if fields.names else "This route has none."
            raise Problem.validation("query", name, msg=f"There is no such parameter. {exist}")
    return found


_read_cached_query: Any = functools.lru_cache(maxsize=REMEMBERED_QUERIES)(_read_query)  # hot calls repeat theirs
