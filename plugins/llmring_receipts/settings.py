"""Settings of receipts: where keys come from, and whether calls get receipts by themselves. Blank means unset."""

from pathlib import Path

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from llmring_server.settings import PluginSettings


class ReceiptSettings(PluginSettings):
    """`LLMRING_RECEIPTS_*`: a private key as text or file, or a public key alone, or none; and a name for it."""

    private_key_b64: SecretStr | None = None
    private_key_file: Path | None = None
    public_key_b64: str | None = None
    key_id: str | None = None
    trusted_jwks: Path | None = Field(None, description="file with public keys of issuers whose receipts verify too")
    auto: bool = Field(False, description="issue a receipt for every logged call")
    statements_monthly: bool = True
    statements_hours: float = Field(24, ge=0, le=744, description="hours after a month's end that statements wait")

    @field_validator("*", mode="before")
    @classmethod
    def _blank_means_unset(cls, value: object, info: ValidationInfo) -> object:
        blank = isinstance(value, str) and not value.strip()
        return cls.model_fields[str(info.field_name)].default if blank else value
