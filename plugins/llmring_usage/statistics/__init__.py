"""Statistics of any range and time zone, computed from the rollups."""
