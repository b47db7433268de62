"""What runs beside requests: cache, Redis, background tasks, batching, histograms."""
