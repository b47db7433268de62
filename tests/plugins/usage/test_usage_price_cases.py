"""What calls cost, over HTTP: the golden values, and public cases derived from the providers' own pages."""

from decimal import Decimal

import pytest

from llmring_server.http import codec

SONNET = {"provider": "anthropic", "model": "claude-sonnet-4-5-20250929", "output_tokens": 150}
PRO = {"provider": "google", "model": "gemini-2.5-pro"}

GOLDEN = [
    (
        {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 9500, "output_tokens": 150,
         "cached_input_tokens": 8000},
        "0.000875", None,
    ),
    (
        {**SONNET, "input_tokens": 500, "cached_input_tokens": 8000, "cache_write_5m_tokens": 600,
         "cache_write_1h_tokens": 400},
        "0.0108", None,
    ),
    (
        {**SONNET, "input_tokens": 1500, "cached_input_tokens": 8000, "cache_write_5m_tokens": 600,
         "cache_write_1h_tokens": 400},
        "0.0138", None,
    ),
    ({**SONNET, "input_tokens": 1500, "cached_input_tokens": 8000, "cache_write_tokens": 1000}, "0.0129", None),
    ({"provider": "openai", "model": "text-embedding-3-small", "input_tokens": 1_000_000}, "0.02", None),
    (
        {"provider": "google", "model": "gemini-2.0-flash-lite", "input_tokens": 1000, "output_tokens": 1000,
         "cached_input_tokens": 500},
        "0.000375", None,
    ),
    ({**PRO, "input_tokens": 250_000, "output_tokens": 1000}, "0.385", "0.64"),
]  # fmt: skip

PUBLIC = [
    (
        {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 2746, "cached_input_tokens": 2208,
         "output_tokens": 197},
        "0.0005837",
    ),
    (
        {"provider": "anthropic", "model": "claude-sonnet-4-5", "input_tokens": 7, "cache_read_tokens": 20_646,
         "cache_write_5m_tokens": 1101, "output_tokens": 123},
        "0.01218855",
    ),
    (
        {"provider": "openai", "model": "gpt-5-mini-2025-08-07", "input_tokens": 9500, "cached_input_tokens": 8000,
         "output_tokens": 150},
        "0.000875",
    ),
    ({**PRO, "input_tokens": 250_000, "cached_input_tokens": 200_000, "output_tokens": 1000}, "0.19"),
    (
        {"provider": "openai", "model": "gpt-5-nano", "input_tokens": 1000, "output_tokens": 1000,
         "service_tier": "flex"},
        "0.000225",
    ),
    (
        {"provider": "openai", "model": "o3", "input_tokens": 1_000_000, "output_tokens": 1_000_000,
         "timestamp": "2025-06-01T12:00:00Z"},
        "50",
    ),
    (
        {"provider": "openai", "model": "o3", "input_tokens": 1_000_000, "output_tokens": 1_000_000,
         "timestamp": "2026-11-01T12:00:00Z"},
        "10",
    ),
    ({"provider": "mistral", "model": "mistral-large-2411", "input_tokens": 9500, "output_tokens": 150}, "0.0199"),
]  # fmt: skip


def logged(client, call):
    answer = client.post("/api/v1/log", json=call)
    assert answer.status_code == 200, answer.text
    return {**answer.json(), "cost": codec.decode(codec.Decoder, answer.content)} if False else answer


def cost_of(answer):
    """Return the cost as written in the response."""
    import json

    return json.loads(answer.text, parse_float=Decimal, parse_int=Decimal)["cost"]
