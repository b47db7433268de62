"""Settings of usage: conf table `[usage]`, variables `LLMRING_USAGE_*`."""

from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from llmring_server.settings import PluginSettings, blank_means_unset


class UsageSettings(PluginSettings):
    """What a deployment decides about usage.

    `timezone` is the reporting zone, in which a day of the statistics begins; `calculator` says whether calls are
    priced as the providers bill or as the llmring client estimates; `stats_format` is the default of `/stats`.
    """

    timezone: str = "UTC"
    calculator: Literal["provider", "client"] = "provider"
    stats_format: Literal["full", "rows"] = "full"
    queue_entries: int = Field(20_000, ge=1, description="entries that may wait for the writer before 503")
    queue_bytes: int = Field(64 * 1024 * 1024, ge=1024, description="bytes of metadata that may wait likewise")
    write_timeout: float = Field(1.5, gt=0, le=10, description="seconds a write may take before its callers see 503")
    idempotency_hours: float = Field(72, gt=0)
    journal_dir: Path | None = Field(None, description="folder in which calls wait while the database is away")
    journal_bytes: int = Field(1024**3, ge=1024, description="bytes that may wait there before 503")
    journal_replay_rate: int = Field(5_000, ge=1, description="entries a second that are replayed from there")
    rollup_slots: int = Field(1, ge=1, le=64)
    retention_days: int | None = Field(None, ge=1, le=36_500)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is no IANA time zone, such as Europe/Madrid") from error
        return value

    _unset = field_validator("retention_days", "journal_dir", mode="before")(blank_means_unset)
