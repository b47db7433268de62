"""The metrics of the host: requests, usage and the connection pool."""
