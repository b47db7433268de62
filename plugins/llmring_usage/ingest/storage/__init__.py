"""How rows are stored: the statement of plain PostgreSQL, those of a Citus cluster, and what their errors mean."""
