"""Settings of receipts: where the signing key comes from. Blank means unset."""

from pathlib import Path

from pydantic import SecretStr, field_validator

from llmring_server.settings import PluginSettings


class ReceiptSettings(PluginSettings):
    """`LLMRING_RECEIPTS_*`: a private key as text or file, or a public key alone, or none; and a name for it."""

    private_key_b64: SecretStr | None = None
    private_key_file: Path | None = None
    public_key_b64: str | None = None
    key_id: str | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _blank_means_unset(cls, value: object) -> object:
        return None if isinstance(value, str) and not value.strip() else value
