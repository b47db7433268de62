"""Bundles: a zip file with a receipt and everything that verifies it."""
