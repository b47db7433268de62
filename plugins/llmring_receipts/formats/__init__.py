"""Receipts, keys and JWK sets as bytes; pure, so that receipts can be verified without the server."""
