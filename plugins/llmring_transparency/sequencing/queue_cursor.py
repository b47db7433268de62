"""Where in the queue a turn begins to read.

While a long transaction runs anywhere in the database, the index keeps the entries of rows that have left the queue; a
turn that began at the first would walk over all of them.
"""

import time
from collections.abc import Callable

MARGIN_ROWS = 100_000
FULL_SCAN_SECONDS = 60.0


class QueueCursor:
    """The id that rows of the queue are looked for above.

    Rows may be committed after others with larger ids: so it lies far below those that were taken last, and once a
    minute it is 0.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._whole_at = clock()
        self._taken = 0

    def advance(self, queue_id: int) -> None:
        """Note the smallest id that a turn has taken."""
        self._taken = queue_id

    def next(self) -> int:
        """Return the floor of a turn that begins now."""
        now = self._clock()
        if now >= self._whole_at:
            self._whole_at = now + FULL_SCAN_SECONDS
            return 0
        return max(0, self._taken - MARGIN_ROWS)
