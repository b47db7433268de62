"""What is published of the log: proofs, positions, policy and files."""
