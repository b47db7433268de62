"""What several tests of keys build from."""

from datetime import UTC, datetime, timedelta

from llmring_keys.issuing import Issuer
from llmring_keys.models import Project, Terms, new_project_id
from llmring_keys.store import KeyStore

CALL = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 1000, "output_tokens": 100}


class Bootstrap:
    """Makes keys as the command line does, on the loop of a live server."""

    def __init__(self, server):
        self.server = server
        self.store = KeyStore(server.server.database, server.server.notifications)
        self.issuer = Issuer(self.store, server.server.pepper)

    def key(self, *scopes, project=None, **terms):
        """Make a key of `project`, or of a new one."""
        return self.server.run(self.making(*scopes, project=project, **terms))

    async def making(self, *scopes, project=None, **terms):
        """Make a key, for who is on the server's loop already."""
        mine = project or Project(new_project_id(), "test", datetime.now(UTC))
        return await self.issuer.create(mine, Terms(scopes=frozenset(scopes), **terms))

    def expiring(self, seconds, *scopes, **terms):
        """Make a key that expires soon, or has expired."""
        return self.key(*scopes, expires_at=datetime.now(UTC) + timedelta(seconds=seconds), **terms)


def status(server, key, path="/api/v1/stats"):
    """Return the status that a key gets."""
    return server.client(key).get(path).status_code


def whole_schema(server):
    """Return every value of every table of the server's schema, as text."""
    tables = server.rows("SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()")
    assert tables
    return "".join(str(server.rows(f'SELECT t::text FROM "{table["table_name"]}" t')) for table in tables)
