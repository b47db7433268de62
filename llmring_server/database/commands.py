"""`llmring-server db …`: for those who look after the database."""

import sys

import click

from llmring_server.app import compose
from llmring_server.database import programs
from llmring_server.settings import load_settings


@click.group()
def db() -> None:
    """Look after the database."""


@db.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("program")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def run(program: str, arguments: tuple[str, ...]) -> None:
    """Run a program of PostgreSQL, such as psql or pg_dump, on this database.

    It finds the database by itself: its address and our schema are in the environment that it is given. With the
    bundled PostgreSQL, which is started for it, the programs are the bundled ones.
    """
    server, _ = compose(load_settings())
    database = server.database
    database.prepare()
    try:
        status = programs.run(program, arguments, database.conninfo, database.programs)
    finally:
        database.release()
    sys.exit(status)
