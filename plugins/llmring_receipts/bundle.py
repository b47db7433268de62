"""A receipt with all that checks it in one file: proof, keys, policy, and a page that says how others' tools do."""

import io
import zipfile
from pathlib import Path
from typing import LiteralString

import click
import msgspec

from llmring_receipts import jwks, keys
from llmring_receipts.key_store import KeyStore
from llmring_server import offline
from llmring_server.contracts import LogProofs
from llmring_server.errors import Problem
from llmring_server.lifecycle import Server
from llmring_server.transparency import LogPolicy

PAGES = ("README.md", "check.mjs", "check.go")
ALWAYS_THE_SAME = (1980, 1, 1, 0, 0, 0)

FIND: LiteralString = """
    SELECT project_id, content FROM receipts
    WHERE receipt_id = %(receipt_id)s AND (%(project)s::text IS NULL OR project_id = %(project)s)
    ORDER BY project_id
    LIMIT 2
"""


@click.command()
@click.argument("receipt_id")
@click.option("--project", help="The project's id, prj_…, when several have a receipt of this id.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="[default: RECEIPT_ID.zip]")
def bundle(receipt_id: str, project: str | None, out: Path | None) -> None:
    """Write a receipt, its proof, the keys and how to check them into a zip file, for somebody without this server."""
    files = offline.run(lambda server: gather(server, receipt_id, project), lifespans=False)
    path = out or Path(f"{receipt_id.replace(':', '_')}.zip")
    try:
        path.write_bytes(zipped(files))
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror or error}") from error
    click.echo(f"{path}: {', '.join(files)}")
    if "proof" not in files:
        click.echo("there is no proof in it: the transparency log does not have the receipt, or not yet", err=True)


async def gather(server: Server, receipt_id: str, project: str | None) -> dict[str, bytes]:
    """Return the files of a bundle by name.

    Raises:
        click.ClickException: there is no such receipt, or several projects have one, or its proof cannot be made.
    """
    owner, receipt = await _find(server, receipt_id, project)
    every = await KeyStore(server.database).keys()
    files = {"receipt.json": receipt, "jwks.json": msgspec.json.encode(jwks.write(every, None))}
    named = msgspec.json.decode(receipt).get("key_id")
    signed_by = next((key for key in every if key.key_id == named), None)
    if signed_by is not None:
        files["key.pem"] = keys.public_pem(signed_by.public_key).encode()
    files |= await _logged(server, owner, receipt_id)
    folder = Path(__file__).with_name("bundled")
    return files | {name: (folder / name).read_bytes() for name in PAGES}


def zipped(files: dict[str, bytes]) -> bytes:
    """Return files as a zip archive; the same files make the same bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, ALWAYS_THE_SAME), text, zipfile.ZIP_DEFLATED)
    return content.getvalue()


async def _find(server: Server, receipt_id: str, project: str | None) -> tuple[str, bytes]:
    found = await server.database.fetch(FIND, {"receipt_id": receipt_id, "project": project})
    if not found:
        raise click.ClickException(f"there is no receipt {receipt_id!r}{f' of {project}' if project else ''}")
    if len(found) > 1:
        raise click.ClickException(f"several projects have a receipt {receipt_id!r}; say which with --project")
    return found[0]["project_id"], found[0]["content"]


async def _logged(server: Server, project: str, receipt_id: str) -> dict[str, bytes]:
    """Return the proof and the policy, as far as there is a log that has the receipt."""
    log, trusted = server.service(LogProofs, default=None), server.service(LogPolicy, default=None)
    try:
        proof = await log.receipt_proof(project, receipt_id) if log else None
    except Problem as error:
        raise click.ClickException(str(error.description)) from error
    policy = await trusted.policy() if trusted else None
    found = {"proof": proof, "policy": policy.encode() if policy else None}
    return {name: content for name, content in found.items() if content is not None} if proof else {}
