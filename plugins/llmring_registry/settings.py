"""Settings of the registry: conf table `[registry]`, environment `LLMRING_REGISTRY_*`."""

from urllib.parse import urlsplit

from pydantic import Field, field_validator

from llmring_registry.models import is_provider
from llmring_server.plugins.settings_model import PluginSettings

DEFAULT_BASE_URL = "https://llmring.github.io/registry/"
MEBIBYTE = 1024 * 1024


class RegistrySettings(PluginSettings):
    """The source of the registry and its refresh; times in seconds, sizes in bytes."""

    base_url: str = Field(
        DEFAULT_BASE_URL, description="Folder of the upstream registry: `http://`, `https://` or `file://`."
    )
    providers: tuple[str, ...] = Field(
        ("openai", "anthropic", "google"), description="Providers to fetch besides those in the manifest."
    )
    refresh_seconds: float = Field(3600.0, gt=0, description="Age in seconds at which the copy is refreshed.")
    retry_seconds: float = Field(60.0, gt=0, description="Seconds to wait after a failed refresh.")
    timeout_seconds: float = Field(
        15.0, gt=0, description="Time limit of one refresh, and of fetching one archived file."
    )
    first_wait_seconds: float = Field(5.0, ge=0, description="Seconds that a request waits for the first copy.")
    start_wait_seconds: float = Field(2.0, ge=0, description="Seconds that a start waits for the first copy.")
    cache_seconds: int = Field(60, ge=0, description="`max-age` of responses that can change.")
    max_file_bytes: int = Field(16 * MEBIBYTE, ge=1024, description="Largest upstream file; larger ones are refused.")

    @field_validator("providers")
    @classmethod
    def _names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not is_provider(name):
                raise ValueError(f"{name!r} is not a valid provider name; use a–z, 0–9, _ and -")
        return value

    @field_validator("base_url")
    @classmethod
    def _folder(cls, value: str) -> str:
        url = urlsplit(value)
        if url.scheme not in ("http", "https", "file") or not (url.netloc or url.scheme == "file"):
            raise ValueError("must be an http://, https:// or file:// URL")
        if url.scheme == "file" and (url.netloc not in ("", "localhost") or not url.path.startswith("/")):
            raise ValueError("must have an absolute path: file:///srv/registry/")
        if url.query or url.fragment:
            raise ValueError("must be the URL of a folder, without ? and #")
        return value.rstrip("/") + "/"
