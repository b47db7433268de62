"""Where people find pages to look at, so that the host can lead them there."""

import msgspec


class FrontPage(msgspec.Struct, frozen=True):
    """The first of the pages that a feature serves: its path on this server."""

    path: str
