"""Benchmarks: `python -m benchmarks` prints the figures of docs/benchmarks.md, beside those of a bare ASGI app."""
