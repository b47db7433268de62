"""The start position of reads in the queue.

During a long transaction anywhere in the database, the index retains the entries of rows that have left the queue; a
read from the start would scan all of them.
"""

import time
from collections.abc import Callable

MARGIN_ROWS = 100_000
FULL_SCAN_SECONDS = 60.0


class QueueCursor:
    """The id above which queue rows are read.

    Rows may be committed after others with larger ids, so it is far below the last ids taken, and 0 once per minute.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._full_scan_at = clock()
        self._taken = 0

    def advance(self, queue_id: int) -> None:
        """Record the smallest id that a turn has taken."""
        self._taken = queue_id

    def next(self) -> int:
        """Return the start position of the next turn."""
        now = self._clock()
        if now >= self._full_scan_at:
            self._full_scan_at = now + FULL_SCAN_SECONDS
            return 0
        return max(0, self._taken - MARGIN_ROWS)
