"""The host's own endpoints: what the server is, whether it is healthy, and its documentation."""
