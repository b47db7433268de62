"""OpenAI's chat completions, as Azure, DeepSeek, Groq, LiteLLM, Mistral, OpenRouter, Together, vLLM and xAI have them.

`prompt_tokens` include cache reads and writes. Reasoning is part of `completion_tokens`, unless the total shows that it
is not, as at xAI and Perplexity. DeepSeek reports hits and misses of its cache at the top, Mistral the seconds of
audio, which it bills beside the tokens.
"""

from llmring_usage.counts.report import Report, unspecified
from llmring_usage.counts.usage_object import UsageObject

INPUT, OUTPUT = "prompt_tokens_details", "completion_tokens_details"
MARKERS = frozenset({
    "prompt_tokens", "completion_tokens", INPUT, OUTPUT, "prompt_cache_hit_tokens", "prompt_cache_miss_tokens",
    "cached_tokens", "cached_prompt_text_tokens", "citation_tokens", "num_search_queries", "num_sources_used",
    "cache_creation_5m_tokens", "cache_creation_1h_tokens", "prompt_audio_seconds",
})  # fmt: skip
ALSO = frozenset({
    "cache_read_input_tokens", "cache_creation_input_tokens", "cache_creation", "reasoning_tokens", "server_tool_use",
    "total_tokens", "input_tokens", "output_tokens", "service_tier", "speed",
})  # fmt: skip


def read(usage: UsageObject, anthropic: bool) -> Report:
    """Return the report; `anthropic` is whether the model is Anthropic's.

    The llmring client reports Anthropic's input without the cache, and then without details of the prompt.
    """
    hits, misses = usage.count("prompt_cache_hit_tokens"), usage.count("prompt_cache_miss_tokens")
    prompt = usage.count("prompt_tokens", "input_tokens") or hits + misses
    in_5m = usage.count(
        "cache_creation_5m_tokens",
        ("cache_creation", "ephemeral_5m_input_tokens"),
        (INPUT, "cache_creation_token_details", "ephemeral_5m_input_tokens"),
    )
    in_1h = usage.count(
        "cache_creation_1h_tokens",
        ("cache_creation", "ephemeral_1h_input_tokens"),
        (INPUT, "cache_creation_token_details", "ephemeral_1h_input_tokens"),
    )
    in_30m, in_12h = usage.count((INPUT, "ttl_30m_tokens")), usage.count((INPUT, "ttl_12h_tokens"))
    written = usage.count(
        (INPUT, "cache_write_tokens"), (INPUT, "cache_creation_tokens"), "cache_creation_input_tokens"
    )
    output = usage.count("completion_tokens", "output_tokens")
    reasoning = usage.count((OUTPUT, "reasoning_tokens"), "reasoning_tokens")
    citations = usage.count("citation_tokens")
    return Report(
        input=prompt,
        output=output + citations,
        includes="none" if anthropic and INPUT not in usage else None,
        cache_read=hits
        or usage.count(
            (INPUT, "cached_tokens"), "cached_tokens", "cached_prompt_text_tokens", "cache_read_input_tokens"
        ),
        cache_write=unspecified(written, in_5m, in_30m, in_1h, in_12h),
        cache_write_5m=in_5m,
        cache_write_30m=in_30m,
        cache_write_1h=in_1h,
        cache_write_12h=in_12h,
        reasoning=reasoning,
        beside=reasoning > 0 and usage.count("total_tokens") == prompt + output + citations + reasoning,
        audio_input=usage.count((INPUT, "audio_tokens")),
        image_input=usage.count((INPUT, "image_tokens")),
        video_input=usage.count((INPUT, "video_tokens")),
        audio_output=usage.count((OUTPUT, "audio_tokens")),
        image_output=usage.count((OUTPUT, "image_tokens")),
        video_output=usage.count((OUTPUT, "video_tokens")),
        units={
            "web_search": usage.count(("server_tool_use", "web_search_requests"), "num_search_queries"),
            "live_search_source": usage.count("num_sources_used"),
            "audio_second": usage.count("prompt_audio_seconds"),
        },
        service_tier=usage.text("service_tier"),
        speed=usage.text("speed"),
    )
