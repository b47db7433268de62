"""`llmring-server receipts bundle ID`: a receipt and everything that verifies it in one file."""

from pathlib import Path
from typing import LiteralString

import click

from llmring_receipts.bundles.bundle import BundleBuilder, build_zip
from llmring_receipts.key_management.keyring import Keyring
from llmring_server.cli.context import run_with_server
from llmring_server.http.errors import Problem
from llmring_server.server import Server

OWNERS: LiteralString = """
    SELECT project_id FROM receipts
    WHERE receipt_id = %(receipt_id)s AND (%(project)s::text IS NULL OR project_id = %(project)s)
    ORDER BY project_id
    LIMIT 2
"""


@click.command()
@click.argument("receipt_id")
@click.option("--project", help="The project's id, prj_…, if several have a receipt with this id.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="[default: RECEIPT_ID.zip]")
def bundle(receipt_id: str, project: str | None, out: Path | None) -> None:
    """Write a zip file with a receipt, its proof, the keys and programs that verify it without this server."""
    files = run_with_server(lambda server: _gather(server, receipt_id, project), lifespans=False)
    path = out or Path(f"{receipt_id.replace(':', '_')}.zip")
    try:
        path.write_bytes(build_zip(files))
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror or error}") from error
    click.echo(f"{path}: {', '.join(files)}")
    if "proof" not in files:
        click.echo("the bundle has no proof: the receipt is not in the transparency log, or not yet", err=True)


async def _gather(server: Server, receipt_id: str, project: str | None) -> dict[str, bytes]:
    """Return the files of a bundle by name.

    Raises:
        click.ClickException: no such receipt, several projects have one, or its proof is unavailable.
    """
    owners = await server.database.fetch(OWNERS, {"receipt_id": receipt_id, "project": project})
    if not owners:
        raise click.ClickException(f"there is no receipt {receipt_id!r}{f' of {project}' if project else ''}")
    if len(owners) > 1:
        raise click.ClickException(f"several projects have a receipt {receipt_id!r}; choose one with --project")
    await server.service(Keyring).load_trusted_keys()
    try:
        return await server.service(BundleBuilder).files(owners[0]["project_id"], receipt_id)
    except Problem as error:
        raise click.ClickException(str(error.description)) from error
