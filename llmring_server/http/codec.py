"""Bytes to structs and back: the one place that reads request bodies and queries, and writes JSON.

Money crosses as a JSON number with all its decimals: decoded straight into Decimal, encoded from it.
"""

import asyncio
import functools
import re
import zlib
from collections.abc import Callable
from itertools import accumulate
from typing import Any, TypeVar

import falcon.asgi
import msgspec
from falcon.uri import parse_query_string

from llmring_server.http.errors import FieldError, Problem
from llmring_server.http.exchange import EXCHANGE

JSON = "application/json"
NDJSON = "application/x-ndjson"
FORM = "application/x-www-form-urlencoded"
REMEMBERED_QUERIES = 4_096
MAX_REMEMBERED_QUERY = 256  # characters
T = TypeVar("T")

_encoder = msgspec.json.Encoder(decimal_format="number")
_NOT_STRUCTURE = bytes(set(range(256)) - set(b'{}[]"'))
_STEPS = [(byte in b"[{") - (byte in b"]}") for byte in range(256)]
_NOT_TEXT = re.compile(
    rb"\\u(?:0000"
    rb"|[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2}\\u)[dD][c-fC-F][0-9a-fA-F]{2})"
)
_LONGEST = len(rb"\ud83d\ude00")
WINDOW = 65_536
LARGE = 262_144
_PLACE = re.compile(r"^(?P<msg>.*?)(?: - at `(?P<path>.*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")

encode = _encoder.encode
NULL = msgspec.Raw(b"null")


class Limits(msgspec.Struct, frozen=True):
    """What a request body may be: `bytes` after decompression, `depth` levels of nesting."""

    bytes: int
    depth: int


def null() -> msgspec.Raw:
    """Return JSON null: the `default_factory` of a free-form member, whose bytes are kept as they were sent."""
    return NULL


async def read_body(req: falcon.asgi.Request, limits: Limits) -> bytes:
    """Return the whole body, inflated when it came gzipped.

    Raises:
        Problem: 413 when it is larger than `limits.bytes`, 415 for another encoding, 400 for broken gzip.
    """
    encoding = req.get_header("Content-Encoding")
    if (req.content_length or 0) > limits.bytes:
        raise too_large(limits.bytes)
    body: bytes = await req.stream.read(limits.bytes + 1)
    if len(body) > limits.bytes:
        raise too_large(limits.bytes)
    if req.scope[EXCHANGE].broke_off:
        raise Problem(400, "the connection broke off before the end of the body")
    if encoding is None or encoding.lower() == "identity":
        return body
    if encoding.lower() != "gzip":
        raise Problem(415, f"Content-Encoding {encoding!r} is not read here; send gzip, or none")
    return await asyncio.to_thread(_inflate, body, limits.bytes) if len(body) > WINDOW else _inflate(body, limits.bytes)


async def disconnected(req: falcon.asgi.Request) -> None:
    """Return when the client of a request has disconnected; its events stream is what finds that out."""
    await req.scope[EXCHANGE].disconnected()


def too_large(limit: int) -> Problem:
    """Return the 413 that names the limit, in bytes."""
    return Problem(413, f"the body is larger than {limit} bytes; send less at once")


def prefers_html(req: falcon.asgi.Request) -> bool:
    """Whether a request accepts HTML, as browsers do; other clients receive JSON."""
    return "text/html" in (req.get_header("Accept") or "")


def require_type(req: falcon.asgi.Request, *accepted: str) -> str:
    """Return the media type of the body; none given counts as the first of `accepted`.

    Raises:
        Problem: 415 for any other.
    """
    media = req.content_type
    if not media or media in accepted:
        return media or accepted[0]
    given = media.partition(";")[0].strip().lower()
    if given in accepted or (JSON in accepted and given.endswith("+json")):
        return given
    raise Problem(415, f"Content-Type {given!r} is not read here; send {' or '.join(accepted)}")


def check_text(body: bytes, depth: int) -> None:
    """Refuse what JSON can spell but the database cannot keep, before anything is decoded.

    Raises:
        Problem: 400 for bytes that are not UTF-8 or nesting beyond `depth`, 422 for U+0000 and lone surrogates.
    """
    fault = text_fault(body, depth)
    if fault:
        raise fault


