"""ETags, and what `If-Match` and `If-None-Match` say of them (RFC 9110 §13.1)."""

import hashlib
import re

import falcon.asgi

from llmring_aliases.tables.writer import Condition
from llmring_server.http.errors import Problem

TAG = re.compile(r'(?P<weak>W/)?"(?P<text>[^"]*)"')
DIGEST_BYTES = 6
IF_MATCH = "If-Match"
IF_NONE_MATCH = "If-None-Match"


def etag(number: int, *names: str | None) -> str:
    """Return the strong ETag of what change `number` made of the thing that `names` name (project, profile, alias)."""
    return f'"{number}-{_digest(names)}"'


def condition(req: falcon.asgi.Request, project: str, profile: str, alias: str | None) -> Condition | None:
    """Return what the request's headers ask of an alias, or of the list of a profile; None when they ask nothing."""
    wanted, unwanted = req.get_header(IF_MATCH), req.get_header(IF_NONE_MATCH)
    if wanted is None and unwanted is None:
        return None
    names = (project, profile, alias) if alias is not None else (project, profile)

    def holds(number: int | None) -> bool:
        return (wanted is None or _named(wanted, number, names, weak=False)) and (
            unwanted is None or not _named(unwanted, number, names, weak=True)
        )

    return Condition(profile, alias, holds)


def unchanged(req: falcon.asgi.Request, tag: str) -> bool:
    """Whether `If-None-Match` names this ETag: the answer is 304."""
    given = req.get_header(IF_NONE_MATCH)
    return given is not None and (given == tag or given.strip() == "*" or _lists(given, tag, weak=True))


def moved(what: str) -> Problem:
    """Return the 412 for a condition that does not hold; `what` it was about."""
    return Problem(412, f"{what} is not what your condition asks for; get it again, and decide anew with its ETag")


def _named(given: str, number: int | None, names: tuple[str | None, ...], *, weak: bool) -> bool:
    if number is None:
        return False
    return given.strip() == "*" or _lists(given, etag(number, *names), weak=weak)


def _lists(given: str, tag: str, *, weak: bool) -> bool:
    return any(f'"{found["text"]}"' == tag and (weak or not found["weak"]) for found in TAG.finditer(given))


def _digest(names: tuple[str | None, ...]) -> str:
    """Tell things apart, so that a browser with two keys never takes one project's answer for another's."""
    text = "\0".join("" if name is None else f"={name}" for name in names)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES).hexdigest()
