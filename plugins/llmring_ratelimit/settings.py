"""Settings of rate limits: conf table `[ratelimit]`, variables `LLMRING_RATELIMIT_*`."""

from pydantic import Field, field_validator

from llmring_ratelimit.models import Limit, RouteClass, parse_limit
from llmring_server.plugins.settings_model import PluginSettings


class RateLimitSettings(PluginSettings):
    """One limit per route class, such as `1000/s burst 5000`; `off` for no limit.

    A key has one bucket per class, `ingest`, `read` and `admin`, by the scope that the operation requires. `public`
    applies per client address.
    """

    ingest: str = Field("1000/s", description="Logging of usage, receipts and conversations, per key.")
    read: str = Field("200/s", description="Reading, per key.")
    admin: str = Field("50/s", description="Changing aliases and managing keys, per key.")
    public: str = Field("100/s", description="Routes that need no key, per client address.")

    @field_validator("*")
    @classmethod
    def _is_a_limit(cls, value: str) -> str:
        parse_limit(value)
        return value

    @property
    def limits(self) -> dict[RouteClass, Limit]:
        """The limits by class, without unlimited classes."""
        written: dict[RouteClass, str] = {
            "ingest": self.ingest, "read": self.read, "admin": self.admin, "public": self.public
        }  # fmt: skip
        return {kind: limit for kind, text in written.items() if (limit := parse_limit(text)) is not None}
