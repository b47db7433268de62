"""The examples of TLS proxies, run in front of a server."""

import itertools
import os
import shutil
import socket
import ssl
import subprocess
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from llmring_server.testing import eventually
from llmring_server.testing.process import free_port

EXAMPLES = Path(__file__).parents[2] / "deploy"
WATCH = "/api/v1/aliases/watch"
PROXIES = ["nginx", "caddy"]
NGINX = """
daemon off;
user root;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    include {folder}/site.conf;
}}
"""
CADDY = "{\n\tadmin off\n\tauto_https disable_redirects\n}\n"


def program(name):
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        pytest.skip(f"no {name}; install it (Debian: apt install {name}) and run again")
    return found


def example(name, changes):
    """Return an example with parts of it replaced; each must occur in it."""
    text = (EXAMPLES / name).read_text()
    for part, instead in changes.items():
        assert part in text, part
        text = text.replace(part, instead)
    return text


def nginx(folder, port, upstream):
    site = example(
        "nginx.conf",
        {
            "127.0.0.1:8000": upstream,
            "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
            "listen 80": f"listen 127.0.0.1:{free_port()}",
            "/etc/letsencrypt/live/llmring.example/fullchain.pem": f"{folder}/certificate.pem",
            "/etc/letsencrypt/live/llmring.example/privkey.pem": f"{folder}/key.pem",
        },
    )
    (folder / "site.conf").write_text(site)
    whole = NGINX.format(folder=folder)
    (folder / "nginx.conf").write_text(whole if os.geteuid() == 0 else whole.replace("user root;\n", ""))
    return [program("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")]


def caddy(folder, port, upstream):
    tls = f"https://127.0.0.1:{port} {{\n\ttls {folder}/certificate.pem {folder}/key.pem"
    site = example("Caddyfile", {"127.0.0.1:8000": upstream, "llmring.example {": tls})
    (folder / "Caddyfile").write_text(CADDY + site)
    return [program("caddy"), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


COMMANDS = {"nginx": nginx, "caddy": caddy}


@pytest.fixture
def certificate(tmp_path):
    paths = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "certificate.pem")]
    names = ["-subj", "/CN=llmring.example", "-addext", "subjectAltName=IP:127.0.0.1"]
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    subprocess.run([program("openssl"), "req", *kind, *paths, *names], check=True, capture_output=True)
    return ssl.create_default_context(cafile=str(tmp_path / "certificate.pem"))


@pytest.fixture(params=PROXIES)
def connect(request, certificate, tmp_path):
    """Return a context manager: a client that connects with TLS to a proxy in front of a server's URL."""

    @contextmanager
    def connected(url):
        port = free_port()
        command = COMMANDS[request.param](tmp_path, port, url.removeprefix("http://"))
        environment = {**os.environ, "XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
        with (tmp_path / "log").open("wb") as log:
            proxy = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            headers = {"X-Project-Key": "one"}
            with httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=certificate, headers=headers) as client:
                assert eventually(lambda: client.get("/health/live").is_success), (tmp_path / "log").read_text()
                yield client
        finally:
            proxy.terminate()
            proxy.wait(10)

    return connected


@pytest.fixture
def client(connect, llmring_live):
    """Yield a client that connects to a proxy in front of a live server."""
    with connect(llmring_live(["aliases", "usage"]).url) as client:
        yield client


def test_an_event_passes_a_proxy_immediately(client):
    with client.stream("GET", WATCH) as stream, closing(stream.iter_lines()) as lines:
        assert "event: ready" in itertools.islice(lines, 5)
        client.post("/api/v1/aliases/bind", json={"alias": "fast", "model": "openai:gpt-4o-mini"}).raise_for_status()
        assert "event: bind" in itertools.islice(lines, 5)


def test_a_batch_of_the_maximum_size_passes_a_proxy(client):
    entry = {"provider": "openai", "model": "m", "input_tokens": 1, "output_tokens": 1, "metadata": {"a": "x" * 14_000}}
    answer = client.post("/api/v1/log/batch", json=[entry] * 1_100, timeout=60)
    assert len(answer.request.content) > 15_000_000
    assert (answer.status_code, answer.json()["accepted"]) == (200, 1_100)


def test_a_proxy_forwards_the_servers_error_responses(client):
    answer = client.get("/api/v1/aliases/resolve?alias=unbound")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


BODY = b'{"provider":"openai","model":"m","cost":1}'
ODD = {
    "an offer of h2c": b"Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAEAAEAAAAIAAAAA\r\nUpgrade: h2c\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(BODY), BODY),
    "trailers": b"Transfer-Encoding: chunked\r\nTrailer: Idempotency-Key\r\n\r\n"
    b"%x\r\n%b\r\n0\r\nIdempotency-Key: once\r\n\r\n" % (len(BODY), BODY),
}


@pytest.mark.parametrize("shape", ODD)
def test_a_proxy_removes_what_the_parser_of_uvicorn_misreads(connect, certificate, llmring_process, shape):
    server = llmring_process("--http", "httptools", LLMRING_PLUGINS="usage").wait_until_up()
    with connect(server.url) as client:
        for _ in range(2):
            with tls_socket(client.base_url, certificate) as wire:
                wire.sendall(b"POST /api/v1/log HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Project-Key: one\r\n" + ODD[shape])
                assert wire.recv(65536).startswith(b"HTTP/1.1 200 ")
        assert client.get("/api/v1/stats").json()["summary"]["total_requests"] == 2


@contextmanager
def tls_socket(url, certificate):
    wire = socket.create_connection((url.host, url.port), timeout=10)
    with certificate.wrap_socket(wire, server_hostname=url.host) as wrapped:
        yield wrapped
