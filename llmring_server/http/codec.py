"""Decoding of request bodies into structs, and encoding of responses as JSON.

Money is a JSON number with all its decimals, decoded to Decimal and encoded from it.
"""

import asyncio
import re
from collections.abc import Callable
from itertools import accumulate
from typing import TypeVar

import falcon.asgi
import msgspec

from llmring_server.http.errors import FieldError, Problem, to_sentence
from llmring_server.http.exchange import EXCHANGE
from llmring_server.runtime.inflate import InvalidGzip, LimitExceeded, inflate

JSON = "application/json"
NDJSON = "application/x-ndjson"
NDJSON_TYPES = (NDJSON, "application/jsonl")
BODY_LOST = (
    "The body was lost because the request offers another protocol (Upgrade). "
    "Send no Upgrade, or start the server with llmring-server serve."
)
T = TypeVar("T")

_encoder = msgspec.json.Encoder(decimal_format="number")
_NOT_STRUCTURE = bytes(set(range(256)) - set(b'{}[]"'))
_STEPS = [(byte in b"[{") - (byte in b"]}") for byte in range(256)]
_NOT_TEXT = re.compile(
    rb"\\u(?:0000"
    rb"|[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2}\\u)[dD][c-fC-F][0-9a-fA-F]{2})"
)
_LONGEST_ESCAPE = len(rb"\ud83d\ude00")
WINDOW = 65_536
LARGE = 262_144
_LOCATION = re.compile(r"^(?P<msg>.*?)(?: - at `(?P<path>.*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")

encode = _encoder.encode
NULL = msgspec.Raw(b"null")


class Limits(msgspec.Struct, frozen=True):
    """The limits of a request body: `bytes` after decompression, `depth` levels of nesting.

    `item_bytes` is the limit of the free-form data of each item in it, such as metadata or a message.
    """

    bytes: int
    depth: int
    item_bytes: int


def null() -> msgspec.Raw:
    """Return JSON null: the `default_factory` of a free-form field, whose bytes are stored as they were sent."""
    return NULL


async def read_body(req: falcon.asgi.Request, limits: Limits) -> bytes:
    """Return the whole body, decompressed if it is gzipped.

    Raises:
        Problem: 413 when it is larger than `limits.bytes`, 415 for another encoding, 400 for invalid gzip or a body
            that uvicorn has not passed on.
    """
    encoding, length = req.get_header("Content-Encoding"), req.content_length or 0
    if length > limits.bytes:
        raise too_large(limits.bytes)
    body: bytes = await req.stream.read(limits.bytes + 1)
    if len(body) > limits.bytes:
        raise too_large(limits.bytes)
    if req.scope[EXCHANGE].incomplete:
        raise Problem(400, "The connection was closed before the end of the body.")
    if len(body) < length:
        raise Problem(400, BODY_LOST, headers={"Connection": "close"})
    if encoding is None or encoding.lower() == "identity":
        return body
    if encoding.lower() != "gzip":
        raise Problem(415, f"Content-Encoding {encoding!r} is not supported. Send gzip, or no encoding.")
    try:
        if len(body) > WINDOW:
            return await asyncio.to_thread(inflate, body, limits.bytes)
        return inflate(body, limits.bytes)
    except InvalidGzip as error:
        raise Problem(400, str(error)) from error
    except LimitExceeded as error:
        raise too_large(limits.bytes) from error


async def wait_for_disconnect(req: falcon.asgi.Request) -> None:
    """Return when the client of a request has disconnected; its event stream detects that."""
    await req.scope[EXCHANGE].wait_for_disconnect()


def too_large(limit: int) -> Problem:
    """Return the 413 problem with the limit in bytes."""
    return Problem(413, f"The body is larger than {limit} bytes. Send less at once.")


def prefers_html(req: falcon.asgi.Request) -> bool:
    """Whether a request accepts HTML, as browsers do; other clients receive JSON."""
    return "text/html" in (req.get_header("Accept") or "")


def require_type(req: falcon.asgi.Request, *accepted: str) -> str:
    """Return the media type of the body; without a header, the first of `accepted`.

    Raises:
        Problem: 415 for any other.
    """
    media = req.content_type
    if not media or media in accepted:
        return media or accepted[0]
    given = media.partition(";")[0].strip().lower()
    if given in accepted or (JSON in accepted and given.endswith("+json")):
        return given
    raise Problem(415, f"Content-Type {given!r} is not supported. Send {' or '.join(accepted)}.")


