"""Settings of the transparency log: its key, its restore guard, and its witnesses."""

from pathlib import Path

from pydantic import Field, SecretStr, field_validator

from llmring_server.plugins.settings_model import PluginSettings, blank_means_unset


class TransparencySettings(PluginSettings):
    """`LLMRING_TRANSPARENCY_*`; blank means unset.

    `key` is the checkpoint key as text, `key_file` a file with it. `guard_file` is outside the database and its
    backups. A witness is its verifier key and its address, `name+id+key https://witness.example/prefix`.
    """

    key: SecretStr | None = Field(None, description="Checkpoint key as text. Unset: nothing is signed.")
    key_file: Path | None = Field(
        None, description="File with the checkpoint key instead. Refused when other users can read it."
    )
    guard_file: Path | None = Field(
        None,
        description="Restore guard: file outside the database with the newest published checkpoint. "
        "Unset: in the folder `transparency` of `LLMRING_DATA_DIR`.",
    )
    witnesses: tuple[str, ...] = Field((), description="Witnesses: verifier key, space, address of each.")

    _unset = field_validator("key", "key_file", "guard_file", mode="before")(blank_means_unset)
