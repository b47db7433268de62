"""`llmring-server tlog keygen | export | verify | compare | status | erase | resume` and `llmring-server witness`."""

from pathlib import Path

import click
import uvicorn

from llmring_server.cli.context import run_with_server
from llmring_server.http.errors import Unavailable
from llmring_server.server import Server
from llmring_server.tlog import notes
from llmring_server.tlog.notes import InvalidNote, KeyType
from llmring_server.tlog.signers import Signer
from llmring_server.verifying.commands import compare_checkpoints, verify_folder
from llmring_transparency import keyfile
from llmring_transparency.components import Components
from llmring_transparency.publishing.export import export as export_log
from llmring_transparency.sequencing.erasure import erase as erase_receipt
from llmring_transparency.storage.integrity import find_changed_tile
from llmring_transparency.storage.store import LogStore
from llmring_transparency.witness import CheckpointStore, create_app

OUT = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group()
def tlog() -> None:
    """Manage the transparency log: key, copy, alarm."""


@tlog.command()
@click.argument("name")
@click.option("--witness", is_flag=True, help="Create a witness's key instead.")
@click.option("--out", type=OUT, help="Write the private key here (mode 0600).")
def keygen(name: str, witness: bool, out: Path | None) -> None:
    """Create a checkpoint key for the log NAME, an address of yours without https://, and print the settings.

    The name is permanent: another name is another log.
    """
    try:
        signer = Signer.generate(name, KeyType.COSIGNATURE if witness else KeyType.NOTE)
    except InvalidNote as error:
        raise click.ClickException(str(error)) from error
    if out:
        _write(out, signer)
    text = f"the key is in {out.resolve()}" if out else signer.text()
    if witness:
        click.echo(f"# {text}" if out else text)
    else:
        click.echo(f"{keyfile.PREFIX}KEY_FILE={out.resolve()}" if out else f"{keyfile.PREFIX}KEY={text}")
    click.echo(f"# verifier key, for verifiers: {signer.verifier.vkey()}")


@tlog.command()
@click.argument("folder", type=FOLDER)
def export(folder: Path) -> None:
    """Write the log to FOLDER, as files under their URL paths; a later run adds what is new.

    A log that does not continue the published one, or with a tile that was changed in the database, is not written.
    """

    async def work(server: Server) -> int:
        components = server.service(Components)
        return await export_log(folder, await components.published.state(), components.store, components.tree)

    try:
        size = run_with_server(work, lifespans=False)
    except Unavailable as error:
        raise click.ClickException(str(error.description)) from error
    except (OSError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{folder}: {size} leaves")


@tlog.command()
def status() -> None:
    """Report the log's size, and whether it signs; check every tile in the database against the signed root.

    The exit status is 1 when a tile was changed.
    """

    async def work(server: Server) -> str | None:
        store = LogStore(server.database)
        state = await store.state()
        if state is None:
            click.echo("there is no log yet")
            return None
        signs = f"signing is stopped: {state.alarm}" if state.alarm else "it signs"
        click.echo(f"{state.origin}: {state.size} leaves, {state.cosigned_size} of them cosigned by witnesses; {signs}")
        return await find_changed_tile(store, state.size, state.root)

    if fault := run_with_server(work, lifespans=False):
        raise click.ClickException(fault)


@tlog.command()
def resume() -> None:
    """Let the log sign again after an alarm; the alarm is raised again if its cause remains."""
    run_with_server(_resume, lifespans=False)
    click.echo("the alarm is off; servers try again within a second")


async def _resume(server: Server) -> None:
    await LogStore(server.database).set_alarm(None)


@tlog.command()
@click.argument("project_id")
@click.argument("receipt_id")
@click.confirmation_option(prompt="This receipt can never be proven afterwards. Continue?")
def erase(project_id: str, receipt_id: str) -> None:
    """Destroy the salt of a receipt's entry, for lawful erasure; a tombstone in the log records it."""

    async def work(server: Server) -> int | None:
        return await erase_receipt(server.database, LogStore(server.database), project_id, receipt_id)

    index = run_with_server(work, lifespans=False)
    if index is None:
        raise click.ClickException(f"the log has no receipt {receipt_id!r} of {project_id!r}")
    click.echo(f"leaf {index} can no longer be opened")


@click.command()
@click.option("--key-file", type=OUT, required=True, help="The witness's key, from `tlog keygen --witness`.")
@click.option(
    "--log", "logs", multiple=True, required=True, help="Verifier key of a log to witness; repeat for others."
)
@click.option("--state", type=FOLDER, required=True, help="Folder for the newest checkpoint of each log.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8010, show_default=True, help="Port to listen on.")
def witness(key_file: Path, logs: tuple[str, ...], state: Path, host: str, port: int) -> None:
    """Run a witness for logs of other operators (C2SP tlog-witness); needs no database."""
    signer = keyfile.read(key_file, "--key-file", KeyType.COSIGNATURE)
    try:
        known = [notes.parse_vkey(text) for text in logs]
    except InvalidNote as error:
        raise click.ClickException(f"--log: {error}") from error
    state.mkdir(parents=True, exist_ok=True)
    app = create_app(CheckpointStore(state, signer, known))
    click.echo(f"{signer.verifier.vkey()} http://{host}:{port}", err=True)
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False, server_header=False)


tlog.add_command(verify_folder)
tlog.add_command(compare_checkpoints)


def _write(out: Path, signer: Signer) -> None:
    try:
        keyfile.write(out, signer)
    except FileExistsError as error:
        raise click.ClickException(f"{out} already exists; a key is never overwritten") from error
    except OSError as error:
        raise click.ClickException(f"{out}: {error.strerror}") from error
