"""HTTP: routing, middleware, decoding and encoding, errors, and the host's own endpoints."""
