"""`llmring-server keys create | list | projects | rotate | revoke | adopt`.

A new key is the only output on stdout, so that scripts can read it; everything else goes to stderr.
"""

import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

import click
import msgspec

from llmring_keys import display
from llmring_keys.issuer import KeyIssuer
from llmring_keys.models import (
    ALL_SCOPES,
    MAX_GRACE,
    IssuedKey,
    KeyOperationError,
    KeyTerms,
    Project,
    ProjectKey,
    generate_project_id,
    parse_duration,
    parse_expiry,
)
from llmring_keys.store import KeyStore
from llmring_server.cli.context import run_with_server
from llmring_server.contracts import Scope
from llmring_server.contracts.projects import ProjectNames
from llmring_server.server import Server

ADOPT_VARIABLE = "LLMRING_ADOPT_KEY"
DEFAULT_SCOPES: tuple[Scope, ...] = ("ingest", "read")
T = TypeVar("T")
Names = Callable[[Sequence[str]], Awaitable[Mapping[str, str]]]

scope_option = click.option("--scope", "scopes", multiple=True, type=click.Choice(ALL_SCOPES), help="May be repeated.")
expires_option = click.option("--expires", help="After 90d, at the end of 2026-12-31 (UTC), or at 2026-12-31T12:00Z.")
name_option = click.option("--name", help="A note, such as the user of the key.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print the full output as JSON.")


@click.group()
def keys() -> None:
    """Manage projects and their keys."""


@keys.command()
@click.option("--project", help="The project's id.")
@click.option("--new-project", metavar="NAME", help="Create a project of this name first.")
@scope_option
@expires_option
@name_option
@json_option
def create(
    project: str | None, new_project: str | None, scopes: tuple[Scope, ...], expires: str | None, name: str | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Create a key and print it; it is shown only once."""
    if (project is None) == (new_project is None):
        raise click.UsageError("Give either --project or --new-project.")
    if not scopes:
        raise click.UsageError("Give at least one --scope: ingest, read or admin.")
    terms = _terms(scopes, expires, name)

    async def work(store: KeyStore, issuer: KeyIssuer) -> IssuedKey:
        return await issuer.create(project or Project(generate_project_id(), new_project, datetime.now(UTC)), terms)

    display.print_new_key(_run(work), as_json)


@keys.command("list")
@click.option("--project", help="List only the keys of this project.")
@json_option
def list_keys(project: str | None, as_json: bool) -> None:
    """List keys, without their secrets."""
    now = datetime.now(UTC)

    async def work(store: KeyStore, names: Names) -> tuple[list[ProjectKey], Mapping[str, str]]:
        found = await store.list_keys(project)
        return found, await names([key.project_id for key in found])

    found, names = _run_with_names(work)
    if as_json:
        display.print_json(found)
    else:
        display.print_table(
            ("key", "project", "state", "scopes", "name", "created", "ends", "last used", "project name"),
            [
                (key.key_id, key.project_id, key.state(now), ",".join(key.scopes), key.name or "-",
                 *map(display.format_time, (key.created_at, key.ends_at, key.last_used_at)),
                 names.get(key.project_id, "-"))
                for key in found
            ],
        )  # fmt: skip


@keys.command()
@json_option
def projects(as_json: bool) -> None:
    """List projects."""

    async def work(store: KeyStore, names: Names) -> list[Project]:
        found = await store.list_projects()
        named = await names([project.project_id for project in found])
        return [msgspec.structs.replace(one, name=named.get(one.project_id, one.name)) for one in found]

    found = _run_with_names(work)
    if as_json:
        display.print_json(found)
    else:
        rows = [(project.project_id, project.name or "-", display.format_time(project.created_at)) for project in found]
        display.print_table(("project", "name", "created"), rows)


@keys.command()
@click.argument("key_id", metavar="ID")
@click.option("--grace", default="24h", show_default=True, help="How long the old key stays valid; 0 ends it now.")
@json_option
def rotate(key_id: str, grace: str, as_json: bool) -> None:
    """Create the successor of a key, with the same project, scopes and lifetime, and print it."""
    try:
        seconds = parse_duration(grace, MAX_GRACE)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--grace") from error

    async def work(store: KeyStore, issuer: KeyIssuer) -> IssuedKey:
        return await issuer.rotate(await _get_key(store, key_id), seconds)

    display.print_new_key(_run(work), as_json)


@keys.command()
@click.argument("key_id", metavar="ID")
def revoke(key_id: str) -> None:
    """Revoke a key, on all servers immediately."""

    async def work(store: KeyStore, issuer: KeyIssuer) -> None:
        await issuer.revoke((await _get_key(store, key_id)).project_id, key_id)

    _run(work)
    click.echo(f"Revoked {key_id}.", err=True)


@keys.command()
@click.option("--project", help="Add it to this project [default: the one it names as a plain key].")
@scope_option
@expires_option
@name_option
@json_option
def adopt(project: str | None, scopes: tuple[Scope, ...], expires: str | None, name: str | None, as_json: bool) -> None:
    """Adopt a key that clients already use; it is read from stdin or from LLMRING_ADOPT_KEY.

    Without --project, it retains its data and gets all scopes. With --project, it gets the scopes ingest and read.
    """
    secret = _read_secret()
    terms = _terms(scopes or (DEFAULT_SCOPES if project else ALL_SCOPES), expires, name)
    key = _run(lambda _, issuer: issuer.adopt(secret, project, terms))
    if as_json:
        display.print_json(key)
    click.echo(f"Adopted {key.key_id} for {key.project_id}: {', '.join(key.scopes)}.", err=True)


def _run(work: Callable[[KeyStore, KeyIssuer], Awaitable[T]]) -> T:
    async def run(server: Server) -> T:
        store = KeyStore(server.database, server.notifications)
        return await work(store, KeyIssuer(store, server.pepper, server.events))

    try:
        return run_with_server(run, lifespans=False)
    except KeyOperationError as error:
        raise click.ClickException(str(error)) from error


def _run_with_names(work: Callable[[KeyStore, Names], Awaitable[T]]) -> T:
    """Run work that shows projects to people; without the plugin `projects`, they have no names."""

    async def run(server: Server) -> T:
        names = server.service(ProjectNames, default=None)
        return await work(KeyStore(server.database, server.notifications), names.find_names if names else _no_names)

    return run_with_server(run, lifespans=False)


async def _no_names(projects: Sequence[str]) -> Mapping[str, str]:
    return {}


async def _get_key(store: KeyStore, key_id: str) -> ProjectKey:
    found = await store.get(None, key_id)
    if found is None:
        raise KeyOperationError(f"There is no key {key_id!r}; see `llmring-server keys list`.")
    return found


def _terms(scopes: tuple[Scope, ...], expires: str | None, name: str | None) -> KeyTerms:
    try:
        ends = parse_expiry(expires, datetime.now(UTC)) if expires else None
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--expires") from error
    return KeyTerms(scopes=frozenset(scopes), name=name, expires_at=ends)


def _read_secret() -> str:
    """Return the key's bytes as in an HTTP header, one character per byte, without the end of the line."""
    given = os.environb.get(ADOPT_VARIABLE.encode())
    if given is None:
        if sys.stdin.isatty():
            click.echo("Enter the key, then press Enter and Ctrl-D:", err=True)
        given = sys.stdin.buffer.read(4096).removesuffix(b"\n").removesuffix(b"\r")
    return given.decode("latin-1")
