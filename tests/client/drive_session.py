"""Run by the client's Python: its session class and its conversation manager, against the server."""

import asyncio
import json
import os
from pathlib import Path

from drive_logging import TEXT, Echo
from llmring.lockfile_core import Lockfile
from llmring.mcp.client.conversation_manager_async import AsyncConversationManager
from llmring.service_extended import ConversationManager, LLMRingSession


async def main():
    lockfile = Lockfile.create_default()
    lockfile.set_binding("quick", "openai:gpt-5-mini")
    lockfile.save(Path("llmring.lock"))
    session = LLMRingSession(origin="session", registry_url=os.environ["LLMRING_SERVER_URL"] + "/registry")
    session.register_provider("openai", api_key="none")
    session.providers["openai"] = Echo({"prompt_tokens": 40, "completion_tokens": 4})

    manager = ConversationManager(session)
    conversation = await manager.start_conversation(title=TEXT, system_prompt="Be brief.", model_alias="quick")
    replies = [(await manager.send_message(TEXT, model="quick")).content for _ in range(2)]
    empty = await session.create_conversation()

    again = ConversationManager(session)
    loaded = await again.load_conversation(conversation)

    tools = AsyncConversationManager(os.environ["LLMRING_SERVER_URL"], os.environ["LLMRING_API_KEY"])
    made = await tools.create_conversation(user_id="user", title="tools")
    message = await tools.add_message(made, "user", TEXT, metadata={"tool": "x"})
    read = await tools.get_conversation_messages(made)
    await tools.close()

    found = {
        "conversation": str(conversation),
        "empty": str(empty),
        "replies": replies,
        "listed": await session.list_conversations(limit=2),
        "page": await session.list_conversations(limit=1, offset=2),
        "history": await session.get_conversation_history(conversation, limit=3),
        "loaded": loaded,
        "messages": again.get_history(),
        "made": made,
        "message": message,
        "read": [[said.id, said.role, said.content, said.metadata, said.timestamp.isoformat()] for said in read],
        "text": TEXT,
    }
    await session.server_client.close()
    print(json.dumps(found))


if __name__ == "__main__":
    asyncio.run(main())
