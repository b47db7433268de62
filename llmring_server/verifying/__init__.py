"""Offline verification: files in, a verdict out. Pure: nothing here imports the server, a database or HTTP.

It uses the formats of `llmring_server.tlog`; plugins add the documents that they sign.
"""
