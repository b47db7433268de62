"""Checking evidence offline: files in, plain words out. Pure: nothing here imports the server, a database or HTTP.

It begins in the pure formats of `llmring_server.tlog`; features add what they sign themselves.
"""
