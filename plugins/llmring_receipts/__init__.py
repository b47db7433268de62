"""Receipts: signed statements of LLM calls that anyone can check with the public key.

The hooks are in `manifest`: whoever checks receipts without a server imports the pure rooms (`canonical`, `jwks`,
`keys`, `signing`) and nothing else.
"""
