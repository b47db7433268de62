"""Shared by the tests of conversations: the path, a call as clients log it, and changes that make it another call."""

API = "/api/v1/conversations"
CALL = {
    "messages": [{"role": "user", "content": "What is the capital of France?"}],
    "response": {"content": "Paris.", "model": "openai:gpt-5-mini", "finish_reason": "stop", "usage": {}},
    "metadata": {
        "provider": "openai",
        "model": "gpt-5-mini",
        "alias": "fast",
        "profile": "dev",
        "origin": "tests",
        "cost": 0.25,
        "input_tokens": 1000,
        "output_tokens": 50,
        "cached_tokens": 10,
    },
}
# Each of these fields alone makes a usage entry one of another call.
OTHERS = [
    {"provider": "azure"},
    {"model": "gpt-5"},
    {"input_tokens": 1001},
    {"output_tokens": 51},
    {"cached_input_tokens": 0},
]
