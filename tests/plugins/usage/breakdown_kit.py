"""Breakdowns as the server answers them, and as straightforward sums over the rows that count."""

from decimal import Decimal

# The expression for the name of a call in each dimension.
DIMENSIONS = {
    "provider": "provider",
    "model": "model",
    "provider_model": "provider || ':' || model",
    "alias": "coalesce(alias, '')",
    "origin": "coalesce(origin, '')",
    "status": "status",
    "tag.customer": "coalesce(tags->>'customer', '')",
    "tag.user": "coalesce(tags->>'user', '')",
}
SUMS = """
    count(*) AS requests, count(*) FILTER (WHERE status = 'error') AS errors,
    count(*) FILTER (WHERE cost IS NULL) AS unpriced, coalesce(sum(cost), 0) AS cost,
    sum(input_tokens::numeric + output_tokens) AS total_tokens
"""


def stated_rows(client, by, **query):
    """Return the sums of each row of a breakdown by the row's names."""
    found = client.get("/api/v1/stats", params={**query, "by": by, "top": 100}).json(parse_float=Decimal)
    return {
        tuple(row["names"][name] for name in by): (
            row["requests"], row["errors"], row["unpriced_requests"], Decimal(row["cost"]), row["total_tokens"],
        )
        for row in found["rows"]
    }  # fmt: skip


def summed_rows(server, project, by, condition="true"):
    """Return the same from the rows that count."""
    names = ", ".join(f"{DIMENSIONS[name]} AS name_{index}" for index, name in enumerate(by))
    groups = ", ".join(str(index + 1) for index in range(len(by)))
    query = f"SELECT {names}, {SUMS} FROM usage_logs WHERE project_id = %s AND corrected_at IS NULL AND {condition}"
    rows = (tuple(row.values()) for row in server.rows(f"{query} GROUP BY {groups}", [project]))
    return {row[: len(by)]: row[len(by) :] for row in rows}
