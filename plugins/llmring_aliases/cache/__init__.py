"""What each process keeps in memory: snapshots for reads, feeds for event streams."""
