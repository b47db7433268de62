"""The columns of the log are defined once: the table, the rows and the series agree with the definition."""

from llmring_server.contracts import Price
from llmring_usage.models.rows import UsageRow
from llmring_usage.models.series import Series, price_columns
from llmring_usage.statistics.assemble import NameSums
from llmring_usage.tables.log_columns import COLUMNS, CORRECTION_COLUMNS
from llmring_usage.tables.rollups import SUMS, VALUES

NOT_COLUMNS = {"rare", "encoded", "price", "series", "former_fingerprint", "unconfirmed_key"}


def test_the_table_has_exactly_the_defined_columns(usage):
    found = usage.rows(
        "SELECT attname AS name FROM pg_attribute"
        " WHERE attrelid = 'usage_logs'::regclass AND attnum > 0 AND NOT attisdropped"
    )
    assert sorted(row["name"] for row in found) == sorted([*(column.name for column in COLUMNS), *CORRECTION_COLUMNS])


def test_rows_have_a_field_for_every_column_of_their_own_and_for_the_key():
    own = {column.name for column in COLUMNS if not column.shared}
    assert {*UsageRow.__struct_fields__} - NOT_COLUMNS == own | {"idempotency_key", "fingerprint"}


def test_series_have_a_field_for_every_shared_column():
    shared = {column.name for column in COLUMNS if column.shared}
    price = Price(priced_as="p:m", registry_version="p.1")
    assert {*Series.__slots__, *price_columns(price)} - NOT_COLUMNS == shared - {"price"}


def test_statistics_have_a_field_for_every_sum_in_the_same_order():
    assert NameSums.__struct_fields__ == ("kind", "name", *SUMS)
    assert {*VALUES} == {*SUMS}
