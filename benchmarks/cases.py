"""The calls of the budget that do not depend on the stored data: logging, aliases, registry, receipts."""

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks.database import WRITTEN, drop
from benchmarks.measure import Case, Request
from benchmarks.processes import OURS, ROOT, Uvicorn, serve
from llmring_receipts.formats import keys
from llmring_server.tlog.signers import Signer

KEY = "bench"
LISTED = "bench-listed"
LISTED_ALIASES = 1_000
AUTHORIZED = f"X-Project-Key: {KEY}"
JSON = "Content-Type: application/json"
REGISTRY = ROOT / "tests" / "registry"
BATCH_ENTRIES = 1_000
RECEIPT = {
    "model": "openai:gpt-4o-mini",
    "alias": "summarizer",
    "tokens": {"input": 120, "output": 30},
    "cost": {"amount": "0.00045"},
}


def environment(url: str, schema: str) -> dict[str, str]:
    """Return the settings of the measured server: `quiet`, and the pool size of the bundled database."""
    return {
        "LLMRING_DATABASE_URL": url,
        "LLMRING_DATABASE_SCHEMA": schema,
        "LLMRING_DATABASE_POOL_SIZE": "10",
        "LLMRING_DATABASE_POOL_OVERFLOW": "0",
        **quiet(),
    }


def quiet() -> dict[str, str]:
    """Return the settings of every measured server: local prices, a signing key, and no background work."""
    return {
        "LLMRING_RECEIPTS_STATEMENTS_MONTHLY": "false",
        "LLMRING_REGISTRY_BASE_URL": REGISTRY.as_uri(),
        "LLMRING_RECEIPTS_PRIVATE_KEY_B64": keys.encode(keys.seed_bytes(keys.generate_key())),
    }


@contextmanager
def fresh_server(url: str, log: Path, **settings: str) -> Iterator[Uvicorn]:
    """Run the server on a new schema with some aliases; the schema is dropped at the end."""
    drop(url, WRITTEN)
    try:
        with serve(OURS, log, {**environment(url, WRITTEN), **settings}) as server:
            bound = {"alias": "fast", "model": "openai:gpt-4o-mini"}
            answer = httpx.post(f"{server.url}/api/v1/aliases/bind", json=bound, headers={"X-Project-Key": KEY})
            answer.raise_for_status()
            many = [{"alias": f"alias-{n}", "model": "openai:gpt-4o-mini"} for n in range(LISTED_ALIASES)]
            upsert = f"{server.url}/api/v1/aliases/bulk_upsert"
            httpx.post(upsert, json=many, headers={"X-Project-Key": LISTED}).raise_for_status()
            yield server
    finally:
        drop(url, WRITTEN)


def entries(combinations: int = 100) -> list[dict[str, object]]:
    """Return one call for each combination of model, alias and origin, with priced models."""
    files = sorted(REGISTRY.glob("*/models.json"))
    models = [name.split(":", 1) for file in files for name in json.loads(file.read_text())["models"]]
    return [
        {
            "provider": models[n % len(models)][0], "model": models[n % len(models)][1],
            "alias": f"alias-{n // len(models)}", "profile": "default", "origin": f"app-{n % 2}",
            "input_tokens": 1200 + n, "output_tokens": 250 + n, "cached_input_tokens": 300,
            "latency_ms": 812.4 + 5 * n, "id_at_origin": "0192f0c1-6e2e-7b1c-9d4e-0c6f1f2a3b4c",
        }
        for n in range(combinations)
    ]  # fmt: skip


def bodies(combinations: int = 100) -> tuple[bytes, ...]:
    """Return the bodies of `/log`, one for each combination."""
    return tuple(json.dumps(entry).encode() for entry in entries(combinations))


def batch() -> bytes:
    """Return a body of `/log/batch` with 1,000 entries."""
    return json.dumps(list(itertools.islice(itertools.cycle(entries()), BATCH_ENTRIES))).encode()


def cases(server: Uvicorn) -> list[Case]:
    """Return the lines of the table, with ETags requested from `server`."""
    etag = httpx.get(f"{server.url}/registry").headers["ETag"]
    known = httpx.get(f"{server.url}/api/v1/aliases/", headers={"X-Project-Key": LISTED}).headers["ETag"]
    unchanged = Request("/api/v1/aliases/", (f"X-Project-Key: {LISTED}", f"If-None-Match: {known}"))
    log = Request("/api/v1/log", (AUTHORIZED, JSON), bodies())
    many = Request("/api/v1/log/batch", (AUTHORIZED, JSON), (batch(),))
    return [
        Case("POST /log", log, 1),
        Case("POST /log", log, 16),
        Case("POST /log", log, 64, "≥ 0.26 of bare, p99 ≤ 30 ms"),
        Case("POST /log", log, 256),
        Case("POST /log, one combination", log._replace(bodies=bodies(1)), 64),
        Case("POST /log/batch, 1,000 entries each; entries", many, 4, "≥ 60,000 entries/s", BATCH_ENTRIES),
        Case(
            "GET /aliases/resolve", Request("/api/v1/aliases/resolve?alias=fast", (AUTHORIZED,)), 16, "≥ 0.40 of bare"
        ),
        Case("GET /aliases, 1,000 of them, If-None-Match", unchanged, 16, "≥ 0.5 of bare"),
        Case("GET /registry", Request("/registry"), 16),
        Case("GET /registry, If-None-Match", Request("/registry", (f"If-None-Match: {etag}",)), 16, "≥ 0.45 of bare"),
        Case("POST /receipts/issue?store=true", issue(), 64, "≥ 0.12 of bare"),
    ]


def receipt_cases() -> list[Case]:
    """Return the lines of logging with a receipt for every call."""
    return [Case("POST /log, each with a receipt", Request("/api/v1/log", (AUTHORIZED, JSON), bodies()), 64)]


def issue() -> Request:
    """Return the request for a stored receipt."""
    return Request("/api/v1/receipts/issue?store=true", (AUTHORIZED, JSON), (json.dumps(RECEIPT).encode(),))


def transparency_settings(folder: Path) -> dict[str, str]:
    """Return the settings of a server with a new transparency log, with the guard's file in a folder."""
    guard = folder / "bench-log.checkpoint"
    guard.unlink(missing_ok=True)
    return {
        "LLMRING_PLUGINS": "registry,aliases,usage,receipts,transparency",
        "LLMRING_TRANSPARENCY_KEY": Signer.generate("log.example/bench").text(),
        "LLMRING_TRANSPARENCY_GUARD_FILE": str(guard),
    }


def log_cases() -> list[Case]:
    """Return the lines of receipts that go into the transparency log, whose sequencer runs in the same process."""
    return [Case("POST /receipts/issue?store=true, into the transparency log", issue(), 64)]
