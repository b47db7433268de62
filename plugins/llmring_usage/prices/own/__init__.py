"""Own prices: of projects and of the deployment, from the table and from a file."""
