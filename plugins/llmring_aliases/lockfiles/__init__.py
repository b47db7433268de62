"""The lockfile of the llmring client: reading and changing it in place."""
