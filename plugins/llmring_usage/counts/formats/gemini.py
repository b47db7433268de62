"""Gemini's usage metadata, in camel and in snake case: the prompt includes cache reads, thoughts are beside candidates.

Tokens of tool results are input. Images and documents that are read are billed as images.
"""

import re

from llmring_usage.counts.report import Report
from llmring_usage.counts.usage_object import UsageObject

COUNTS = (
    "promptTokenCount", "candidatesTokenCount", "responseTokenCount", "thoughtsTokenCount", "cachedContentTokenCount",
    "toolUsePromptTokenCount",
)  # fmt: skip
DETAILS = (
    "promptTokensDetails", "candidatesTokensDetails", "responseTokensDetails", "cacheTokensDetails",
    "toolUsePromptTokensDetails",
)  # fmt: skip
CACHED = "cacheTokensDetails"
TIERS = {"on_demand_flex": "flex", "on_demand_priority": "priority", "provisioned_throughput": "provisioned"}


def _spellings(name: str) -> tuple[str, str]:
    """Return a name in camel and in snake case."""
    return name, re.sub("([A-Z])", r"_\1", name).lower()


MARKERS = frozenset({*(spelling for name in COUNTS for spelling in _spellings(name)), *DETAILS})
ALSO = frozenset(spelling for name in DETAILS for spelling in _spellings(name))


def read(usage: UsageObject, anthropic: bool) -> Report:
    """Return the report."""
    prompt, candidates, response, thoughts, cached, tools = (usage.count(*_spellings(name)) for name in COUNTS)
    return Report(
        input=prompt + tools,
        output=(candidates or response) + thoughts,
        cache_read=cached,
        reasoning=thoughts,
        audio_input=_input(usage, "AUDIO"),
        cached_audio=_modality(usage, CACHED, "AUDIO"),
        image_input=_input(usage, "IMAGE", "DOCUMENT"),
        cached_images=_modality(usage, CACHED, "IMAGE", "DOCUMENT"),
        video_input=max(_input(usage, "VIDEO") - _modality(usage, CACHED, "VIDEO"), 0),
        audio_output=_output(usage, "AUDIO"),
        image_output=_output(usage, "IMAGE"),
        video_output=_output(usage, "VIDEO"),
        service_tier=_tier(usage),
    )


def _input(usage: UsageObject, *modalities: str) -> int:
    return sum(_modality(usage, name, *modalities) for name in ("promptTokensDetails", "toolUsePromptTokensDetails"))


def _output(usage: UsageObject, modality: str) -> int:
    return _modality(usage, "candidatesTokensDetails", modality) or _modality(usage, "responseTokensDetails", modality)


def _modality(usage: UsageObject, name: str, *modalities: str) -> int:
    """Return the tokens of modalities in a list of details."""
    counts = _spellings("tokenCount")
    return sum(usage.listed(_spellings(name), ("modality", modality), counts) for modality in modalities)


def _tier(usage: UsageObject) -> str | None:
    traffic = usage.text(*_spellings("trafficType"))
    return usage.text(*_spellings("serviceTier")) or TIERS.get(traffic or "")
