"""Offline verification of receipts and statements. Pure: needs none of the server's libraries."""
