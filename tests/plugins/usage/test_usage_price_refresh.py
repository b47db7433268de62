"""Newer data for the bundled prices: fetched from a URL only where one is set, and never in place of valid prices."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from llmring_server.testing import eventually

CALL = {"provider": "openai", "model": "gpt-of-tomorrow", "input_tokens": 1_000_000, "output_tokens": 0}
DATA = [
    {
        "id": "openai", "name": "OpenAI", "api_pattern": "https://api[.]openai[.]com",
        "models": [
            {
                "id": "gpt-of-tomorrow", "match": {"equals": "gpt-of-tomorrow"},
                "prices": {"input_mtok": 3, "output_mtok": 9},
            }
        ],
    }
]  # fmt: skip


@pytest.fixture
def source():
    """Give a function that serves a body under a URL and returns the URL."""
    servers = []

    def serve(body):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}/data.json"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_model_is_priced_once_newer_data_is_fetched(llmring_live, source):
    server = llmring_live(["usage"], usage={"prices_refresh_url": source(json.dumps(DATA).encode())})
    client = server.client()
    answer = eventually(lambda: (found := client.post("/api/v1/log", json=CALL).json())["cost"] and found)
    assert (answer["cost"], answer["cost_source"], answer["cost_status"]) == (3, "genai-prices", "priced")
    price = client.get("/api/v1/prices", params={"provider": "openai", "model": "gpt-of-tomorrow"}).text
    assert ", fetched 20" in price


@pytest.mark.parametrize("body", [b"no JSON", b"{}", b'[{"id": 1}]'])
def test_prices_stay_when_the_data_is_not_valid(llmring_live, source, caplog, body):
    server = llmring_live(["usage"], usage={"prices_refresh_url": source(body)})
    eventually(lambda: "LLMRING_PRICES_REFRESH_URL" in caplog.text)
    known = {**CALL, "model": "gpt-5-mini", "input_tokens": 9500, "cached_input_tokens": 8000, "output_tokens": 150}
    assert server.client().post("/api/v1/log", json=known).json()["cost"] == pytest.approx(0.000875)


def test_without_a_url_nothing_is_fetched(llmring_live):
    server = llmring_live(["usage"])
    assert server.client().post("/api/v1/log", json=CALL).json()["cost_status"] == "model_not_in_registry"
