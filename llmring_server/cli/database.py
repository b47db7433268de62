"""`llmring-server db …`: commands for the database."""

import sys
from collections.abc import Callable
from typing import TypeVar

import click

from llmring_server.app import compose
from llmring_server.database import Database, programs
from llmring_server.settings import load_settings

T = TypeVar("T")


@click.group()
def db() -> None:
    """Manage the database."""


@db.command()
@click.option(
    "--shards", type=click.IntRange(1), help="Shards per table, used when the first table is distributed [Citus: 32]."
)
def distribute(shards: int | None) -> None:
    """Distribute the tables with projects' data over a Citus cluster, by project.

    It may be run again at any time: distributed tables are not changed.
    """
    for placement in _with_database(lambda database: database.distribute(shards)):
        place = "by project_id" if placement.distributed else "local"
        click.echo(f"{'distributed' if placement.changed else 'unchanged':11}  {place:13}  {placement.table}")


@db.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("program")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def run(program: str, arguments: tuple[str, ...]) -> None:
    """Run a program of PostgreSQL, such as psql or pg_dump, on this database.

    The program's environment has the database's address and schema. With the bundled PostgreSQL, the database is
    started and the bundled programs are used.
    """
    sys.exit(_with_database(lambda database: programs.run(program, arguments, database.conninfo, database.programs)))


def _with_database(work: Callable[[Database], T]) -> T:
    """Return the result of `work` for the deployment's database, with the bundled PostgreSQL running."""
    server, _ = compose(load_settings())
    server.database.prepare()
    try:
        return work(server.database)
    finally:
        server.database.release()
