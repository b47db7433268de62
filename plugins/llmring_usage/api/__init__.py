"""The HTTP resources of usage: log, batch, logs, stats."""
