"""Run by the client's Python: chats of `LLMRing` with a local provider, logged to the server.

`drive_logging.py usage|conversations`: prints the costs that the client calculates, and the ids of the conversations.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

from llmring import LLMRing
from llmring.lockfile_core import Lockfile
from llmring.schemas import LLMRequest, LLMResponse, Message

TEXT = 'Zażółć gęślą jaźń 🚀 "quoted" \\ and\nnew lines'
PARTS = [{"type": "text", "text": TEXT}, {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]


class Echo:
    """A provider with a fixed reply and the given token counts."""

    def __init__(self, usage):
        self.usage = usage

    async def chat(self, messages, model, **options):
        return LLMResponse(content=f"echo: {TEXT}", model=model, usage=dict(self.usage), finish_reason="stop")


def ring(**options):
    """Return a client with an alias `quick`, prices from the server's registry, and only our provider."""
    lockfile = Lockfile.create_default()
    lockfile.set_binding("quick", "openai:gpt-5-mini")
    lockfile.save(Path("llmring.lock"))
    made = LLMRing(registry_url=os.environ["LLMRING_SERVER_URL"] + "/registry", **options)
    made.register_provider("openai", api_key="none")
    return made


async def talk(client, usage, content=TEXT):
    """Make one call and return its cost."""
    client.providers["openai"] = Echo(usage)
    response = await client.chat(LLMRequest(model="quick", messages=[Message(role="user", content=content)]))
    return response.usage.get("cost")


async def main(mode):
    client = ring(origin="driver", log_conversations=mode == "conversations")
    costs, ids = [], []
    for usage, content in (
        ({"prompt_tokens": 9500, "completion_tokens": 150, "cached_tokens": 8000}, TEXT),
        ({"prompt_tokens": 3_000_000_000, "completion_tokens": 1}, PARTS),
        ({"prompt_tokens": 9500, "completion_tokens": 150, "cached_tokens": 8000}, TEXT),
    ):
        costs.append(await talk(client, usage, content))
        ids.append(client.logging_service._conversation_id)
    await client.server_client.close()
    print(json.dumps({"costs": costs, "ids": ids, "text": TEXT, "parts": PARTS}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
