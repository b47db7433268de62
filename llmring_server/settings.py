"""Settings: arguments in code override the environment (`LLMRING_*`), which overrides the conf file (TOML)."""

import difflib
import os
import resource
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AliasChoices, BaseModel, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from llmring_server.bundled import default_data_dir, find_bundled
from llmring_server.errors import StartupError
from llmring_server.plugins.settings_model import blank_means_unset, change_names, split_list
from llmring_server.serving.connection_limits import ConnectionLimits

ENV_PREFIX = "LLMRING_"
CONF_VARIABLE = "LLMRING_CONF"
DEFAULT_CONF = "default.toml"
MEBIBYTE = 1024 * 1024
RESERVED_FILES = 128  # open files for other uses than connections

LogFormat = Literal["text", "json"]
ModelT = TypeVar("ModelT", bound=BaseSettings)


class Settings(BaseSettings):
    """The host's own settings; `tables` are the plugins' conf tables, not validated yet."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, frozen=True, extra="forbid")

    plugins: Annotated[tuple[str, ...], NoDecode] = Field(
        ("registry", "aliases", "usage", "receipts", "dashboard"),
        description="Enabled plugins. Their hooks run in this order. As a variable, `+budgets,-receipts` "
        "changes the list of the conf file.",
    )
    retired_plugins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Plugins that the database was used with and that are disabled deliberately. A start without "
        "`keys` on a database with managed keys is refused otherwise.",
    )
    tables: dict[str, dict[str, Any]] = Field(default_factory=dict, exclude=True)

    database_url: SecretStr | None = Field(
        None, description="PostgreSQL's address, in any form that libpq accepts. Unset: the bundled PostgreSQL."
    )
    database_direct_url: SecretStr | None = Field(
        None, description="PostgreSQL's own address, when `LLMRING_DATABASE_URL` is a pooler's."
    )
    database_schema: str = Field(
        "llmring", pattern=r"^[a-z_][a-z0-9_]{0,62}$", description="Schema of all tables. Created when missing."
    )
    database_pool_size: int | None = Field(
        None, ge=1, description="Connections that stay open once opened. Unset: 20, or 10 to the bundled PostgreSQL."
    )
    database_pool_overflow: int | None = Field(
        None, ge=0, description="Further connections, closed when idle. Unset: 10, or 0 to the bundled PostgreSQL."
    )
    database_timeout: float = Field(10.0, gt=0, description="Seconds that a statement may take.")
    database_wait: float = Field(
        10.0,
        ge=0,
        description="Seconds that a start waits for the database and for the pool's first connections. "
        "A refusal by the database fails at once.",
    )
    database_migrate: bool = Field(True, description="Apply migrations at start.")
    database_distribute: bool = Field(
        False, description="On a Citus cluster, distribute the tables that migrations make."
    )
    shutdown_seconds: int = Field(15, ge=1, description="Seconds that in-flight requests may take at shutdown.")
    event_timeout: float = Field(10.0, gt=0, description="Seconds that a call of an event's listener may take.")
    event_queue_entries: int = Field(
        10_000, ge=1, description="Entries that may wait for one listener of an event; more are dropped."
    )
    event_queue_bytes: int = Field(
        16 * MEBIBYTE, ge=1024, description="Bytes that may wait for one listener of an event; more are dropped."
    )
    data_dir: Path = Field(
        default_factory=lambda: default_data_dir(),
        description="Folder of the bundled PostgreSQL. Default: the user's data folder, or `/var/lib/llmring-server` "
        "for root.",
    )

    redis_url: SecretStr | None = Field(
        None, description="Redis for the shared cache and shared rate limits. Unset: each process has its own."
    )
    cache_ttl: float = Field(3600.0, gt=0, description="Seconds that a cached value is valid.")

    key_pepper: SecretStr = Field(
        SecretStr(""), description="Secret from which project ids and key hashes are derived. Cannot be changed later."
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        ("http://localhost:5173", "http://localhost:5174", "*"),
        description="Origins that browsers may call from. `*` triggers a warning.",
    )
    max_body_bytes: int = Field(MEBIBYTE, ge=1024, description="Largest request body; more is 413.")
    max_batch_bytes: int = Field(16 * MEBIBYTE, ge=1024, description="Largest body of a batch.")
    max_item_bytes: int = Field(
        262_144, ge=1024, description="Largest metadata of a call or an alias, message, and system prompt; more is 422."
    )
    max_body_depth: int = Field(64, ge=8, le=500, description="Nesting levels of a body.")
    max_connections: int | None = Field(
        None,
        ge=1,
        description="Connections per worker process; more are 503. Unset: the limit of open files, less 128.",
    )
    arrival_timeout: float = Field(
        20.0, gt=0, description="Seconds in which a request must arrive, plus one per 4 KiB of its body; then 408."
    )
    unread_timeout: float = Field(
        30.0, gt=0, description="Seconds that a client may leave a response unread before it is disconnected."
    )
    log_level: str = Field(
        "info",
        pattern=r"^(debug|info|warning|error)$",
        description="`debug`, `info`, `warning` or `error`; `warning` omits the access log.",
    )
    log_format: LogFormat = Field("text", description="`json`: one object per line.")

    @field_validator("plugins", mode="after")
    @classmethod
    def change_conf(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Apply `+name` and `-name` to the list of the conf file."""
        if not any(name.startswith(("+", "-")) for name in value):
            return value
        conf = read_conf(conf_path(os.environ.get(CONF_VARIABLE)))
        return change_names(conf.get("plugins", cls.model_fields["plugins"].default), value)

    _lists = field_validator("plugins", "retired_plugins", "cors_origins", mode="before")(split_list)
    _default_data_dir = field_validator("data_dir", mode="before")(lambda value: value or default_data_dir())
    _unset = field_validator("database_url", "database_direct_url", "redis_url", mode="before")(blank_means_unset)

    @property
    def embedded(self) -> bool:
        """Whether the bundled PostgreSQL is used: no database URL is given."""
        return self.database_url is None

    @property
    def pool_size(self) -> int:
        """Connections that stay open once opened: 20, or 10 to the bundled PostgreSQL."""
        return self.database_pool_size or (10 if self.embedded else 20)

    @property
    def pool_overflow(self) -> int:
        """Connections beyond `pool_size` that are closed when idle: 10, or none to the bundled PostgreSQL."""
        if self.database_pool_overflow is not None:
            return self.database_pool_overflow
        return 0 if self.embedded else 10

    @property
    def connections(self) -> ConnectionLimits:
        """The time limits of each client's connection."""
        return ConnectionLimits(self.arrival_timeout, self.unread_timeout)

    @property
    def connection_count(self) -> int:
        """The maximum number of connections per process: as configured, otherwise from the limit of open files."""
        allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return self.max_connections or max(RESERVED_FILES, allowed - RESERVED_FILES)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: arguments in code, then the environment, then the conf file."""
        return init_settings, env_settings, ConfFile(settings_cls, init_settings)


class ConfFile(InitSettingsSource):
    """The conf file as a source of settings: its top-level keys are the host's, its tables the plugins'.

    When code passes `plugins` or `tables`, no file is read.
    """

    def __init__(self, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource) -> None:
        given = init_settings()
        document = {} if {"plugins", "tables"} & set(given) else read_conf(conf_path(os.environ.get(CONF_VARIABLE)))
        values: dict[str, Any] = {key: value for key, value in document.items() if not isinstance(value, dict)}
        values["tables"] = {key: value for key, value in document.items() if isinstance(value, dict)}
        super().__init__(settings_cls, values)


def conf_path(name: str | None) -> Path:
    """Return the path of a conf file, given as a path or as the name of a bundled one (`minimal`).

    Raises:
        StartupError: there is no such file.
    """
    given = Path(name or DEFAULT_CONF)
    shipped = find_bundled("conf") / given.with_suffix(".toml").name
    if name and given.is_file():
        return given
    if len(given.parts) == 1 and shipped.is_file():
        return shipped
    known = ", ".join(sorted(path.stem for path in shipped.parent.glob("*.toml")))
    raise StartupError(f"{CONF_VARIABLE}: no conf file at {name!r}; give a path, or one of: {known}")


def read_conf(path: Path) -> dict[str, Any]:
    """Return the content of a conf file.

    Raises:
        StartupError: it cannot be read or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise StartupError(f"conf file {path}: {error}") from error