def check_text(body: bytes, depth: int) -> None:
    """Reject text that is valid in JSON but cannot be stored in the database, before anything is decoded.

    Raises:
        Problem: 400 for bytes that are not UTF-8 or nesting beyond `depth`, 422 for U+0000 and lone surrogates.
    """
    problem = text_problem(body, depth)
    if problem:
        raise problem


def text_problem(body: bytes, depth: int) -> Problem | None:
    """Return what `check_text` would raise, or None, in time proportional to the body: at most 60 ns per byte.

    Every step is one call in C, over the whole body or, where that is slow, over one `WINDOW` at a time.
    """
    if not body.isascii():
        try:
            body.decode()
        except UnicodeDecodeError as error:
            return Problem(400, f"The body is not UTF-8 at byte {error.start}.")
    if b"\\" not in body:
        return _depth_problem(body, depth)
    unescaped = body.replace(b"\\\\", b"__")
    found = _find_unstorable(unescaped) if b"\\u" in unescaped else None
    if found:
        return Problem(422, f"The character {found[0].decode()} at byte {found.start()} cannot be stored. Remove it.")
    return _depth_problem(unescaped.replace(b'\\"', b"__"), depth)


def _find_unstorable(body: bytes) -> "re.Match[bytes] | None":
    """Return the first escape of a character that cannot be stored."""
    for at in range(0, len(body), WINDOW):
        found = _NOT_TEXT.search(body, at, at + WINDOW + _LONGEST_ESCAPE)
        if found and found.start() < at + WINDOW:
            return found
    return None


def _depth_problem(body: bytes, depth: int) -> Problem | None:
    if body.count(b"[") + body.count(b"{") <= depth:
        return None
    structure = body.translate(None, _NOT_STRUCTURE)
    level, quoted = 0, 0
    for at in range(0, len(structure), WINDOW):
        parts = structure[at : at + WINDOW].split(b'"')
        levels = list(accumulate(map(_STEPS.__getitem__, b"".join(parts[quoted::2])), initial=level))
        if max(levels) > depth:
            return Problem(400, f"The body is nested deeper than {depth} levels.")
        level, quoted = levels[-1], (quoted + len(parts) - 1) % 2
    return None


def item_too_large(size: int, limit: int, *loc: str | int) -> Problem:
    """Return the 422 problem of an item, such as a message, that has more bytes of free-form data than the limit."""
    return Problem.validation(*loc, msg=describe_too_large(size, limit))


def describe_too_large(size: int, limit: int) -> str:
    """Return the sentence of `item_too_large`."""
    return f"This has {size:,} bytes; at most {limit:,} are stored. Send less, or raise LLMRING_MAX_ITEM_BYTES."


async def run_in_thread_if_large(body: bytes, work: Callable[[], T]) -> T:
    """Do work whose time is proportional to a body; for a large body in a thread, so that it blocks no request."""
    return work() if len(body) <= LARGE else await asyncio.to_thread(work)


def decode(decoder: "msgspec.json.Decoder[T]", body: bytes, *loc: str | int) -> T:
    """Decode a body, or the part of a body at `loc`.

    Raises:
        Problem: 400 when it is not JSON, 422 with the location of the first invalid field.
    """
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise validation_problem(error, *(loc or ("body",))) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        detail = f"The body is not valid JSON. {to_sentence(str(error))}" if body else "The body is empty."
        raise Problem(400, detail) from error
    except RecursionError as error:
        raise Problem(400, "The body is nested too deeply.") from error


def validation_problem(error: msgspec.ValidationError, *loc: str | int) -> Problem:
    """Return the 422 for a msgspec error, with its message as a sentence and its JSON path as the location."""
    match = _LOCATION.match(str(error))
    msg, path = (match["msg"], match["path"] or "") if match else (str(error), "")
    steps = [int(index) if index.isdigit() else name or "..." for name, index in _STEP.findall(path)]
    return Problem.validation(*loc, *steps, msg=to_sentence(msg))


def field_error(problem: Problem, *loc: str | int) -> FieldError:
    """Return a problem as one field error at `loc`, for responses that list several."""
    return problem.faults[0] if problem.faults else FieldError(loc, str(problem.description))
