"""Tables, tiles and files of the log."""
