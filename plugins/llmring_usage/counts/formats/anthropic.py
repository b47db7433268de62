"""Anthropic's messages, also on Bedrock and Vertex: `input_tokens` include neither cache reads nor cache writes."""

from llmring_usage.counts.report import Report, unspecified
from llmring_usage.counts.usage_object import UsageObject

LIFETIMES = "cache_creation"
MARKERS = frozenset({"cache_creation_input_tokens", "cache_read_input_tokens", LIFETIMES, "server_tool_use"})
ALSO = frozenset({"input_tokens", "output_tokens", "output_tokens_details", "service_tier", "speed", "inference_geo"})


def read(usage: UsageObject, anthropic: bool) -> Report:
    """Return the report; `service_tier` `batch` is a kind of processing.

    Inference in the US has a surcharge, which is counted as a unit.
    """
    in_5m = usage.count((LIFETIMES, "ephemeral_5m_input_tokens"))
    in_1h = usage.count((LIFETIMES, "ephemeral_1h_input_tokens"))
    tier = usage.text("service_tier")
    return Report(
        input=usage.count("input_tokens"),
        output=usage.count("output_tokens"),
        includes="none",
        cache_read=usage.count("cache_read_input_tokens"),
        cache_write=unspecified(usage.count("cache_creation_input_tokens"), in_5m, in_1h),
        cache_write_5m=in_5m,
        cache_write_1h=in_1h,
        reasoning=usage.count(("output_tokens_details", "thinking_tokens")),
        units={
            "web_search": usage.count(("server_tool_use", "web_search_requests")),
            "us_inference": int(usage.text("inference_geo") == "us"),
        },
        service_tier=None if tier == "batch" else tier,
        processing="batch" if tier == "batch" else None,
        speed=usage.text("speed"),
    )
