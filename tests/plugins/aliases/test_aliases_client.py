"""`llmring_server.client`: aliases from an application."""

import asyncio
import subprocess
import sys

import pytest

from llmring_server.client import (
    Binding,
    ClientError,
    LLMRingServer,
    NotAllowed,
    NotFound,
    PreconditionFailed,
    Ready,
    Unreachable,
)
from llmring_server.client.events import read_lines
from llmring_server.contracts import Authenticator, Identity
from llmring_server.testing import make_plugin


def run(server, scene):
    return run_at(server.url, server.key("one"), scene)


def run_at(url, key, scene):
    async def connect():
        async with LLMRingServer(url, key) as client:
            return await scene(client.aliases)

    return asyncio.run(asyncio.wait_for(connect(), 60))


def test_an_alias_is_bound_read_and_deleted(server):
    async def scene(aliases):
        bound = await aliases.bind("fast", "openai:a", metadata={"owner": "x"})
        assert (bound.model, bound.metadata, bound.version) == ("openai:a", {"owner": "x"}, 1)
        assert await aliases.get("fast") == bound
        assert await aliases.resolve("fast") == "openai:a"
        assert await aliases.delete("fast")
        assert not await aliases.delete("fast")
        assert await aliases.get("fast") is None
        with pytest.raises(NotFound, match="'fast' is not bound"):
            await aliases.resolve("fast")

    run(server, scene)


def test_preconditions_are_enforced(server):
    async def scene(aliases):
        bound = await aliases.bind("fast", "openai:a", create=True)
        with pytest.raises(PreconditionFailed):
            await aliases.bind("fast", "openai:b", create=True)
        await aliases.bind("fast", "openai:b", if_match=bound.etag)
        with pytest.raises(PreconditionFailed) as caught:
            await aliases.delete("fast", if_match=bound.etag)
        assert caught.value.status == 412
        listing = await aliases.list("default")
        await aliases.bulk([Binding("deep", "openai:d")], replace=True, if_match=listing.etag)
        with pytest.raises(PreconditionFailed):
            await aliases.bulk([], replace=True, if_match=listing.etag)
        assert [alias.alias for alias in (await aliases.list()).aliases] == ["deep"]

    run(server, scene)


def test_the_history_is_read_page_by_page(server):
    async def scene(aliases):
        await aliases.bulk([Binding(f"a{n}", "openai:a") for n in range(1_200)])
        return [change.seq async for change in aliases.history(profile="default")]

    assert run(server, scene) == list(range(1_200, 0, -1))


def test_a_watch_starts_at_the_version_of_a_listing(server):
    async def scene(aliases):
        await aliases.bind("a", "openai:a")
        listing = await aliases.list()
        await aliases.bind("b", "openai:b")
        change = await anext(aliases.watch(since=listing.version))
        assert (change.seq, change.alias) == (2, "b")
        assert await anext(aliases.watch()) == Ready(2)

    run(server, scene)


def test_a_revoked_key_ends_its_watch(llmring_live):
    known = {"one"}

    class Keys:
        async def identify(self, key):
            return Identity("prj_one", f"key_{key}") if key in known else None

    keys = make_plugin("somekeys", llmring_services=lambda server: {Authenticator: Keys()})
    server = llmring_live([keys, "aliases"])

    async def scene(aliases):
        events = aliases.watch()
        await anext(events)
        await aliases.bind("a", "openai:a")
        assert (await anext(events)).alias == "a"
        known.symmetric_difference_update({"one", "two"})
        async with LLMRingServer(server.url, "two") as other:
            await other.aliases.bind("b", "openai:b")
        with pytest.raises(NotAllowed):
            await anext(events)

    run(server, scene)


def test_failures_raise_the_exceptions_of_the_client(server, monkeypatch):
    monkeypatch.delenv("LLMRING_API_KEY", raising=False)
    with pytest.raises(ClientError, match="LLMRING_API_KEY"):
        LLMRingServer(server.url)
    for url in ("http://127.0.0.1:9", "no url", "ftp://x"):
        with pytest.raises(Unreachable):
            run_at(url, "one", lambda aliases: aliases.list())


def test_the_client_imports_no_code_of_the_server():
    code = (
        "import sys, llmring_server.client; "
        "print([m for m in sys.modules if m.partition('.')[0] in ('falcon', 'psycopg', 'pluggy', 'uvicorn')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_watch_receives_texts_with_every_kind_of_line_end(server):
    odd = "one\u2028two\u2029three\u0085four\nfive\r\nsix"

    async def scene(aliases):
        events = aliases.watch(profile=odd)
        assert await anext(events) == Ready(0)
        await aliases.bind("fast", "openai:a", profile=odd, metadata={"why": odd})
        change = await anext(events)
        await events.aclose()
        return change.profile, change.metadata

    assert run(server, scene) == (odd, {"why": odd})


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_lines_are_complete_for_every_chunk_size(size):
    sent = "id: 1\r\ndata: é\u2028\rdata: b\n\n: end".encode()

    async def chunks():
        for at in range(0, len(sent), size):
            yield sent[at : at + size]

    async def read():
        return [line async for line in read_lines(chunks())]

    assert asyncio.run(read()) == ["id: 1", "data: é\u2028", "data: b", ""]
