"""ETags, and the conditions in `If-Match` and `If-None-Match` (RFC 9110 §13.1)."""

import hashlib
import re

import falcon.asgi

from llmring_aliases.tables.writer import Precondition
from llmring_server.http.errors import Problem

TAG = re.compile(r'(?P<weak>W/)?"(?P<text>[^"]*)"')
DIGEST_BYTES = 6
IF_MATCH = "If-Match"
IF_NONE_MATCH = "If-None-Match"


def make_etag(number: int, *names: str | None) -> str:
    """Return the strong ETag of a resource (named by project, profile, alias) whose latest change is `number`."""
    return f'"{number}-{_digest(names)}"'


def read_precondition(req: falcon.asgi.Request, project: str, profile: str, alias: str | None) -> Precondition | None:
    """Return the request's precondition on an alias, or on a profile's list when `alias` is None; None without one."""
    wanted, unwanted = req.get_header(IF_MATCH), req.get_header(IF_NONE_MATCH)
    if wanted is None and unwanted is None:
        return None
    names = (project, profile, alias) if alias is not None else (project, profile)

    def check(number: int | None) -> bool:
        return (wanted is None or _matches(wanted, number, names, weak=False)) and (
            unwanted is None or not _matches(unwanted, number, names, weak=True)
        )

    return Precondition(profile, alias, check)


def is_not_modified(req: falcon.asgi.Request, tag: str) -> bool:
    """Whether `If-None-Match` contains this ETag, so that the response is 304."""
    given = req.get_header(IF_NONE_MATCH)
    return given is not None and (given == tag or given.strip() == "*" or _contains(given, tag, weak=True))


def precondition_failed(resource: str) -> Problem:
    """Return the 412 for a resource that does not match the request's condition."""
    return Problem(412, f"{resource} does not match the condition of this request. Get it again and use its new ETag.")


def _matches(given: str, number: int | None, names: tuple[str | None, ...], *, weak: bool) -> bool:
    if number is None:
        return False
    return given.strip() == "*" or _contains(given, make_etag(number, *names), weak=weak)


def _contains(given: str, tag: str, *, weak: bool) -> bool:
    return any(f'"{found["text"]}"' == tag and (weak or not found["weak"]) for found in TAG.finditer(given))


def _digest(names: tuple[str | None, ...]) -> str:
    """Return a digest of the names, which keeps a browser with two keys from mixing up the projects' responses."""
    text = "\0".join("" if name is None else f"={name}" for name in names)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES).hexdigest()
