"""The nodes of a Citus cluster: whether they answer, and the error of one that was lost."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg


class NodeLost(psycopg.OperationalError):
    """A node of the cluster was lost in the middle of a statement; it is unknown whether a commit succeeded."""


@contextmanager
def lost_nodes(*, distributed: bool) -> Iterator[None]:
    """On a cluster, raise the internal errors of the block as `NodeLost`: libpq gives them no SQLSTATE of their own.

    Raises:
        NodeLost: a node was lost.
    """
    try:
        yield
    except psycopg.errors.InternalError_ as error:
        if not distributed:
            raise
        raise NodeLost(str(error)) from error
