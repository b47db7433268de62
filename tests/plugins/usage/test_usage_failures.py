"""What an error of the database means for a batch of calls, by its SQLSTATE."""

import psycopg
import psycopg_pool
import pytest
from psycopg import errors

from llmring_server.database.cluster.nodes import NodeLost, lost_nodes
from llmring_usage.ingest.storage.failures import Failure, failure_of


@pytest.mark.parametrize(
    ("state", "meaning"),
    [
        ("23505", Failure.DUPLICATE),
        ("23514", Failure.NO_PARTITION),
        ("42P01", Failure.NO_PARTITION),
        ("40P01", Failure.RETRY),
        ("40001", Failure.RETRY),
        ("57P01", Failure.RETRY),
        ("08006", Failure.RETRY),
        ("22003", Failure.REJECTED),
        ("22P02", Failure.REJECTED),
        ("23502", Failure.REJECTED),
        ("54000", Failure.REJECTED),
        ("42601", Failure.UNEXPECTED),
        ("XX000", Failure.UNEXPECTED),
    ],
)
def test_the_sqlstate_decides_what_an_error_means(state, meaning):
    assert failure_of(errors.lookup(state)("failed")) is meaning


@pytest.mark.parametrize("error", [psycopg.OperationalError("lost"), psycopg_pool.PoolTimeout("none is free")])
def test_a_database_that_does_not_answer_is_a_reason_to_send_the_batch_again(error):
    assert failure_of(error) is Failure.RETRY


def test_an_internal_error_on_a_cluster_is_a_lost_node_and_a_reason_to_send_the_batch_again():
    with pytest.raises(NodeLost) as raised, lost_nodes(distributed=True):
        raise errors.InternalError_("connection to the remote node failed")
    assert failure_of(raised.value) is Failure.RETRY


def test_an_internal_error_of_plain_postgresql_stays_an_internal_error():
    with pytest.raises(errors.InternalError_), lost_nodes(distributed=False):
        raise errors.InternalError_("a table is corrupt")


@pytest.mark.parametrize("error", [errors.UniqueViolation("known"), errors.NumericValueOutOfRange("too large")])
def test_an_error_with_an_sqlstate_keeps_it_on_a_cluster(error):
    with pytest.raises(type(error)), lost_nodes(distributed=True):
        raise error
