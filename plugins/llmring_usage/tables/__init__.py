"""The tables of usage besides the log: rollups, partitions and state; and the rows as other plugins read them."""
