"""`llmring-server receipts keygen | keys | retire`: keys for receipts."""

import os
from pathlib import Path

import click
import msgspec

from llmring_receipts.bundles.bundle_command import bundle
from llmring_receipts.checks.commands import verify_receipt
from llmring_receipts.formats import jwks, keys
from llmring_receipts.formats.keys import PublicKey
from llmring_receipts.key_management.key_config import PREFIX
from llmring_receipts.key_management.key_store import ReceiptKeyStore
from llmring_receipts.key_management.keyring import GRACE
from llmring_server.cli.context import run_with_server

STATUS_TEXT = {
    "active": "signs",
    "retired": "does not sign; receipts dated before then are valid",
    "compromised": "none of its receipts is valid",
}


@click.group()
def receipts() -> None:
    """Keys for signed receipts."""


@receipts.command()
@click.option("--out", type=click.Path(path_type=Path), help="Write the private key here (PKCS8 PEM, mode 0600).")
def keygen(out: Path | None) -> None:
    """Create a signing key and print its settings; nothing is stored unless --out names a file."""
    key = keys.generate_key()
    public = keys.public_bytes(key)
    if out:
        _write_private(out, keys.private_pem(key))
        click.echo(f"{PREFIX}PRIVATE_KEY_FILE={out.resolve()}")
    else:
        click.echo(f"{PREFIX}PRIVATE_KEY_B64={keys.encode(keys.seed_bytes(key))}")
    click.echo(f"{PREFIX}PUBLIC_KEY_B64={keys.encode(public)}")
    click.echo(f"# key id: {keys.thumbprint(public)}")


@receipts.command("keys")
@click.option("--json", "as_json", is_flag=True, help="Print them as a JWK set.")
def list_keys(as_json: bool) -> None:
    """List every public key of this deployment with its status, oldest first."""
    found = run_with_server(lambda server: ReceiptKeyStore(server.database).keys(), lifespans=False)
    if as_json:
        active = [key.key_id for key in found if key.status == "active"]
        click.echo(msgspec.json.encode(jwks.build(found, active[-1] if active else None)))
        return
    for key in found:
        click.echo(_format_key(key))
    if not found:
        click.echo("no key yet; `llmring-server receipts keygen` creates one", err=True)


@receipts.command(context_settings={"ignore_unknown_options": True})  # a thumbprint may begin with a dash
@click.argument("key_id")
@click.option("--compromised", is_flag=True, help="Others may have the key: none of its receipts is valid any more.")
def retire(key_id: str, compromised: bool) -> None:
    """Retire a key under all its ids: receipts dated before now stay valid, later ones are invalid."""

    async def work(store: ReceiptKeyStore) -> list[PublicKey]:
        changed = await (store.compromise(key_id) if compromised else store.retire(key_id, GRACE))
        known_keys = await store.keys()
        known = next((key for key in known_keys if key.key_id == key_id), None)
        if known is None:
            raise click.ClickException(f"there is no key {key_id!r}; `llmring-server receipts keys` lists them")
        if not changed:
            raise click.ClickException(f"key {key_id!r} is already {known.status}")
        return [key for key in known_keys if key.public_key == known.public_key]

    for key in run_with_server(lambda server: work(ReceiptKeyStore(server.database)), lifespans=False):
        click.echo(_format_key(key))


def _format_key(key: PublicKey) -> str:
    times = [("since", key.created_at), ("until", key.retired_at)]
    dates = "  ".join(f"{word} {moment:%Y-%m-%dT%H:%M:%SZ}" for word, moment in times if moment)
    return f"{key.key_id}  {key.status}  {dates}  ({STATUS_TEXT[key.status]})"


def _write_private(path: Path, content: bytes) -> None:
    """Write a new file that only its owner can read."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
    except FileExistsError as error:
        raise click.ClickException(f"{path} already exists; a key is never overwritten") from error
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from error


receipts.add_command(verify_receipt)
receipts.add_command(bundle)
