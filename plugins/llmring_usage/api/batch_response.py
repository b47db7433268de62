"""The response to a batch: the outcome of each entry."""

from collections.abc import Sequence

import msgspec

from llmring_server.http import codec
from llmring_server.http.errors import FieldError, Problem
from llmring_usage.models.responses import UsageLogResponse
from llmring_usage.models.rows import UsageRow


class UsageBatchResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """The outcome of one entry: its log id or its error; `duplicate` if an earlier call logged the same entry.

    `receipt` is present where receipts are issued, if this call has one.
    """

    index: int
    log_id: str | None = None
    error: FieldError | None = None
    duplicate: bool = False
    receipt: msgspec.Raw | msgspec.UnsetType | None = None


class UsageBatchResponse(msgspec.Struct, frozen=True):
    """The outcome of a batch; `results` lists every entry by its index."""

    accepted: int
    duplicates: int
    rejected: int
    results: list[UsageBatchResult]

    @classmethod
    def from_outcomes(
        cls, rows: Sequence[UsageRow | FieldError], outcomes: Sequence[UsageLogResponse | Problem]
    ) -> "UsageBatchResponse":
        """Return the response for the rows, or errors, of a batch's entries; `outcomes` are those of the rows."""
        remaining = iter(outcomes)
        results = [
            UsageBatchResult(index, error=row) if isinstance(row, FieldError) else _result(index, row, next(remaining))
            for index, row in enumerate(rows)
        ]
        rejected = sum(result.error is not None for result in results)
        duplicates = sum(result.duplicate for result in results)
        return cls(len(results) - rejected - duplicates, duplicates, rejected, results)


def _result(index: int, row: UsageRow, outcome: UsageLogResponse | Problem) -> UsageBatchResult:
    if isinstance(outcome, Problem):
        return UsageBatchResult(index, error=field_error(outcome, index))
    receipt = outcome.receipt or None
    return UsageBatchResult(index, outcome.log_id, duplicate=outcome.log_id != row.id, receipt=receipt)


def field_error(problem: Problem, index: int) -> FieldError:
    """Return the error of the entry at `index`; its location names the index."""
    error = codec.field_error(problem, "body", index)
    return error if error.loc[1:2] == (index,) else FieldError(("body", index, *error.loc[1:]), error.msg)
