"""What pytest must know before it collects."""

# A package of its own, tested in its own environment by core/test_example_plugin.py.
collect_ignore = ["example_plugin"]
