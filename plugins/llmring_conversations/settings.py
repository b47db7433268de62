"""Settings of conversations: conf table `[conversations]`, variables `LLMRING_CONVERSATIONS_*`."""

from typing import Literal

from pydantic import Field, field_validator

from llmring_server.plugins.settings_model import PluginSettings, blank_means_unset

ContentMode = Literal["full", "hash", "none"]


class ConversationSettings(PluginSettings):
    """Settings of the conversation feature.

    `content` selects what is stored of the text: all of it, a keyed digest and its size, or nothing. `retention_days`
    is the time without changes after which a conversation is dropped.
    """

    content: ContentMode = Field("full", description="What is stored of the text: all, a keyed digest, or nothing.")
    retention_days: int | None = Field(
        None, ge=1, le=36_500, description="Days without a change after which a conversation is dropped. Unset: never."
    )

    _unset = field_validator("retention_days", mode="before")(blank_means_unset)
