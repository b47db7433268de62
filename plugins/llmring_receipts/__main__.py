"""`python -m llmring_receipts verify | statement verify | tlog verify | tlog compare`: verify without the server."""

import click

from llmring_receipts.checks.commands import statement, verify_receipt
from llmring_server.verifying.commands import compare_checkpoints, verify_folder


@click.group()
def main() -> None:
    """Verify receipts, statements and transparency logs without a server."""


@main.group()
def tlog() -> None:
    """Transparency logs."""


main.add_command(verify_receipt)
main.add_command(statement)
tlog.add_command(verify_folder)
tlog.add_command(compare_checkpoints)

if __name__ == "__main__":
    main(prog_name="python -m llmring_receipts")
