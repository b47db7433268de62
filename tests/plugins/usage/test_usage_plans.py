"""The cost of reads, by PostgreSQL's plans: statistics read sums, pages read an index."""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import psycopg
import pytest
from year_kit import ROWS

from llmring_usage.queries.usage_logs import NEWEST_FIRST, ONE, LogFilter, Position, select_sql
from llmring_usage.settings import UsageSettings
from llmring_usage.statistics.alias_sql import CALLS, range_params
from llmring_usage.statistics.alias_traffic import named_sql
from llmring_usage.statistics.periods import parse_range
from llmring_usage.statistics.query import BY_DAY, StatisticsQuery, TimeBreakdown
from llmring_usage.tables.alias_hours import AliasHours
from llmring_usage.tables.latency_months import LatencyMonths

PAGE = NEWEST_FIRST + " LIMIT %(limit)s OFFSET %(offset)s"


@pytest.fixture(scope="module")
def server(year):
    return year


def nodes(plan):
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def explain(server, query, params):
    """Return the nodes of an executed statement's plan, with the rows each has read."""
    (row,) = server.rows("EXPLAIN (ANALYZE, FORMAT JSON) " + query, params)
    return list(nodes(msgspec.json.decode(row["QUERY PLAN"])[0]["Plan"]))


def explain_generic(server, query, params):
    """Return the nodes of a prepared statement's generic plan."""
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", query)))
    generic = re.sub(r"%\((\w+)\)s", lambda found: f"${names.index(found[1]) + 1}", query)
    execute = f"EXPLAIN (FORMAT JSON) EXECUTE unseen({', '.join('%s' for _ in names)})"
    with psycopg.connect(server.server.database.conninfo, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute("SET plan_cache_mode = force_generic_plan")
        connection.execute("PREPARE unseen AS " + generic)
        ((plan,),) = connection.execute(execute, [params[name] for name in names])
    return list(nodes(plan[0]["Plan"]))


def partitions_read(plan):
    """Return the months of usage_logs that a plan reads."""
    names = {node.get("Relation Name", "") for node in plan if node.get("Actual Loops", 1)}
    return {name.removeprefix("usage_logs_").replace("_", "-") for name in names if name.startswith("usage_logs")}


def statistics(server, start, end, zone="UTC", over_time=BY_DAY):
    zone = ZoneInfo(zone)
    sums = StatisticsQuery(server.server.database, server.server.plugin_settings(UsageSettings))
    return sums.statement(server.project, parse_range(start, end, zone), zone, over_time)


@pytest.mark.parametrize(
    ("start", "end"), [("2025-03-01", "2025-03-31"), (None, None), ("2025-06-15", None), (None, "2025-06-15")]
)
@pytest.mark.parametrize("over_time", [None, BY_DAY, TimeBreakdown("model", "week"), TimeBreakdown("alias", "month")])
def test_statistics_over_whole_days_read_no_calls(server, start, end, over_time):
    assert partitions_read(explain(server, *statistics(server, start, end, over_time=over_time))) == set()


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/St_Johns", "Europe/Madrid"])
def test_statistics_of_partial_days_read_only_calls_in_the_months_of_the_edges(server, zone):
    query = statistics(server, "2025-03-10T11:07:13Z", "2025-07-20T09:01:02Z", zone)
    assert partitions_read(explain(server, *query)) == {"2025-03", "2025-07"}


@pytest.mark.parametrize("over_time", [None, TimeBreakdown("origin", "week"), TimeBreakdown("model", "month")])
def test_an_overview_of_a_year_reads_only_calls_at_its_edges(server, over_time):
    """Edges of days in a zone with an offset of half an hour: quarters cover them, except for latencies."""
    plan = explain(server, *statistics(server, "2025-01-02", "2025-12-30", "America/St_Johns", over_time))
    assert partitions_read(plan) == {"2025-01", "2025-12"}
    assert 0 < calls_read(plan) <= ROWS / 364 * 2 * 1.2


def test_statistics_over_whole_days_of_another_zone_read_few_calls(server):
    plan = explain(server, *statistics(server, "2025-03-10", "2025-07-20", "Asia/Kathmandu"))
    read = [n["Actual Rows"] * n["Actual Loops"] for n in plan if n.get("Relation Name", "").startswith("usage_logs")]
    assert sum(read) <= 2 * 60


@pytest.mark.parametrize(("start", "end"), [("2025-03-01", "2025-03-02"), ("2025-01-01", "2025-12-31")])
def test_statistics_find_a_project_by_the_key_of_the_sums(server, start, end):
    scans = [n for n in explain(server, *statistics(server, start, end)) if "usage_daily" in str(n.values())]
    assert [node["Node Type"] for node in scans if "Relation Name" in node or "Index Name" in node]
    assert not any(node["Node Type"] == "Seq Scan" for node in scans)


def test_the_names_of_a_year_are_summed_without_sorting(server):
    plan = explain(server, *statistics(server, "2025-01-01", "2025-12-31", over_time=TimeBreakdown("model", "week")))
    assert not [key for node in plan for key in node.get("Sort Key", ()) if key.endswith("name")]


@pytest.fixture
def summed_months(server):
    """The server with monthly latencies of the year; they are deleted afterwards."""
    server.run(LatencyMonths(server.server.database, ZoneInfo("UTC")).refresh(date(2026, 1, 2)))
    yield server
    server.run(server.server.database.execute("DELETE FROM usage_latency_months"))


def rows_read(plan, table):
    """Return the number of rows of a table that a plan has read by its key; it must not read any in another way."""
    scans = [node for node in plan if node.get("Relation Name") == table]
    assert {node["Node Type"] for node in scans} <= {"Index Scan", "Index Only Scan", "Bitmap Heap Scan"}
    return round(sum((n["Actual Rows"] + n.get("Rows Removed by Filter", 0)) * n["Actual Loops"] for n in scans))


def latencies_between(server, first, last):
    query = "SELECT count(*) AS days FROM usage_latencies WHERE project_id = %s AND day >= %s AND day < %s"
    (found,) = server.rows(query, [server.project, first, last])
    return found["days"]


@pytest.mark.parametrize(("start", "end"), [("2025-01-01", "2025-12-31"), ("2025-03-01", "2025-03-31"), (None, None)])
@pytest.mark.parametrize("over_time", [None, BY_DAY, TimeBreakdown("alias", "month")])
def test_no_days_of_latencies_are_read_for_summed_months(summed_months, start, end, over_time):
    plan = explain(summed_months, *statistics(summed_months, start, end, over_time=over_time))
    assert rows_read(plan, "usage_latencies") == 0


@pytest.mark.parametrize("over_time", [None, TimeBreakdown("model", "week")])
def test_only_days_outside_summed_and_in_invalid_months_are_read(summed_months, over_time):
    days = [("2025-02-10", "2025-03-01"), ("2025-06-01", "2025-07-01"), ("2025-12-01", "2025-12-20")]
    spoil = "UPDATE usage_latency_months SET requests = requests + 1 WHERE month = '2025-06-01'"
    assert summed_months.run(summed_months.server.database.execute(spoil))
    plan = explain(summed_months, *statistics(summed_months, "2025-02-10", "2025-12-19", over_time=over_time))
    meant = sum(latencies_between(summed_months, *some) for some in days)
    (version,) = summed_months.rows("SELECT current_setting('server_version_num')::int AS number")
    # Before PostgreSQL 18, a plan rounds the rows of each of the 11 gaps.
    rounded = 0 if version["number"] >= 180_000 else 6
    assert meant > 50
    assert abs(rows_read(plan, "usage_latencies") - meant) <= rounded


def test_a_range_without_a_whole_month_reads_no_months(server):
    query, _ = statistics(server, "2025-03-02", "2025-04-29")
    assert "usage_latency_months" not in query


def calls_of_a_week(server, since=datetime(2025, 6, 28, tzinfo=UTC), until=datetime(2025, 7, 5, tzinfo=UTC)):
    whose = {"project": server.project, "alias": "a1", "profile": "default"}
    return {**whose, **range_params(since, until, [200_000])}


def calls_read(plan):
    """Return the number of raw rows that a plan has read, including filtered ones; each loop counts their average."""
    scans = [node for node in plan if node.get("Relation Name", "").startswith("usage_logs")]
    return sum((n["Actual Rows"] + n.get("Rows Removed by Filter", 0)) * n["Actual Loops"] for n in scans)


def calls_between(server, first, last):
    query = "SELECT count(*) AS calls FROM usage_logs WHERE project_id = %s AND occurred_at >= %s AND occurred_at < %s"
    (found,) = server.rows(query, [server.project, first, last])
    return found["calls"]


@pytest.fixture
def summed_hours(server):
    """The server with hourly sums of that week; they are deleted afterwards."""
    server.run(AliasHours(server.server.database).refresh(datetime(2025, 7, 5, tzinfo=UTC)))
    yield server
    server.run(server.server.database.execute("DELETE FROM usage_alias_hours"))


def test_the_calls_of_an_alias_are_read_by_the_key_of_the_hours(server):
    plan = explain(server, CALLS, calls_of_a_week(server))
    assert partitions_read(plan) == {"2025-06", "2025-07"}
    assert not any(node["Node Type"] == "Seq Scan" for node in plan)
    assert 0 < calls_read(plan) <= ROWS / 52 * 1.2


def test_the_calls_of_an_alias_are_not_read_once_its_hours_are_summed(summed_hours):
    assert calls_read(explain(summed_hours, CALLS, calls_of_a_week(summed_hours))) == 0


def test_only_the_calls_at_the_ends_of_a_range_are_read(summed_hours):
    since, until = datetime(2025, 6, 28, 1, 15, tzinfo=UTC), datetime(2025, 7, 4, 20, 50, tzinfo=UTC)
    plan = explain(summed_hours, CALLS, calls_of_a_week(summed_hours, since, until))
    first, last = since.replace(hour=2, minute=0), until.replace(minute=0)
    ends = calls_between(summed_hours, since, first) + calls_between(summed_hours, last, until)
    assert 0 < calls_read(plan) <= ends + 2


def test_only_the_calls_of_invalid_hours_are_read(summed_hours):
    day = datetime(2025, 7, 1, tzinfo=UTC)
    spoil = "UPDATE usage_alias_hours SET requests = requests + 1 WHERE hour >= %s AND hour < %s"
    assert summed_hours.run(summed_hours.server.database.execute(spoil, [day, day + timedelta(days=1)]))
    plan = explain(summed_hours, CALLS, calls_of_a_week(summed_hours))
    assert 0 < calls_read(plan) <= calls_between(summed_hours, day, day + timedelta(days=1))


def test_the_models_in_use_are_read_from_the_sums(server):
    params = {"project": server.project, "kind": "model", "day": "2025-06-01", "limit": 500}
    assert partitions_read(explain(server, named_sql("model"), params)) == set()


def position(server, depth):
    query = "SELECT occurred_at, id FROM usage_logs WHERE project_id = %s ORDER BY 1 DESC, 2 DESC OFFSET %s LIMIT 1"
    (row,) = server.rows(query, [server.project, depth])
    return Position(row["occurred_at"], row["id"])


def check_page(plan, limit=51):
    kinds = {node["Node Type"] for node in plan}
    assert not kinds & {"Sort", "Incremental Sort", "Seq Scan", "Bitmap Heap Scan"}, kinds
    read = [node.get("Actual Rows", 0) * node.get("Actual Loops", 1) for node in plan if "Index Name" in node]
    assert sum(read) <= limit + len(read)


@pytest.mark.parametrize("explained", [explain, explain_generic])
@pytest.mark.parametrize("depth", [0, 50, 10_000, ROWS - 100])
def test_a_page_at_any_depth_reads_only_its_rows_from_the_index(server, depth, explained):
    after = position(server, depth) if depth else None
    query, params = select_sql(server.project, LogFilter(parse_range(None, None, ZoneInfo("UTC"))), after)
    check_page(explained(server, query + PAGE, {**params, "limit": 51, "offset": 0}))


@pytest.mark.parametrize("explained", [explain, explain_generic])
def test_one_call_is_found_by_its_key(server, explained):
    place = position(server, 5_000)
    params = {"project": server.project, "occurred_at": place.occurred_at, "id": place.id}
    check_page(explained(server, ONE, params), limit=1)


@pytest.mark.parametrize("explained", [explain, explain_generic])
def test_a_page_of_a_range_reads_the_partitions_of_the_range_only(server, explained):
    span = parse_range("2025-03-01", "2025-04-30", ZoneInfo("UTC"))
    query, params = select_sql(server.project, LogFilter(span), None)
    plan = explained(server, query + PAGE, {**params, "limit": 51, "offset": 0})
    check_page(plan)
    if explained is explain:
        assert partitions_read(plan) == {"2025-04"}


def test_pages_of_a_year_contain_every_call_once(server):
    client = server.client()
    seen, url = [], "/api/v1/logs?limit=500"
    while url:
        answer = client.get(url)
        seen += [entry["id"] for entry in answer.json()]
        url = answer.links.get("next", {}).get("url")
    assert len(seen) == len(set(seen)) == ROWS + 12 * 28
