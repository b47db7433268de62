"""The tables of aliases: reading, changing, retention."""
