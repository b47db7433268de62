"""Statistics of any range in any time zone, from the rollups; and the traffic of aliases."""
