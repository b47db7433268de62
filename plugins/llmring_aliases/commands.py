"""`llmring-server aliases push | pull | diff | retention`: synchronize a lockfile with a server; drop old history."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import click
import msgspec

from llmring_aliases.lockfiles.bindings import BoundModels, LockfileError, split_models
from llmring_aliases.lockfiles.lockfile import Lockfile
from llmring_aliases.settings import AliasSettings
from llmring_aliases.tables.retention import history_retention
from llmring_server.cli.retention import OldRows, retention_command
from llmring_server.client import (
    KEY_VARIABLE,
    URL_VARIABLE,
    Alias,
    Binding,
    ClientError,
    LLMRingServer,
    PreconditionFailed,
)
from llmring_server.http.printable import printable
from llmring_server.server import Server

CONSTRAINTS = "constraints"
Work = Callable[[LLMRingServer], Awaitable[None]]


class SyncOptions(msgspec.Struct):
    """The options of a command: the file, the profile (the file's default if None), the server and its project key."""

    file: Path
    profile: str | None
    server: str | None
    key: str

    def run(self, work: Work) -> None:
        """Run `work` with a client of the server; a failure prints one line and exits with status 1."""

        async def run_with_client() -> None:
            async with LLMRingServer(self.server, self.key) as server:
                await work(server)

        try:
            asyncio.run(run_with_client())
        except PreconditionFailed as error:
            raise click.ClickException(
                "The server's aliases were changed in the meantime. Run this command again."
            ) from error
        except (ClientError, LockfileError) as error:
            raise click.ClickException(str(error)) from error

    def lockfile(self, *, missing: bool = False) -> tuple[Lockfile, str]:
        """Return the lockfile and the profile to synchronize."""
        found = Lockfile.read(self.file, missing=missing)
        return found, self.profile or found.default_profile


def _sync_options(command: Callable[..., None]) -> Callable[..., None]:
    """Decorate a command: add the shared options, and pass them as one `SyncOptions`."""

    def wrapped(file: Path, profile: str | None, server: str | None, key_env: str, **rest: Any) -> None:
        key = os.environ.get(key_env)
        if not key:
            raise click.ClickException(
                f"No project key is set. Set {key_env}, or name another variable with --key-env."
            )
        command(SyncOptions(file, profile, server, key), **rest)

    wrapped.__name__, wrapped.__doc__ = command.__name__, command.__doc__
    for option in (
        click.option("--key-env", default=KEY_VARIABLE, show_default=True, help="Variable that holds the project key."),
        click.option("--server", envvar=URL_VARIABLE, help="Address of the server.  [default: http://localhost:8000]"),
        click.option("--profile", help="Profile to compare.  [default: the lockfile's default_profile]"),
        click.argument("file", type=click.Path(path_type=Path, dir_okay=False), default="llmring.lock"),
    ):
        wrapped = option(wrapped)
    return wrapped


@click.group()
def aliases() -> None:
    """Synchronize a lockfile and a server; drop old history."""


@aliases.command()
@_sync_options
def diff(options: SyncOptions) -> None:
    """Show what `push` would change on the server; exit status 1 if there are differences."""

    async def work(server: LLMRingServer) -> None:
        lockfile, profile = options.lockfile()
        listing = await server.aliases.list(profile)
        if _print_diff(_models_by_alias(listing.aliases), lockfile.bindings(profile), profile):
            sys.exit(1)

    options.run(work)


@aliases.command()
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@_sync_options
def push(options: SyncOptions, yes: bool) -> None:
    """Make the server's profile equal to the lockfile's."""

    async def work(server: LLMRingServer) -> None:
        lockfile, profile = options.lockfile()
        listing = await server.aliases.list(profile)
        wanted = lockfile.bindings(profile)
        if not _print_diff(_models_by_alias(listing.aliases), wanted, profile):
            return
        _confirm("Change the server?", yes)
        existing = {alias.alias: alias for alias in listing.aliases}
        bindings = [_merge_binding(alias, models, existing.get(alias)) for alias, models in wanted.items()]
        result = await server.aliases.bulk(bindings, profile, replace=True, if_match=listing.etag)
        click.echo(f"Profile {profile} on the server now has {result.updated} aliases; {result.deleted} were deleted.")

    options.run(work)


@aliases.command()
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@_sync_options
def pull(options: SyncOptions, yes: bool) -> None:
    """Make the lockfile's profile equal to the server's; the rest of the file is not changed."""

    async def work(server: LLMRingServer) -> None:
        lockfile, profile = options.lockfile(missing=True)
        server_bindings = _models_by_alias((await server.aliases.list(profile)).aliases)
        if not _print_diff(lockfile.bindings(profile), server_bindings, profile):
            return
        _confirm(f"Change {options.file}?", yes)
        lockfile.replace(profile, server_bindings)
        lockfile.write()
        click.echo(f"Profile {profile} in {options.file} now has {len(server_bindings)} aliases.")

    options.run(work)


def _retention(server: Server) -> tuple[OldRows, int | None]:
    return history_retention(server.database), server.plugin_settings(AliasSettings).retention_days


aliases.add_command(
    retention_command(
        "Drop changes from the history that are older than the retention, except the latest change of each alias.",
        "LLMRING_ALIASES_RETENTION_DAYS",
        _retention,
    )
)


def _models_by_alias(found: list[Alias]) -> dict[str, BoundModels]:
    return {alias.alias: BoundModels(split_models(alias.model), _constraints(alias.metadata)) for alias in found}


def _constraints(metadata: Any) -> dict[str, Any] | None:
    found = metadata.get(CONSTRAINTS) if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) and found else None


def _merge_binding(alias: str, models: BoundModels, existing: Alias | None) -> Binding:
    """Return the binding to send: with the server's metadata, which contains the constraints."""
    metadata = existing.metadata if existing else None
    if existing and BoundModels(split_models(existing.model), _constraints(metadata)) == models:
        return Binding(alias, existing.model, metadata)
    if models.constraints != _constraints(metadata):
        other = {name: value for name, value in metadata.items() if name != CONSTRAINTS} if metadata else {}
        metadata = {**other, CONSTRAINTS: models.constraints} if models.constraints else other or None
    return Binding(alias, models.model, metadata)


def _print_diff(old: Mapping[str, BoundModels], new: Mapping[str, BoundModels], profile: str) -> bool:
    """Print the changes that turn `old` into `new`, and return whether there are any."""
    lines = []
    for name in sorted({*old, *new}):
        alias, before, after = printable(name), old.get(name), new.get(name)
        if before is None and after is not None:
            lines.append(click.style(f"+ {alias}  {_format_models(after)}", fg="green"))
        elif after is None and before is not None:
            lines.append(click.style(f"- {alias}  {_format_models(before)}", fg="red"))
        elif before is not None and after is not None and before != after:
            lines.append(click.style(f"~ {alias}  {_format_models(before)} → {_format_models(after)}", fg="yellow"))
    click.echo("\n".join(lines) or f"Profile {profile}: no differences.")
    return bool(lines)


def _format_models(models: BoundModels) -> str:
    constraints = f" {msgspec.json.encode(models.constraints).decode()}" if models.constraints else ""
    return printable(", ".join(models.models) + constraints)


def _confirm(question: str, yes: bool) -> None:
    if not yes:
        click.confirm(question, abort=True)
