"""The time limits of a client's connection."""

import msgspec


class ConnectionLimits(msgspec.Struct, frozen=True):
    """The time limits of a client's connection, in seconds.

    A request must arrive within `arrival` seconds, plus the time of its body at the minimum rate; a client that leaves
    a response unread for `unread` seconds is disconnected.
    """

    arrival: float = 20.0
    unread: float = 30.0
