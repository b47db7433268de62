"""Run by the client's Python: decorated functions with responses in the formats of the providers."""

import asyncio
import json
import os
from types import SimpleNamespace

from llmring.logging import log_llm_call, log_llm_stream

SERVER = {"server_url": os.environ["LLMRING_SERVER_URL"], "api_key": os.environ["LLMRING_API_KEY"]}
USAGE = SimpleNamespace(
    prompt_tokens=120, completion_tokens=30, total_tokens=150, prompt_tokens_details=SimpleNamespace(cached_tokens=20)
)
MESSAGES = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": [{"type": "text", "text": "¿Qué?"}]},
]


def answer(text):
    message = SimpleNamespace(message=SimpleNamespace(content=text), finish_reason="stop")
    return SimpleNamespace(choices=[message], model="gpt-5-mini", usage=USAGE)


@log_llm_call(provider="openai", alias="quick", origin="usage only", **SERVER)
async def metered(messages):
    return answer("metered")


@log_llm_call(provider="openai", origin="with text", log_conversations=True, **SERVER)
async def recorded(messages):
    return answer("recorded")


@log_llm_call(provider="anthropic", origin="anthropic", log_conversations=True, **SERVER)
async def claude(prompt):
    usage = SimpleNamespace(
        input_tokens=1500, output_tokens=150, cache_creation_input_tokens=None, cache_read_input_tokens=8000
    )
    return SimpleNamespace(
        content=[SimpleNamespace(text="Bon"), SimpleNamespace(text="jour")],
        model="claude-sonnet-4-5",
        stop_reason="end_turn",
        usage=usage,
    )


@log_llm_stream(provider="openai", origin="streamed", log_conversations=True, **SERVER)
async def streamed(messages):
    for text in ("str", "eam", "ed"):
        delta = SimpleNamespace(delta=SimpleNamespace(content=text), finish_reason=None)
        yield SimpleNamespace(choices=[delta], model="gpt-5-mini", usage=None)
    yield SimpleNamespace(choices=[], model="gpt-5-mini", usage=USAGE)


async def main():
    await metered(messages=MESSAGES)
    await recorded(MESSAGES)
    await claude(prompt="Bonjour?")
    chunks = [chunk async for chunk in streamed(messages=MESSAGES)]
    await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))
    print(json.dumps({"messages": MESSAGES, "chunks": len(chunks)}))


if __name__ == "__main__":
    asyncio.run(main())
