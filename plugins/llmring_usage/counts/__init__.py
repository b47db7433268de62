"""Token counts as clients and providers report them, made disjoint: one module per shape of usage object."""
