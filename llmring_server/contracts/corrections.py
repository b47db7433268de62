"""The contract of corrections: which logged calls were taken back, and how."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

import msgspec

CorrectionKind = Literal["void", "correct"]


class UsageCorrection(msgspec.Struct, frozen=True, kw_only=True):
    """How a logged call was taken back: it counts no longer, and stays readable.

    With `correct`, the entry `replaced_by` counts instead, and `fields` are what the correction changed. `key_id` is
    the key of the request, null for the command line; `corrected_at` is UTC.
    """

    log_id: str
    kind: CorrectionKind
    reason: str
    corrected_at: datetime
    key_id: str | None
    replaced_by: str | None = None
    fields: msgspec.Raw | None = None


@runtime_checkable
class UsageCorrections(Protocol):
    """Lookup of corrections. Without a provider, no call is ever taken back."""

    async def find(self, project: str, log_ids: Sequence[str]) -> Mapping[str, UsageCorrection]:
        """Return the corrections of those entries that were taken back, by log id; other texts are no entries.

        Raises:
            psycopg.OperationalError, psycopg_pool.PoolTimeout: the database does not answer in time.
        """
        ...

    async def find_projects(self, log_id: str) -> Mapping[str, UsageCorrection]:
        """Return the corrections of an entry by project, whose ids are unique: for a receipt, which names none.

        Raises:
            psycopg.OperationalError, psycopg_pool.PoolTimeout: as `find`.
        """
        ...
