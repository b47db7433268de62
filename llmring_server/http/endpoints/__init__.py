"""The host's own endpoints: server information, health and API documentation."""
