"""`python -m llmring_server`: the command line."""

from llmring_server.cli.main import main

main()
