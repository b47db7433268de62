"""The tables of usage: columns, partitions, rollups and state; and the rows as other plugins read them."""
