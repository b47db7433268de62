"""Settings of the dashboard: conf table `[dashboard]`, variables `LLMRING_DASHBOARD_*`."""

from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from llmring_server.settings import PluginSettings, split_list

SHORTEST_SECRET = 16


class DashboardSettings(PluginSettings):
    """Who is signed in, and for how long.

    `session_secrets` sign the sessions: the first signs, all are good to read, so that a new one can be put before the
    old. Without one, the server makes its own from its pepper and what it keeps in the database.
    """

    session_secrets: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    session_hours: float = Field(12, gt=0, le=24 * 30)
    sign_in_attempts: int = Field(20, ge=1, description="that an address may make in five minutes")

    _lists = field_validator("session_secrets", mode="before")(split_list)

    @field_validator("session_secrets")
    @classmethod
    def _are_long(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(len(secret.get_secret_value()) < SHORTEST_SECRET for secret in value):
            raise ValueError(f"a secret of at least {SHORTEST_SECRET} characters, such as `openssl rand -hex 32` gives")
        return value
