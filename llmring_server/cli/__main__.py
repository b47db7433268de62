"""`python -m llmring_server.cli`: the command line."""

from llmring_server.cli.main import main

if __name__ == "__main__":
    main()
