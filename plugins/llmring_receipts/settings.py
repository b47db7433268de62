"""Settings of receipts and statements; blank means unset."""

from pathlib import Path

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from llmring_server.plugins.settings_model import PluginSettings


class ReceiptSettings(PluginSettings):
    """`LLMRING_RECEIPTS_*`: a private key as text or file, or a public key alone, or none; and its id."""

    private_key_b64: SecretStr | None = Field(
        None, description="Seed of the signing key: 32 bytes, base64url without padding. Unset: nothing is signed."
    )
    private_key_file: Path | None = Field(
        None,
        description="File with the signing key instead: PKCS8 PEM or the seed. Refused when other users can read it; "
        "its group may, if root owns it.",
    )
    public_key_b64: str | None = Field(
        None, description="Public key. Must match the private key; alone, this server verifies and does not sign."
    )
    key_id: str | None = Field(
        None, description="Name of the key, 1–128 of `A–Z a–z 0–9 . _ : -`. Unset: its RFC 7638 thumbprint."
    )
    trusted_jwks: Path | None = Field(
        None, description="File with public keys of issuers whose receipts are accepted too. Read at start."
    )
    auto: bool = Field(False, description="Issue a receipt for every logged call.")
    statements_monthly: bool = Field(True, description="Create a statement of each project's usage every month.")
    statements_hours: float = Field(
        24,
        ge=0,
        le=744,
        description="Hours after a month's end that its statements are created. Late calls until then are included.",
    )

    @field_validator("*", mode="before")
    @classmethod
    def _blank_means_unset(cls, value: object, info: ValidationInfo) -> object:
        blank = isinstance(value, str) and not value.strip()
        return cls.model_fields[str(info.field_name)].default if blank else value
