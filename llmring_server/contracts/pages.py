"""The contract of web pages, so that the host can redirect browsers to them."""

import msgspec


class FrontPage(msgspec.Struct, frozen=True):
    """The front page of a feature's web pages: its path on this server."""

    path: str
