"""Limits, such as `1000/s burst 2000`, and the arithmetic of a token bucket. No I/O."""

import math
import re
from typing import Literal

import msgspec

from llmring_server.contracts import Scope

RouteClass = Scope | Literal["public"]

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
UNIT_NAMES = {"s": "second", "m": "minute", "h": "hour", "d": "day"}
LIMIT_PATTERN = re.compile(r"(?P<count>\d{1,9})\s*/\s*(?P<unit>[smhd])(?:\s+burst\s+(?P<burst>\d{1,9}))?")


class Limit(msgspec.Struct, frozen=True):
    """A token bucket with at most `burst` tokens that gains `rate` per second; `description` is the limit as text."""

    rate: float
    burst: int
    description: str

    def refill(self, tokens: float, seconds: float) -> float:
        """Return the tokens of a bucket after some time."""
        return min(float(self.burst), tokens + max(0.0, seconds) * self.rate)


class Decision(msgspec.Struct, frozen=True):
    """Whether a request is allowed, and the remaining tokens."""

    allowed: bool
    tokens: float

    def seconds_until_allowed(self, limit: Limit) -> int:
        """Return the whole seconds until the next request is allowed, at least one."""
        return max(1, math.ceil((1 - self.tokens) / limit.rate))

    def seconds_until_full(self, limit: Limit) -> int:
        """Return the whole seconds until the bucket is full."""
        return math.ceil((limit.burst - self.tokens) / limit.rate)


def parse_limit(text: str) -> Limit | None:
    """Parse a limit, such as `600/m` or `1000/s burst 5000`; the default burst is the count. `off` means no limit.

    Raises:
        ValueError: the text is not a limit.
    """
    if text.strip() in ("", "off"):
        return None
    match = LIMIT_PATTERN.fullmatch(text.strip())
    count, burst = (int(match["count"]), int(match["burst"] or match["count"])) if match else (0, 0)
    if match is None or not count or not burst:
        raise ValueError("must be a limit such as 600/m or 1000/s burst 5000, or off")
    return Limit(count / SECONDS[match["unit"]], burst, f"{count:,} requests per {UNIT_NAMES[match['unit']]}")
