"""The statement of an alias's calls: sums of whole hours where they are valid, raw rows for the rest.

It is one statement, so one snapshot: an hour's sums and its raw rows give the same result.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, LiteralString

import msgspec

from llmring_usage.pricing.tokens import RARE_KINDS, RareCounts, Tokens, tokens_of
from llmring_usage.tables.alias_hours import NAMES, SUMS, hour_of, hours_sql, sum_calls_sql
from llmring_usage.tables.log_columns import COUNTED

# `stale` are the hours without sums, and the ends of the range. OFFSET 0 keeps the planner from reversing the join:
# each of them is a range of the index, and nothing between them is read.
CALLS: LiteralString = (
    hours_sql("name = %(alias)s", "kept.alias = %(alias)s") + """, stale AS (
        SELECT hour AS start, hour + interval '1 hour' AS stop FROM hours WHERE lines IS NULL
        UNION ALL VALUES (%(since)s::timestamptz, %(first)s::timestamptz), (%(last)s, %(until)s)
    ), added AS (
    """
    + sum_calls_sql(
        """
        SELECT calls.* FROM stale CROSS JOIN LATERAL (
            SELECT * FROM usage_logs
            WHERE project_id = %(project)s AND occurred_at >= %(since)s AND occurred_at < %(until)s
                AND occurred_at >= stale.start AND occurred_at < stale.stop
                AND alias = %(alias)s AND profile = %(profile)s AND """ + COUNTED + """
            OFFSET 0
        ) AS calls
        """
    )
    + """
        UNION ALL
        SELECT """ + NAMES + ", " + ", ".join(SUMS) + """
        FROM hours CROSS JOIN json_to_recordset(lines) AS line(
            profile text, kind integer, provider text, model text, origin text, prompt_over bigint, fresh_over bigint,
            """ + ", ".join(name + " numeric" for name in SUMS) + """
        )
        WHERE line.profile = %(profile)s
    )
    SELECT """ + NAMES + ", " + ", ".join("coalesce(sum(" + name + "), 0) AS " + name for name in SUMS) + """
    FROM added
    GROUP BY """ + NAMES + """
    ORDER BY kind, requests DESC, provider, model, origin
    """
)  # fmt: skip


class AliasLine(msgspec.Struct, frozen=True, kw_only=True):
    """Calls with the same model, origin or length, according to `kind`; sums of tokens are exact.

    Every call's prompt is longer than `prompt_over` tokens, its fresh input longer than `fresh_over`; 0 is no bound.
    `unit_requests` are calls with counted units.
    """

    kind: int
    provider: str | None
    model: str | None
    origin: str | None
    prompt_over: int | None
    fresh_over: int | None
    requests: Decimal
    cost: Decimal
    unpriced_requests: Decimal
    fresh: Decimal
    cache_read: Decimal
    cache_write_5m: Decimal
    cache_write_1h: Decimal
    cache_write: Decimal
    output: Decimal
    reasoning: Decimal
    cache_write_30m: Decimal
    cache_write_12h: Decimal
    audio_input: Decimal
    audio_cache_read: Decimal
    image_input: Decimal
    image_cache_read: Decimal
    video_input: Decimal
    audio_output: Decimal
    image_output: Decimal
    video_output: Decimal
    unit_requests: Decimal

    @property
    def tokens(self) -> Tokens:
        """The sums by kind."""
        rare = msgspec.convert({kind: int(getattr(self, kind)) for kind in RARE_KINDS}, RareCounts)
        return msgspec.structs.replace(tokens_of(self), rare=rare)


def range_params(since: datetime, until: datetime, thresholds: Sequence[int]) -> dict[str, Any]:
    """Return the parameters of a range: its bounds, those of its whole hours, and the thresholds of lengths."""
    first = min(hour_of(since + timedelta(hours=1) - datetime.resolution), until)
    last = max(first, hour_of(until))
    return {
        "since": since, "until": until, "first": first, "last": last, "thresholds": list(thresholds), "sums": len(SUMS)
    }  # fmt: skip
