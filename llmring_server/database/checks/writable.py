"""The check that a database which answers also stores: it is not read-only, and its disk has space."""

import time
from typing import Any

import psycopg

INTERVAL_SECONDS = 5.0
READ_ONLY = "SELECT current_setting('transaction_read_only')"
# With little memory its rows are written to a temporary file, which needs no rights and leaves nothing behind.
MEMORY = "SET LOCAL work_mem = '64kB'"
SPILL = "SELECT count(*) FROM generate_series(1, 20000)"


class WritableCheck:
    """Checks on a connection; the disk at most every `INTERVAL_SECONDS` while it has space."""

    def __init__(self) -> None:
        self._disk_checked_at = float("-inf")

    async def run(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Run the check.

        Raises:
            psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.DiskFull: the database stores nothing.
        """
        if await (await connection.execute(READ_ONLY)).fetchone() == ("on",):
            raise psycopg.errors.ReadOnlySqlTransaction("the database is read-only")
        if time.monotonic() - self._disk_checked_at < INTERVAL_SECONDS:
            return
        async with connection.transaction():
            await connection.execute(MEMORY)
            await connection.execute(SPILL)
        self._disk_checked_at = time.monotonic()
