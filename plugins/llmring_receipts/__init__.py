"""Receipts: signed records of LLM calls that anyone can verify with the public key.

The hooks are in `manifest`, so that a verifier without a server imports `formats` and `checks` only.
"""
