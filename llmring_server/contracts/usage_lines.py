"""The contract of logged calls for statements, which list them one by one."""

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

import msgspec
import psycopg

from llmring_server.contracts.corrections import UsageCorrection
from llmring_server.contracts.cost_basis import CostBasis


class UsageLine(msgspec.Struct, frozen=True, kw_only=True):
    """A logged call as a line of a statement; counts are tokens, `cost` is USD, None while unpriced."""

    id: UUID
    occurred_at: datetime
    provider: str
    model: str
    alias: str | None
    profile: str
    origin: str | None
    status: str
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    cost: Decimal | None
    cost_source: str | None
    cost_status: str
    priced_as: str | None
    registry_version: str | None
    basis: CostBasis


@runtime_checkable
class UsageLines(Protocol):
    """Logged calls for statements. Without a provider, there are no statements."""

    def before(
        self, connection: psycopg.AsyncConnection[Any], project: str, end: datetime
    ) -> AsyncGenerator[Sequence[UsageLine], None]:
        """Yield a project's calls that count and happened before `end`, oldest first, in chunks.

        They are read through a server-side cursor in the transaction of `connection`, in its snapshot and in constant
        memory. Calls dropped by the retention are not among them.
        """
        ...

    def corrected(
        self, connection: psycopg.AsyncConnection[Any], project: str
    ) -> AsyncGenerator[Sequence[UsageCorrection], None]:
        """Yield the corrections of a project's calls, oldest first, as `before` yields calls.

        Those of calls dropped by the retention are among them.
        """
        ...

    async def projects(self, start: datetime, end: datetime) -> dict[str, datetime]:
        """Return the projects that may have calls in `[start, end)`, each with a time after its last call.

        That time is at most two days after the last call, and never after `end`. A few projects without calls may be
        among them. It may take minutes with many projects.
        """
        ...
