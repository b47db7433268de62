"""Settings of usage: conf table `[usage]`, variables `LLMRING_USAGE_*`."""

from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AliasChoices, Field, StringConstraints, field_validator

from llmring_server.plugins.settings_model import PluginSettings, blank_means_unset
from llmring_usage.models.entries import MAX_COUNT

TagName = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class UsageSettings(PluginSettings):
    """The settings of usage.

    `timezone` is the reporting zone, in which a day of the statistics begins; `calculator` selects whether calls are
    priced as the providers bill or as the llmring client estimates; `stats_format` is the default of `/stats`.
    """

    timezone: str = Field("UTC", description="Reporting time zone: the zone in which a day of the statistics begins.")
    calculator: Literal["provider", "client"] = Field(
        "provider", description="Bill as the providers do, or as the llmring client estimates."
    )
    stats_format: Literal["full", "rows"] = Field(
        "full", description="Default format of `/stats`; `rows` returns the periods only."
    )
    stats_names: int = Field(
        1_000, ge=1, le=10_000, description="Names in each breakdown of `/stats`; the others are in one row, `other`."
    )
    tags: tuple[TagName, ...] = Field(
        (), max_length=8, description="Names of the tags that have sums, separated by commas; at most 8."
    )
    names_per_day: int = Field(
        10_000,
        ge=1,
        le=1_000_000,
        description="Combinations of names per project and day that have sums; further ones are summed together.",
    )
    queue_entries: int = Field(20_000, ge=1, description="Entries that may wait for the database; more are 503.")
    queue_bytes: int = Field(64 * 1024 * 1024, ge=1024, description="Bytes of waiting entries; more are 503.")
    write_timeout: float = Field(1.5, gt=0, le=10, description="Seconds after which a write is answered with 503.")
    idempotency_hours: float = Field(
        72,
        ge=0,
        le=8_784,
        description="Hours that an idempotency key is valid, at most a year; 0: as long as raw rows.",
    )
    journal_dir: Path | None = Field(
        None, description="Folder in which calls wait while the database is down. Unset: no journal."
    )
    journal_bytes: int = Field(1024**3, ge=1024, description="Bytes that may wait in the journal; more are 503.")
    journal_replay_rate: int = Field(5_000, ge=1, description="Entries per second that are replayed from the journal.")
    rollup_slots: int = Field(
        1, ge=1, le=64, description="Rows per sum. More let many replicas write to one project without waiting."
    )
    max_tokens: int = Field(
        10**10, ge=1, le=MAX_COUNT, description="Tokens of one kind that one call may have; more are 422."
    )
    retention_days: int | None = Field(
        None, ge=1, le=36_500, description="Days after which raw rows are dropped, by whole months. Unset: never."
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is not an IANA time zone, such as Europe/Madrid") from error
        return value

    prices_file: Path | None = Field(
        None,
        validation_alias=AliasChoices("prices_file", "LLMRING_PRICES_FILE"),
        description="TOML file with own prices for all projects; read again when it changes. Unset: none.",
    )
    prices_match: Literal["loose", "exact"] = Field(
        "loose",
        validation_alias=AliasChoices("prices_match", "LLMRING_PRICES_MATCH"),
        description="With `exact`, a model is never priced as another one of a similar name; with `loose`, estimated.",
    )

    prices_refresh_url: str | None = Field(
        None,
        pattern=r"^https?://",
        validation_alias=AliasChoices("prices_refresh_url", "LLMRING_PRICES_REFRESH_URL"),
        description="Where newer data of the bundled prices is fetched every hour. Unset: never.",
    )

    _unset = field_validator("retention_days", "journal_dir", "prices_file", "prices_refresh_url", mode="before")(
        blank_means_unset
    )
