"""Shared by the tests of keys."""

from datetime import UTC, datetime, timedelta

from llmring_keys.issuer import KeyIssuer
from llmring_keys.models import KeyTerms, Project, generate_project_id
from llmring_keys.store import KeyStore

CALL = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 1000, "output_tokens": 100}


class Bootstrap:
    """Creates keys as the command line does, on the event loop of a live server."""

    def __init__(self, server):
        self.server = server
        self.store = KeyStore(server.server.database, server.server.notifications)
        self.issuer = KeyIssuer(self.store, server.server.pepper, server.server.events)

    def key(self, *scopes, project=None, **terms):
        """Create a key for `project`, or for a new one."""
        return self.server.run(self.create(*scopes, project=project, **terms))

    async def create(self, *scopes, project=None, **terms):
        """Create a key; to be awaited on the event loop of the server."""
        mine = project or Project(generate_project_id(), "test", datetime.now(UTC))
        return await self.issuer.create(mine, KeyTerms(scopes=frozenset(scopes), **terms))

    def expiring(self, seconds, *scopes, **terms):
        """Create a key that expires soon, or has expired."""
        return self.key(*scopes, expires_at=datetime.now(UTC) + timedelta(seconds=seconds), **terms)


def status(server, key, path="/api/v1/stats"):
    """Return the status of a request with a key."""
    return server.client(key).get(path).status_code


def dump_schema(server):
    """Return every value of every table of the server's schema, as text."""
    tables = server.rows("SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()")
    assert tables
    return "".join(str(server.rows(f'SELECT t::text FROM "{table["table_name"]}" t')) for table in tables)
