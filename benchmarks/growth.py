"""The calls of the budget that must not slow down with more rows: statistics and pages, from 10 k to 10 M rows."""

from collections.abc import Sequence
from datetime import timedelta

import httpx

from benchmarks.measure import Case, Request
from benchmarks.processes import Uvicorn
from benchmarks.scales import DENSE, Scale
from benchmarks.seed import last_day

PAGES = 10_000
PAGE_ROWS = 50
LARGEST_PAGE = 500
REPORTING, OTHER = "UTC", "Asia/Kathmandu"
GOALS = {100: "p50 ≤ 10 ms", 1_000: "p50 ≤ 40 ms"}
OTHER_GOAL = "p50 ≤ 250 ms"
FILTERED_GOAL = "p50 ≤ 100 ms"
FILTERED_SHAPE = 1_000
FILTERED = {
    "filtered": "model=openai-model-0&status=success",
    "by model": "by=model",
    "by model and alias": "by=model&by=alias",
    "filtered, by model and origin": "by=model&by=origin&alias=alias-1",
}


def cases(server: Uvicorn, url: str, scales: Sequence[Scale]) -> list[Case]:
    """Return the lines of the table for seeded projects: `/stats` of each, and `/logs` of the largest."""
    found = []
    for scale in scales:
        named = f"{scale.rows:,} rows, {scale.combinations:,} combinations"
        asked, key = month(url), (f"X-Project-Key: {scale.key}",)
        stats = Request(f"/api/v1/stats?{asked}", key)
        kathmandu = Request(f"/api/v1/stats?{asked}&tz={OTHER}", key)
        found.append(Case(f"GET /stats, 30 days, {named}, {REPORTING}", stats, 1, GOALS[scale.combinations]))
        found.append(Case(f"GET /stats, 30 days, {named}, {OTHER}", kathmandu, 1, OTHER_GOAL))
        for what, query in FILTERED.items() if scale.combinations == FILTERED_SHAPE else ():
            filtered = Request(f"/api/v1/stats?{asked}&{query}", key)
            found.append(Case(f"GET /stats, 30 days, {what}, {named}", filtered, 1, FILTERED_GOAL))
    largest = max(scales)
    edged = Request(f"/api/v1/stats?{month(url, '12:07:00Z')}", (f"X-Project-Key: {largest.key}",))
    found.append(Case(f"GET /stats, 30 days to the minute, {largest.rows:,} rows, {REPORTING}", edged, 1))
    return found + _pages(server, largest)


def month(url: str, time: str | None = None, days: int = DENSE.days) -> str:
    """Return the last seeded days as query parameters, by default 30, at `time` of day if given."""
    last = last_day(url)
    assert last is not None, "the database is not seeded"
    first = last - timedelta(days=days - 1)
    end = f"T{time}" if time else ""
    return f"start_date={first:%F}{end}&end_date={last:%F}{end}"


def _pages(server: Uvicorn, scale: Scale) -> list[Case]:
    """Return page 1 and page 10,000 of `/logs`; its cursor is found by following the links, 500 rows at a time."""
    headers = {"X-Project-Key": scale.key}
    behind = min(PAGES * PAGE_ROWS, scale.rows // 2) // LARGEST_PAGE
    with httpx.Client(base_url=server.url, headers=headers, timeout=30) as client:
        path = f"/api/v1/logs?limit={LARGEST_PAGE}"
        for _ in range(behind):
            path = client.get(path).links["next"]["url"]
    far = path.replace(f"limit={LARGEST_PAGE}", f"limit={PAGE_ROWS}")
    number = behind * LARGEST_PAGE // PAGE_ROWS + 1
    sent = (f"X-Project-Key: {scale.key}",)
    first = Request(f"/api/v1/logs?limit={PAGE_ROWS}", sent)
    return [
        Case(f"GET /logs, page 1, {scale.rows:,} rows", first, 1, "p50 ≤ 5 ms"),
        Case(f"GET /logs, page {number:,}, {scale.rows:,} rows", Request(far, sent), 1, "p50 ≤ 5 ms, as page 1"),
    ]


def curve(medians: dict[str, float], scales: Sequence[Scale]) -> list[tuple[str, ...]]:
    """Return the growth curve from the cases' p50 by name: a line per size, with ms per shape and time zone."""
    lines = []
    for rows in sorted({scale.rows for scale in scales}):
        cells = [
            f"{medians.get(f'GET /stats, 30 days, {rows:,} rows, {shape:,} combinations, {zone}', 0.0):.1f}"
            for zone in (REPORTING, OTHER)
            for shape in GOALS
        ]
        lines.append((f"{rows:,}", *cells))
    return lines


CURVE_HEAD = ("rows", *(f"{shape:,} combinations, {zone}" for zone in (REPORTING, OTHER) for shape in GOALS))
