"""Serving: the configuration of uvicorn, connection limits, graceful shutdown and logging."""
