"""The policy file for verifiers of this log: its keys and its witnesses."""

from collections.abc import Sequence

from llmring_server.tlog.notes import Verifier
from llmring_server.verifying import policy
from llmring_transparency.storage.store import LogStore


class PolicyService:
    """Implements `LogPolicy`."""

    def __init__(self, store: LogStore, witnesses: Sequence[Verifier]) -> None:
        self._store = store
        self._witnesses = [witness.vkey() for witness in witnesses]

    async def policy(self) -> str | None:
        """Return the policy, the log's newest key first, or None before the log has a key."""
        keys = [key.vkey for key in reversed(await self._store.keys())]
        return policy.write(keys, self._witnesses) if keys else None
