"""`llmring-server receipts …`: keys for receipts."""

import os
from pathlib import Path

import click

from llmring_receipts import keys
from llmring_receipts.keyring import PREFIX


@click.group()
def receipts() -> None:
    """Keys for signed receipts."""


@receipts.command()
@click.option("--out", type=click.Path(path_type=Path), help="Write the private key here (PKCS8 PEM, mode 0600).")
def keygen(out: Path | None) -> None:
    """Make a signing key and print the settings for it; nothing is stored unless --out names a file."""
    key = keys.new_key()
    public = keys.public_of(key)
    if out:
        _write_private(out, keys.private_pem(key))
        click.echo(f"{PREFIX}PRIVATE_KEY_FILE={out.resolve()}")
    else:
        click.echo(f"{PREFIX}PRIVATE_KEY_B64={keys.encode(keys.seed_of(key))}")
    click.echo(f"{PREFIX}PUBLIC_KEY_B64={keys.encode(public)}")
    click.echo(f"# key id: {keys.thumbprint(public)}")


def _write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read; one that is there already is left alone."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
    except FileExistsError as error:
        raise click.ClickException(f"{path} is there already; a key is never overwritten") from error
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from error
