"""A Citus cluster: the distribution of tables, the placement of projects, and lost nodes."""
