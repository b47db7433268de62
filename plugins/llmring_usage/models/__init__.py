"""The structs of usage: entries, rows and the columns that rows share."""
