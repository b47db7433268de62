"""`llmring-server aliases push | pull | diff | retention`: a lockfile and a server alike, and old history dropped."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import click
import msgspec

from llmring_aliases.lockfiles.bindings import LockfileError, Pool, split
from llmring_aliases.lockfiles.lockfile import Lockfile
from llmring_aliases.settings import AliasSettings
from llmring_aliases.tables.retention import old_changes
from llmring_server.cli.retention import OldRows, retention_command
from llmring_server.client import KEY_VARIABLE, URL_VARIABLE, Alias, Binding, ClientError, LLMRingServer, Moved
from llmring_server.http.printable import printable
from llmring_server.server import Server

CONSTRAINTS = "constraints"
Work = Callable[[LLMRingServer], Awaitable[None]]


class Side(msgspec.Struct):
    """What a command was told: the file, the profile (the file's own default when None), the server, its key."""

    file: Path
    profile: str | None
    server: str | None
    key: str

    def run(self, work: Work) -> None:
        """Do work with the server; a failure is one line and exit status 1."""

        async def connected() -> None:
            async with LLMRingServer(self.server, self.key) as server:
                await work(server)

        try:
            asyncio.run(connected())
        except Moved as error:
            raise click.ClickException("somebody has changed the server's aliases meanwhile; run this again") from error
        except (ClientError, LockfileError) as error:
            raise click.ClickException(str(error)) from error

    def lockfile(self, *, missing: bool = False) -> tuple[Lockfile, str]:
        """Return the file and the profile that this is about."""
        found = Lockfile.read(self.file, missing=missing)
        return found, self.profile or found.default_profile


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that all three have, as a `Side`."""

    def told(file: Path, profile: str | None, server: str | None, key_env: str, **rest: Any) -> None:
        key = os.environ.get(key_env)
        if not key:
            raise click.ClickException(f"no project key; set {key_env}, or name another variable with --key-env")
        command(Side(file, profile, server, key), **rest)

    told.__name__, told.__doc__ = command.__name__, command.__doc__
    for option in (
        click.option("--key-env", default=KEY_VARIABLE, show_default=True, help="Variable that holds the project key."),
        click.option("--server", envvar=URL_VARIABLE, help="Address of the server.  [default: http://localhost:8000]"),
        click.option("--profile", help="Profile to compare.  [default: the lockfile's default_profile]"),
        click.argument("file", type=click.Path(path_type=Path, dir_okay=False), default="llmring.lock"),
    ):
        told = option(told)
    return told


@click.group()
def aliases() -> None:
    """Synchronize a lockfile and a server; drop old history."""


@aliases.command()
@_options
def diff(side: Side) -> None:
    """Show what `push` would change on the server; exit status 1 when there is a difference."""

    async def work(server: LLMRingServer) -> None:
        lockfile, profile = side.lockfile()
        listing = await server.aliases.list(profile)
        if _show(_pools(listing.aliases), lockfile.bindings(profile), profile):
            sys.exit(1)

    side.run(work)


@aliases.command()
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@_options
def push(side: Side, yes: bool) -> None:
    """Make the server's profile equal to the lockfile's."""

    async def work(server: LLMRingServer) -> None:
        lockfile, profile = side.lockfile()
        listing = await server.aliases.list(profile)
        wanted = lockfile.bindings(profile)
        if not _show(_pools(listing.aliases), wanted, profile):
            return
        _ask("change the server?", yes)
        there = {alias.alias: alias for alias in listing.aliases}
        sent = [_binding(alias, pool, there.get(alias)) for alias, pool in wanted.items()]
        done = await server.aliases.bulk(sent, profile, replace=True, if_match=listing.etag)
        click.echo(f"the server's profile {profile} has {done.updated} aliases now; {done.deleted} were deleted")

    side.run(work)


@aliases.command()
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@_options
def pull(side: Side, yes: bool) -> None:
    """Make the lockfile's profile equal to the server's; the rest of the file is not changed."""

    async def work(server: LLMRingServer) -> None:
        lockfile, profile = side.lockfile(missing=True)
        there = _pools((await server.aliases.list(profile)).aliases)
        if not _show(lockfile.bindings(profile), there, profile):
            return
        _ask(f"change {side.file}?", yes)
        lockfile.replace(profile, there)
        lockfile.write()
        click.echo(f"{side.file}: profile {profile} has {len(there)} aliases now")

    side.run(work)


def _retained(server: Server) -> tuple[OldRows, int | None]:
    return old_changes(server.database), server.plugin_settings(AliasSettings).retention_days


aliases.add_command(
    retention_command(
        "Drop changes from the history that are older than the retention, except the latest change of each alias.",
        "LLMRING_ALIASES_RETENTION_DAYS",
        _retained,
    )
)


def _pools(found: list[Alias]) -> dict[str, Pool]:
    return {alias.alias: Pool(split(alias.model), _constraints(alias.metadata)) for alias in found}


def _constraints(metadata: Any) -> dict[str, Any] | None:
    found = metadata.get(CONSTRAINTS) if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) and found else None


def _binding(alias: str, pool: Pool, there: Alias | None) -> Binding:
    """Return what to send for an alias; metadata that the server has stays, constraints lie within it."""
    metadata = there.metadata if there else None
    if there and Pool(split(there.model), _constraints(metadata)) == pool:
        return Binding(alias, there.model, metadata)
    if pool.constraints != _constraints(metadata):
        kept = {name: value for name, value in metadata.items() if name != CONSTRAINTS} if metadata else {}
        metadata = {**kept, CONSTRAINTS: pool.constraints} if pool.constraints else kept or None
    return Binding(alias, pool.model, metadata)


def _show(have: Mapping[str, Pool], want: Mapping[str, Pool], profile: str) -> bool:
    """Print what has to change for `have` to become `want`, and return whether there is anything."""
    lines = []
    for name in sorted({*have, *want}):
        alias, old, new = printable(name), have.get(name), want.get(name)
        if old is None and new is not None:
            lines.append(click.style(f"+ {alias}  {_said(new)}", fg="green"))
        elif new is None and old is not None:
            lines.append(click.style(f"- {alias}  {_said(old)}", fg="red"))
        elif old is not None and new is not None and old != new:
            lines.append(click.style(f"~ {alias}  {_said(old)} → {_said(new)}", fg="yellow"))
    click.echo("\n".join(lines) or f"profile {profile}: no difference")
    return bool(lines)


def _said(pool: Pool) -> str:
    constraints = f" {msgspec.json.encode(pool.constraints).decode()}" if pool.constraints else ""
    return printable(", ".join(pool.models) + constraints)


def _ask(question: str, yes: bool) -> None:
    if not yes:
        click.confirm(question, abort=True)
