"""`llmring-server tlog keygen | export | verify | compare | status | erase | resume` and `llmring-server witness`."""

from pathlib import Path

import click
import uvicorn

from llmring_server import offline
from llmring_server.errors import Unavailable
from llmring_server.lifecycle import Server
from llmring_server.tlog import notes
from llmring_server.tlog.notes import Kind, NoteFault
from llmring_server.tlog.signers import Signer
from llmring_server.verifying.commands import compare_checkpoints, verify_folder
from llmring_transparency import keyfile, wiring
from llmring_transparency.erasure import erase as erase_receipt
from llmring_transparency.export import export as export_log
from llmring_transparency.store import LogStore
from llmring_transparency.witness import Ledger, application

OUT = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group()
def tlog() -> None:
    """The transparency log: its key, a copy of it, its alarm."""


@tlog.command()
@click.argument("name")
@click.option("--witness", is_flag=True, help="Make the key of a witness instead.")
@click.option("--out", type=OUT, help="Write the private key here (mode 0600).")
def keygen(name: str, witness: bool, out: Path | None) -> None:
    """Make a key for checkpoints of the log NAME, an address of yours without https://, and print the settings.

    The name is for ever: another one is another log.
    """
    try:
        signer = Signer.fresh(name, Kind.COSIGNATURE if witness else Kind.NOTE)
    except NoteFault as error:
        raise click.ClickException(str(error)) from error
    if out:
        _write(out, signer)
    said = f"the key is in {out.resolve()}" if out else signer.text()
    if witness:
        click.echo(f"# {said}" if out else said)
    else:
        click.echo(f"{keyfile.PREFIX}KEY_FILE={out.resolve()}" if out else f"{keyfile.PREFIX}KEY={said}")
    click.echo(f"# verifier key, for those who check: {signer.verifier.vkey()}")


@tlog.command()
@click.argument("folder", type=FOLDER)
def export(folder: Path) -> None:
    """Write the log to FOLDER, as files under the paths that it is served at; a later call adds what is new.

    What the server would not show, since it does not continue what was published, is not written either.
    """

    async def work(server: Server) -> int:
        parts = server.service(wiring.Parts)
        return await export_log(folder, await parts.published.state(), parts.tree)

    try:
        size = offline.run(work, lifespans=False)
    except Unavailable as error:
        raise click.ClickException(str(error.description)) from error
    except (OSError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{folder}: {size} leaves")


@tlog.command()
def status() -> None:
    """Say how far the log is, and whether it signs."""

    async def work(server: Server) -> str:
        state = await LogStore(server.database).state()
        if state is None:
            return "there is no log yet"
        signs = f"signs no more: {state.alarm}" if state.alarm else "signs"
        return f"{state.origin}: {state.size} leaves, {state.cosigned_size} of them cosigned by witnesses; {signs}"

    click.echo(offline.run(work, lifespans=False))


@tlog.command()
def resume() -> None:
    """Let the log sign again, once you know why its alarm was raised; it comes again if the cause is still there."""
    offline.run(_resume, lifespans=False)
    click.echo("the alarm is off; servers try again within a second")


async def _resume(server: Server) -> None:
    await LogStore(server.database).set_alarm(None)


@tlog.command()
@click.argument("project_id")
@click.argument("receipt_id")
@click.confirmation_option(prompt="Nobody can prove this receipt afterwards. Go on?")
def erase(project_id: str, receipt_id: str) -> None:
    """Destroy what opens a receipt's leaf, for lawful erasure; a tombstone in the log says that it was."""

    async def work(server: Server) -> int | None:
        return await erase_receipt(server.database, LogStore(server.database), project_id, receipt_id)

    index = offline.run(work, lifespans=False)
    if index is None:
        raise click.ClickException(f"the log has no receipt {receipt_id!r} of {project_id!r}")
    click.echo(f"leaf {index} opens no more")


@click.command()
@click.option("--key-file", type=OUT, required=True, help="The witness's key, of `tlog keygen --witness`.")
@click.option("--log", "logs", multiple=True, required=True, help="Verifier key of a log to witness; again for others.")
@click.option("--state", type=FOLDER, required=True, help="Folder for the newest checkpoint of each log.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8010, show_default=True, help="Port to listen on.")
def witness(key_file: Path, logs: tuple[str, ...], state: Path, host: str, port: int) -> None:
    """Be a witness of others' logs (C2SP tlog-witness), at another site than theirs; needs no database."""
    signer = keyfile.read(key_file, "--key-file", Kind.COSIGNATURE)
    try:
        known = [notes.parse_vkey(text) for text in logs]
    except NoteFault as error:
        raise click.ClickException(f"--log: {error}") from error
    state.mkdir(parents=True, exist_ok=True)
    app = application(Ledger(state, signer, known))
    click.echo(f"{signer.verifier.vkey()} http://{host}:{port}", err=True)
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False, server_header=False)


tlog.add_command(verify_folder)
tlog.add_command(compare_checkpoints)


def _write(out: Path, signer: Signer) -> None:
    try:
        keyfile.write(out, signer)
    except FileExistsError as error:
        raise click.ClickException(f"{out} is there already; a key is never overwritten") from error
    except OSError as error:
        raise click.ClickException(f"{out}: {error.strerror}") from error
