"""The time limit of filtered reads: few matches among many calls take long, which a shorter range avoids."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import psycopg_pool

from llmring_server.database import Database
from llmring_server.http.errors import Problem

TOO_MANY = (
    "There are too many calls in this range to search them within the time limit. Choose a shorter range with "
    "start_date and end_date."
)


@asynccontextmanager
async def limit_search(database: Database) -> AsyncIterator[None]:
    """Run a search of raw rows within the time limit of a statement.

    Raises:
        Problem: 422 for a search that takes longer, while the database answers.
        psycopg.OperationalError, psycopg_pool.PoolTimeout, TimeoutError: it does not answer.
    """
    try:
        yield
    except psycopg_pool.PoolTimeout:
        raise
    except (psycopg.OperationalError, psycopg.InterfaceError, TimeoutError) as error:
        await database.ping()
        raise Problem.validation("query", "start_date", msg=TOO_MANY) from error
