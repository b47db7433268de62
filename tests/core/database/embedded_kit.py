"""Shared by the tests of the bundled PostgreSQL: a server on a folder, and scripts for other processes."""

import os
import pwd
import stat
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
import psycopg
import pytest

from llmring_server.database.embedded import FOLDER, EmbeddedPostgres

IS_ROOT = os.geteuid() == 0
OTHER = 65534  # a user without rights, on every system
OTHER_NAME = pwd.getpwuid(OTHER).pw_name
START = """
import pathlib, sys
from llmring_server.database.embedded import EmbeddedPostgres
EmbeddedPostgres(pathlib.Path(sys.argv[1])).start()
"""
AS_OTHER = f"""
import os
import pwd
from llmring_server.database import embedded
os.setgroups([])
os.setgid({OTHER})
os.setuid({OTHER})
"""

as_root = pytest.mark.skipif(not IS_ROOT, reason="only root switches to another user")


class Postgres(EmbeddedPostgres):
    """The bundled PostgreSQL on a folder, with the facts that tests check."""

    @property
    def pgdata(self):
        return self.data_dir / FOLDER

    @property
    def postmaster(self):
        return psutil.Process(int((self.pgdata / "postmaster.pid").read_text().split()[0]))

    def answer(self, query="SELECT 1"):
        with psycopg.connect(self.start()) as connection:
            return connection.execute(query).fetchone()[0]

    def socket_folder(self):
        return Path(parse_qs(urlsplit(self.start()).query)["host"][0])


def python(script, *arguments, **options):
    return subprocess.run([sys.executable, "-c", script, *map(str, arguments)], **options)


def modes(*folders):
    return {folder: stat.S_IMODE(folder.stat().st_mode) for folder in folders}
