"""The registry in PostgreSQL and in the cache."""
