"""Rows in the journal are read exactly as they were written."""

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from llmring_server.contracts import Price
from llmring_usage.journal import records
from llmring_usage.models.rows import UsageRow
from llmring_usage.models.series import Series

PRICE = Price(priced_as="openai:m", registry_version="openai.7", input=Decimal("0.10"), output=Decimal("1E-9"))
NAMED = Series("prj", provider="openai", model="m", profile="default", alias="fast", cost_status="priced", price=PRICE)
UNPRICED = Series("prj", provider="openai", model="n", profile="default", cost_status="model_not_in_registry")
PLAIN = {"id": "01a209d4-dad8-7210-b0fd-831bacb1b8f7", "occurred_at": datetime(2026, 3, 1, 12, 0, 0, 1, tzinfo=UTC)}
FULL = {
    "received_at": datetime(2026, 3, 2, tzinfo=UTC),
    "input_tokens": 2**63 - 1,
    "cost": Decimal("0.10000000000000000000000000000000000001"),
    "computed_cost": Decimal("0.1"),
    "latency_ms": 812.4,
    "status": "error",
    "attempt": 2,
    "tags": {"team": "émü"},
    "metadata": msgspec.Raw(b'{"exact": 1.000000000000000000001,\n "nested": [null]}'),
    "idempotency_key": "one",
    "fingerprint": "f",
}


def content(row):
    return {**msgspec.structs.asdict(row), "series": row.series.encoded}


@pytest.mark.parametrize("members", [{}, FULL], ids=["bare", "full"])
@pytest.mark.parametrize("series", [NAMED, UNPRICED], ids=["priced", "unpriced"])
def test_a_row_is_read_as_it_was_written(series, members):
    row = UsageRow(series=series, **PLAIN, **members)
    (found,) = records.decode(records.encode([row]))
    assert content(found) == content(row)
    assert found.series.price == series.price


def test_rows_keep_their_order_and_their_series():
    rows = [UsageRow(series=series, **PLAIN) for series in (NAMED, UNPRICED, NAMED)]
    assert [row.series.model for row in records.decode(records.encode(rows))] == ["m", "n", "m"]