def text_fault(body: bytes, depth: int) -> Problem | None:
    """Return what `check_text` would raise, or None, in time proportional to the body: 60 ns a byte at most.

    Every step is one call in C, over the whole body or, where that is slow, over a `WINDOW` of it at a time.
    """
    if not body.isascii():
        try:
            body.decode()
        except UnicodeDecodeError as error:
            return Problem(400, f"the body is not UTF-8 at byte {error.start}")
    if b"\\" not in body:
        return _depth_fault(body, depth)
    unescaped = body.replace(b"\\\\", b"__")
    found = _not_text(unescaped) if b"\\u" in unescaped else None
    if found:
        return Problem(
            422, f"{found[0].decode()} at byte {found.start()} is no character that can be stored; leave it out"
        )
    return _depth_fault(unescaped.replace(b'\\"', b"__"), depth)


def _not_text(body: bytes) -> "re.Match[bytes] | None":
    """Return the first escape of a character that cannot be stored."""
    for at in range(0, len(body), WINDOW):
        found = _NOT_TEXT.search(body, at, at + WINDOW + _LONGEST)
        if found and found.start() < at + WINDOW:
            return found
    return None


def _depth_fault(body: bytes, depth: int) -> Problem | None:
    if body.count(b"[") + body.count(b"{") <= depth:
        return None
    structure = body.translate(None, _NOT_STRUCTURE)
    level, quoted = 0, 0
    for at in range(0, len(structure), WINDOW):
        parts = structure[at : at + WINDOW].split(b'"')
        levels = list(accumulate(map(_STEPS.__getitem__, b"".join(parts[quoted::2])), initial=level))
        if max(levels) > depth:
            return Problem(400, f"the body is nested deeper than {depth} levels")
        level, quoted = levels[-1], (quoted + len(parts) - 1) % 2
    return None


async def run_in_thread_if_large(body: bytes, work: Callable[[], T]) -> T:
    """Do work that takes time in proportion to a body, and where that is large in a thread: others are served on."""
    return work() if len(body) <= LARGE else await asyncio.to_thread(work)


def decode(decoder: "msgspec.json.Decoder[T]", body: bytes, *place: str | int) -> T:
    """Decode a body, or the part of one that lies at `place`.

    Raises:
        Problem: 400 when it is not JSON, 422 with the place when it does not fit.
    """
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise validation_problem(error, *(place or ("body",))) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Problem(400, f"the body is not JSON: {_lower(str(error))}" if body else "the body is empty") from error
    except RecursionError as error:
        raise Problem(400, "the body is nested too deep") from error


def decode_query(req: falcon.asgi.Request, model: type[T]) -> T:
    """Read the query into a frozen struct; a blank parameter means absent.

    Raises:
        Problem: 422 with the parameter that does not fit.
    """
    text: str = req.query_string
    read: Callable[[type[T], str], T] = _query_again if len(text) <= MAX_REMEMBERED_QUERY else _query
    return read(model, text)


def decode_form(body: bytes, model: type[T]) -> T:
    """Read a body of `FORM` into a frozen struct; a blank field means absent.

    Raises:
        Problem: 400 for a body that is no form, 422 with the field that does not fit.
    """
    try:
        return _query(model, body.decode(), "body")
    except UnicodeDecodeError as error:
        raise Problem(400, f"the form is not UTF-8 at byte {error.start}") from error


def _query(model: type[T], text: str, place: str = "query") -> T:
    given = {name: value for name, value in parse_query_string(text).items() if value != ""}
    for name, value in given.items():
        if "\0" in value or "\0" in name:
            raise Problem.validation(place, name, msg="U+0000 is no character that can be stored")
    try:
        return msgspec.convert(given, model, strict=False)
    except msgspec.ValidationError as error:
        raise validation_problem(error, place) from error


_query_again: Any = functools.lru_cache(maxsize=REMEMBERED_QUERIES)(_query)  # hot calls repeat theirs


def validation_problem(error: msgspec.ValidationError, *place: str | int) -> Problem:
    """Return the 422 for a struct's complaint, its place read from the message's JSON path."""
    match = _PLACE.match(str(error))
    msg, path = (match["msg"], match["path"] or "") if match else (str(error), "")
    steps = [int(index) if index.isdigit() else name or "..." for name, index in _STEP.findall(path)]
    return Problem.validation(*place, *steps, msg=_lower(msg))


def field_error(problem: Problem, *place: str | int) -> FieldError:
    """Return a problem as one fault at `place`, for answers that list several."""
    return problem.faults[0] if problem.faults else FieldError(place, str(problem.description))


def _inflate(body: bytes, limit: int) -> bytes:
    inflater = zlib.decompressobj(wbits=31)
    try:
        inflated = inflater.decompress(body, limit + 1)
    except zlib.error as error:
        raise Problem(400, f"the body is not gzip: {error}") from error
    if len(inflated) > limit:
        raise too_large(limit)
    if not inflater.eof or inflater.unused_data:
        raise Problem(400, "the gzip body is cut short, or has bytes after its end")
    return inflated


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
