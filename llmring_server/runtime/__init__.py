"""Runtime services: cache, Redis, background tasks, batching, histograms."""
