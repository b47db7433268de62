"""Benchmarks: `python -m benchmarks` prints the figures of docs/benchmarks.md, each beside a bare ASGI app's."""
