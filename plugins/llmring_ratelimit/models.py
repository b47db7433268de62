"""Limits as they are written, `1000/s burst 2000`, and the arithmetic of a token bucket. No I/O."""

import math
import re
from typing import Literal

import msgspec

from llmring_server.contracts import Scope

RouteClass = Scope | Literal["public"]

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
WORDS = {"s": "a second", "m": "a minute", "h": "an hour", "d": "a day"}
WRITTEN = re.compile(r"(?P<count>\d{1,9})\s*/\s*(?P<unit>[smhd])(?:\s+burst\s+(?P<burst>\d{1,9}))?")


class Limit(msgspec.Struct, frozen=True):
    """A token bucket: it holds `burst` tokens and gains `rate` a second; `said` is the limit in words."""

    rate: float
    burst: int
    said: str

    def gained(self, tokens: float, seconds: float) -> float:
        """Return how many tokens a bucket holds after some time."""
        return min(float(self.burst), tokens + max(0.0, seconds) * self.rate)


class Verdict(msgspec.Struct, frozen=True):
    """Whether a request may pass, and what its bucket holds afterwards."""

    allowed: bool
    tokens: float

    def wait(self, limit: Limit) -> int:
        """Return after how many whole seconds the next request passes; at least one."""
        return max(1, math.ceil((1 - self.tokens) / limit.rate))

    def full(self, limit: Limit) -> int:
        """Return after how many whole seconds the bucket is full again."""
        return math.ceil((limit.burst - self.tokens) / limit.rate)


def parse(text: str) -> Limit | None:
    """Read a limit, `600/m` or `1000/s burst 5000`; a burst that is not named is one unit's. `off` means none.

    Raises:
        ValueError: it is none.
    """
    if text.strip() in ("", "off"):
        return None
    match = WRITTEN.fullmatch(text.strip())
    count, burst = (int(match["count"]), int(match["burst"] or match["count"])) if match else (0, 0)
    if match is None or not count or not burst:
        raise ValueError("a limit such as 600/m, or 1000/s burst 5000, or off")
    return Limit(count / SECONDS[match["unit"]], burst, f"{count:,} requests {WORDS[match['unit']]}")
