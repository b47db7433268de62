"""Raw connections to a real uvicorn process."""

import json
import re
import socket
from contextlib import contextmanager

import psutil

MEBIBYTE = 1024 * 1024
BOUND_SECONDS = 10.0
KEY = b"X-Project-Key: hostile\r\n"
POST = b"POST /api/v1/log HTTP/1.1"


@contextmanager
def connect(server, *sent):
    """Connect and send."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=BOUND_SECONDS) as wire:
        for part in sent:
            wire.sendall(part)
        yield wire


def read_all(wire):
    """Return all data that the server sends until it closes or resets the connection."""
    found = b""
    try:
        while part := wire.recv(65536):
            found += part
    except ConnectionError:
        pass
    return found


def exchange(server, *sent):
    """Send data and return the response until the server closes."""
    with connect(server, *sent) as wire:
        return read_all(wire)


def status(answer):
    """Return the status of the first response, or None without one."""
    found = re.match(rb"HTTP/1.1 (\d{3}) ", answer)
    return int(found[1]) if found else None


def problem(answer):
    """Return the status and the problem+json of the only response."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head.lower()
    assert b"connection: close" in head.lower()
    return status(answer), json.loads(body)


def memory(server):
    """Return the resident memory of the server, in bytes."""
    return psutil.Process(server.pid).memory_info().rss


def head(*headers, start=b"GET /health/live HTTP/1.1", end=b"\r\n"):
    return b"".join([start, b"\r\nHost: x\r\n", *headers, end])
