"""One usage object of each shape as it is returned by real APIs, and the counts that it amounts to."""

CASES = {
    "OpenAI chat": (
        {
            "prompt_tokens": 2746,
            "completion_tokens": 197,
            "total_tokens": 2943,
            "prompt_tokens_details": {"cached_tokens": 2208, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 64, "accepted_prediction_tokens": 0},
        },
        {"input_tokens": 2746, "fresh_tokens": 538, "cache_read_tokens": 2208, "output_tokens": 197,
         "reasoning_tokens": 64},
    ),
    "OpenAI chat with audio": (
        {
            "prompt_tokens": 300,
            "completion_tokens": 240,
            "prompt_tokens_details": {"cached_tokens": 100, "audio_tokens": 120},
            "completion_tokens_details": {"audio_tokens": 188},
        },
        {"fresh_tokens": 80, "cache_read_tokens": 100, "audio_input_tokens": 120, "output_tokens": 240,
         "audio_output_tokens": 188},
    ),
    "Mistral": (
        {"prompt_tokens": 400, "completion_tokens": 50, "total_tokens": 450, "prompt_audio_seconds": 12},
        {"fresh_tokens": 400, "output_tokens": 50, "units": {"audio_second": 12}},
    ),
    "xAI chat": (
        {
            "prompt_tokens": 32,
            "completion_tokens": 9,
            "total_tokens": 135,
            "prompt_tokens_details": {"text_tokens": 32, "cached_tokens": 6},
            "completion_tokens_details": {"reasoning_tokens": 94},
            "num_sources_used": 0,
        },
        {"fresh_tokens": 26, "cache_read_tokens": 6, "output_tokens": 103, "reasoning_tokens": 94},
    ),
    "DeepSeek": (
        {
            "prompt_tokens": 1000,
            "completion_tokens": 50,
            "total_tokens": 1050,
            "prompt_cache_hit_tokens": 896,
            "prompt_cache_miss_tokens": 104,
        },
        {"fresh_tokens": 104, "cache_read_tokens": 896, "output_tokens": 50},
    ),
    "LiteLLM": (
        {
            "prompt_tokens": 2108,
            "completion_tokens": 30,
            "prompt_tokens_details": {"cached_tokens": 1000, "cache_creation_tokens": 1100, "text_tokens": 8},
            "cache_creation_input_tokens": 1100,
            "cache_read_input_tokens": 1000,
        },
        {"fresh_tokens": 8, "cache_read_tokens": 1000, "cache_write_tokens": 1100, "output_tokens": 30},
    ),
    "Perplexity": (
        {"prompt_tokens": 33, "completion_tokens": 700, "citation_tokens": 20, "num_search_queries": 3,
         "reasoning_tokens": 80, "total_tokens": 833, "search_context_size": "low"},
        {"fresh_tokens": 33, "output_tokens": 800, "reasoning_tokens": 80, "units": {"web_search": 3}},
    ),
    "OpenAI responses": (
        {
            "input_tokens": 2600,
            "input_tokens_details": {"cached_tokens": 2000, "cache_write_tokens": 400, "ttl_30m_tokens": 300},
            "output_tokens": 120,
            "output_tokens_details": {"reasoning_tokens": 100},
            "total_tokens": 2720,
        },
        {"fresh_tokens": 200, "cache_read_tokens": 2000, "cache_write_tokens": 100, "cache_write_30m_tokens": 300,
         "output_tokens": 120, "reasoning_tokens": 100},
    ),
    "OpenAI realtime": (
        {
            "input_tokens": 5388,
            "output_tokens": 240,
            "input_token_details": {
                "text_tokens": 1208, "audio_tokens": 4180, "image_tokens": 0, "cached_tokens": 1600,
                "cached_tokens_details": {"text_tokens": 600, "audio_tokens": 1000},
            },
            "output_token_details": {"text_tokens": 52, "audio_tokens": 188},
        },
        {"fresh_tokens": 608, "cache_read_tokens": 600, "audio_input_tokens": 3180, "cached_audio_tokens": 1000,
         "output_tokens": 240, "audio_output_tokens": 188, "cached_input_tokens": 1600},
    ),
    "OpenAI images": (
        {
            "input_tokens": 50,
            "input_tokens_details": {"text_tokens": 10, "image_tokens": 40},
            "output_tokens": 4160,
            "output_tokens_details": {"text_tokens": 0, "image_tokens": 4160},
        },
        {"fresh_tokens": 10, "image_input_tokens": 40, "output_tokens": 4160, "image_output_tokens": 4160},
    ),
    "OpenAI images of a cached image": (
        {"input_tokens": 900, "input_tokens_details": {"text_tokens": 100, "image_tokens": 800,
         "cached_tokens": 560, "cached_tokens_details": {"text_tokens": 60, "image_tokens": 500}},
         "output_tokens": 1056, "output_tokens_details": {"image_tokens": 1056}},
        {"fresh_tokens": 40, "cache_read_tokens": 60, "image_input_tokens": 300, "cached_image_tokens": 500,
         "output_tokens": 1056, "image_output_tokens": 1056, "cached_input_tokens": 560},
    ),
    "LangChain": (
        {
            "input_tokens": 350,
            "output_tokens": 240,
            "total_tokens": 590,
            "input_token_details": {"audio": 10, "cache_creation": 200, "cache_read": 100},
            "output_token_details": {"audio": 10, "reasoning": 200},
        },
        {"fresh_tokens": 40, "audio_input_tokens": 10, "cache_write_tokens": 200, "cache_read_tokens": 100,
         "output_tokens": 240, "audio_output_tokens": 10, "reasoning_tokens": 200},
    ),
    "Codex": (
        {"input_tokens": 900, "cached_input_tokens": 600, "output_tokens": 80, "reasoning_output_tokens": 30},
        {"fresh_tokens": 300, "cache_read_tokens": 600, "output_tokens": 80, "reasoning_tokens": 30},
    ),
    "Anthropic": (
        {
            "input_tokens": 7,
            "cache_creation_input_tokens": 1101,
            "cache_read_input_tokens": 20646,
            "cache_creation": {"ephemeral_5m_input_tokens": 1000, "ephemeral_1h_input_tokens": 101},
            "output_tokens": 123,
            "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 0},
            "service_tier": "batch",
        },
        {"input_tokens": 7, "fresh_tokens": 7, "cache_read_tokens": 20646, "cache_write_5m_tokens": 1000,
         "cache_write_1h_tokens": 101, "output_tokens": 123, "units": {"web_search": 2}, "service_tier": None,
         "processing": "batch", "cached_input_tokens": 20646},
    ),
    "Anthropic in the US": (
        {"input_tokens": 100, "output_tokens": 20, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0,
         "service_tier": "standard", "inference_geo": "us"},
        {"fresh_tokens": 100, "output_tokens": 20, "units": {"us_inference": 1}},
    ),
    "Gemini": (
        {
            "promptTokenCount": 7477,
            "candidatesTokenCount": 2060,
            "thoughtsTokenCount": 1939,
            "cachedContentTokenCount": 4000,
            "toolUsePromptTokenCount": 23,
            "totalTokenCount": 11499,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 7000}, {"modality": "AUDIO",
             "tokenCount": 477}],
            "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 400}, {"modality": "TEXT",
             "tokenCount": 3600}],
            "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1290}],
        },
        {"input_tokens": 7500, "fresh_tokens": 3423, "cache_read_tokens": 3600, "audio_input_tokens": 77,
         "cached_audio_tokens": 400, "output_tokens": 3999, "reasoning_tokens": 1939, "image_output_tokens": 1290},
    ),
    "Gemini with video": (
        {"promptTokenCount": 5358, "candidatesTokenCount": 40, "cachedContentTokenCount": 2258,
         "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 100}, {"modality": "IMAGE", "tokenCount": 258},
         {"modality": "VIDEO", "tokenCount": 5000}], "cacheTokensDetails": [{"modality": "IMAGE",
         "tokenCount": 258}, {"modality": "VIDEO", "tokenCount": 2000}]},
        {"fresh_tokens": 100, "cache_read_tokens": 2000, "cached_image_tokens": 258, "video_input_tokens": 3000,
         "output_tokens": 40, "cached_input_tokens": 2258},
    ),
    "Gemini in snake case": (
        {
            "prompt_token_count": 7477,
            "candidates_token_count": 2060,
            "thoughts_token_count": 1939,
            "prompt_tokens_details": [{"modality": "IMAGE", "token_count": 258}],
        },
        {"fresh_tokens": 7219, "image_input_tokens": 258, "output_tokens": 3999, "reasoning_tokens": 1939},
    ),
    "Bedrock Converse": (
        {
            "inputTokens": 12,
            "outputTokens": 34,
            "totalTokens": 1446,
            "cacheReadInputTokens": 1000,
            "cacheWriteInputTokens": 400,
            "cacheDetails": [{"ttl": "1h", "inputTokens": 150}, {"ttl": "5m", "inputTokens": 250}],
        },
        {"fresh_tokens": 12, "cache_read_tokens": 1000, "cache_write_5m_tokens": 250, "cache_write_1h_tokens": 150,
         "output_tokens": 34},
    ),
    "AI SDK": (
        {"inputTokens": 1200, "cachedInputTokens": 1000, "outputTokens": 90, "reasoningTokens": 40},
        {"fresh_tokens": 200, "cache_read_tokens": 1000, "output_tokens": 90, "reasoning_tokens": 40},
    ),
    "Cohere": (
        {"billed_units": {"input_tokens": 17, "output_tokens": 12}, "tokens": {"input_tokens": 215}},
        {"fresh_tokens": 17, "output_tokens": 12},
    ),
    "Ollama": ({"prompt_eval_count": 26, "eval_count": 298}, {"fresh_tokens": 26, "output_tokens": 298}),
    "OpenTelemetry": (
        {
            "gen_ai.usage.input_tokens": 100,
            "gen_ai.usage.output_tokens": 180,
            "gen_ai.usage.cache_read.input_tokens": 50,
            "gen_ai.usage.cache_creation.input_tokens": 25,
            "gen_ai.usage.reasoning.output_tokens": 20,
        },
        {"fresh_tokens": 25, "cache_read_tokens": 50, "cache_write_tokens": 25, "output_tokens": 180,
         "reasoning_tokens": 20},
    ),
}  # fmt: skip
