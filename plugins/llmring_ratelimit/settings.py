"""Settings of rate limits: conf table `[ratelimit]`, variables `LLMRING_RATELIMIT_*`."""

from pydantic import Field, field_validator

from llmring_ratelimit.models import Limit, RouteClass, parse
from llmring_server.settings import PluginSettings


class RateLimitSettings(PluginSettings):
    """A limit for each class of routes, `1000/s burst 5000`; `off` for none.

    A key has one bucket a class: `ingest`, `read` and `admin`, after what the operation asks of a key. `public` is for
    each client address.
    """

    ingest: str = Field("1000/s", description="Logging of usage, receipts and conversations, per key.")
    read: str = Field("200/s", description="Reading, per key.")
    admin: str = Field("50/s", description="Changing aliases and managing keys, per key.")
    public: str = Field("100/s", description="Routes that need no key, per client address.")

    @field_validator("*")
    @classmethod
    def _is_a_limit(cls, value: str) -> str:
        parse(value)
        return value

    @property
    def limits(self) -> dict[RouteClass, Limit]:
        """The limits by class; a class without one is left out."""
        written: dict[RouteClass, str] = {
            "ingest": self.ingest, "read": self.read, "admin": self.admin, "public": self.public
        }  # fmt: skip
        return {kind: limit for kind, text in written.items() if (limit := parse(text)) is not None}
