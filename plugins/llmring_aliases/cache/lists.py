"""Pages of the list of aliases, with their cursors and ETags."""

import base64

import msgspec

from llmring_aliases.etags import make_etag
from llmring_aliases.models import MAX_LIST, AliasListQuery
from llmring_aliases.tables.reader import AliasReader
from llmring_server.http import codec
from llmring_server.http.errors import Problem

PAGE_OVERHEAD = 1_024  # bytes

_cursor = msgspec.json.Decoder(tuple[str, str])


class ListPage(msgspec.Struct, frozen=True):
    """A page of the list at one version, encoded; `cursor` is the next page's, None on the last."""

    version: int
    etag: str
    body: bytes
    cursor: str | None

    @property
    def weight(self) -> int:
        """Its size in bytes."""
        return PAGE_OVERHEAD + len(self.body)


async def read_page(reader: AliasReader, project: str, query: AliasListQuery) -> ListPage:
    """Return the page of a query.

    Raises:
        Problem: 422 for a text that is not a cursor of this list.
    """
    after = _read_cursor(query.cursor) if query.cursor else None
    found = await reader.page(project, query.profile, after, query.limit)
    body = codec.encode([stored.alias for stored in found.aliases])
    part = () if is_first_page(query) else (str(query.limit), query.cursor)
    last = found.aliases[-1].alias if found.more else None
    cursor = None if last is None else _write_cursor(last.profile, last.alias)
    return ListPage(found.version, make_etag(found.edition, project, query.profile, *part), body, cursor)


def is_first_page(query: AliasListQuery) -> bool:
    """Whether a query is for the whole list, of which the response is the first page."""
    return query.cursor is None and query.limit == MAX_LIST


def _write_cursor(profile: str, alias: str) -> str:
    return base64.urlsafe_b64encode(codec.encode((profile, alias))).rstrip(b"=").decode()


def _read_cursor(text: str) -> tuple[str, str]:
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        codec.check_text(content, 1)
        return _cursor.decode(content)
    except (ValueError, msgspec.MsgspecError, Problem) as error:
        raise Problem.validation(
            "query", "cursor", msg="Not a cursor of this list. Use the one from the Link header."
        ) from error