def load_settings() -> Settings:
    """Read the host's settings from conf file and environment.

    Raises:
        StartupError: a value is invalid or a key is unknown; the message names all of them.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise StartupError(describe_errors(error, ENV_PREFIX, Settings)) from error


def load_plugin_settings(model: type[ModelT], plugin: str, table: Mapping[str, Any]) -> ModelT:
    """Read one plugin's settings from its conf table and `LLMRING_<PLUGIN>_*`.

    Raises:
        StartupError: a value is invalid or a key is unknown; the message names all of them and the plugin.
    """
    prefix = env_prefix(plugin)
    try:
        return model(_env_prefix=prefix, **table)
    except ValidationError as error:
        raise StartupError(f"plugin {plugin!r}: {describe_errors(error, prefix, model)}") from error


def variable_of(prefix: str, name: str, model: type[BaseModel]) -> str:
    """Return the environment variable of a setting: `LLMRING_<PLUGIN>_<NAME>`, or the one that its alias names."""
    alias = model.model_fields[name].validation_alias if name in model.model_fields else None
    names = map(str, alias.choices) if isinstance(alias, AliasChoices) else ()
    return next((one for one in names if one.startswith(ENV_PREFIX)), prefix + name.upper())


def env_prefix(plugin: str) -> str:
    """Return the prefix of a plugin's environment variables: `usage` → `LLMRING_USAGE_`."""
    return f"{ENV_PREFIX}{plugin.upper().replace('-', '_')}_"


def describe_errors(error: ValidationError, prefix: str, model: type[BaseModel]) -> str:
    """Return one line with the invalid settings and suggestions, without their values, which may be secret."""
    return "; ".join(_describe_error(fault, prefix, model) for fault in error.errors(include_input=False))


def _describe_error(fault: Any, prefix: str, model: type[BaseModel]) -> str:
    name = str(fault["loc"][0]) if fault["loc"] else ""
    if fault["type"] != "extra_forbidden":
        return f"setting {name!r} ({variable_of(prefix, name, model)}): {fault['msg']}"
    near = difflib.get_close_matches(name, model.model_fields, n=1)
    return f"setting {name!r} is not known" + (f"; did you mean {near[0]!r}?" if near else "")
