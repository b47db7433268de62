"""The HTTP resources of aliases: no SQL."""
