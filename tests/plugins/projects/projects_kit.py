"""Shared by the tests of projects."""

from datetime import UTC, datetime

from llmring_keys.issuer import KeyIssuer
from llmring_keys.models import KeyTerms, Project, generate_project_id
from llmring_keys.store import KeyStore

TOKEN = "the-token-of-the-operator"
CALL = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 10, "output_tokens": 1, "cost": 1}


def create_key(server, *scopes, name="created"):
    """Create a managed key, and its project of a name."""
    issuer = KeyIssuer(
        KeyStore(server.server.database, server.server.notifications), server.server.pepper, server.server.events
    )
    project = Project(generate_project_id(), name, datetime.now(UTC))
    return server.run(issuer.create(project, KeyTerms(scopes=frozenset(scopes))))
