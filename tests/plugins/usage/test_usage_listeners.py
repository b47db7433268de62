"""Listeners that hang, raise or hold the database harm neither the calls nor the other listeners."""

import asyncio

from llmring_server.testing import eventually, make_plugin

CALL = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 1, "output_tokens": 1}


def listener(name, work):
    async def llmring_usage_recorded(server, entries):
        await work(server, entries)

    return make_plugin(name, llmring_usage_recorded=llmring_usage_recorded)


async def hang(server, entries):
    await asyncio.Event().wait()


async def fail(server, entries):
    raise LookupError("always")


async def hold(server, entries):
    async with server.database.connection() as connection:
        await connection.execute("SELECT pg_sleep(2)")


def test_calls_are_answered_and_a_healthy_listener_hears_all_of_them(llmring_live):
    heard = []

    async def hear(server, entries):
        heard.extend(entry.log_id for entry in entries)

    holding = [listener(f"holds{number}", hold) for number in range(4)]
    plugins = ["usage", listener("hangs", hang), listener("raises", fail), *holding, listener("hears", hear)]
    limits = {"event_timeout": 0.5, "database_pool_size": 4, "database_pool_overflow": 0}
    server = llmring_live(plugins, **limits)
    client = server.client()
    answers = [client.post("/api/v1/log", json=CALL) for _ in range(200)]
    assert [answer.status_code for answer in answers] == [200] * 200
    logged = [answer.json()["log_id"] for answer in answers]
    eventually(lambda: heard == logged)
