"""A log to test: its key, receipts that are queued as they are stored, and a reader that verifies it."""

import time

from llmring_server.contracts.transparency import ReceiptsStored, StoredReceipt
from llmring_server.tlog import checkpoints, leaves, proof_files
from llmring_server.tlog.hashing import leaf_hash
from llmring_server.tlog.signers import Signer
from llmring_server.tlog.tiles import Tile, list_tiles, path, root

ORIGIN = "log.example/receipts"
SECONDS = 20.0


def content(name):
    return f'{{"id":"{name}"}}'.encode()


def receipts(project, *names):
    return [StoredReceipt(project, name, content(name)) for name in names]


def store(server, *stored):
    """Queue receipts for the log in a transaction, as the plugin receipts does."""

    async def work():
        async with server.server.database.transaction() as connection:
            await server.server.service(ReceiptsStored).write(connection, stored)

    server.run(work())


class Reader:
    """An outside reader that trusts only the log's verifier key."""

    def __init__(self, client, log):
        self.client = client
        self.log = log

    def checkpoint(self):
        answer = self.client.get("/tlog/checkpoint")
        assert answer.status_code == 200, answer.text
        return checkpoints.open_checkpoint(answer.content, self.log)

    def until(self, size):
        """Return the first checkpoint with at least `size` leaves, within some seconds.

        Earlier ones may be signed by another key: after a change of key the log has them until it grows.
        """
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            answer = self.client.get("/tlog/checkpoint")
            if answer.status_code == 200 and checkpoints.read(answer.content)[0].size >= size:
                return checkpoints.open_checkpoint(answer.content, self.log)
            time.sleep(0.02)
        raise TimeoutError(f"no checkpoint of {size} leaves: {answer.text}")

    def tile(self, level, number, width):
        answer = self.client.get(f"/tlog/tile/{level}/{path(number, width)}")
        assert answer.status_code == 200, answer.text
        return answer.content

    def entries(self):
        """Return every entry of the log, once its tiles hash to the checkpoint's root and to the entries."""
        checkpoint = self.checkpoint()
        rows = {tile: self.tile(tile.level, tile.number, width) for tile, width in list_tiles(checkpoint.size)}
        assert root(checkpoint.size, rows) == checkpoint.root
        found = []
        for tile, width in list_tiles(checkpoint.size):
            if tile.level == 0:
                found += leaves.unbundle(self.tile("entries", tile.number, width))
        hashes = b"".join(rows[Tile(0, number)] for number in range(-(-checkpoint.size // 256)))
        assert hashes == b"".join(map(leaf_hash, found))
        return found

    def proof(self, receipt_id):
        answer = self.client.get(f"/api/v1/receipts/{receipt_id}/proof")
        assert answer.status_code == 200, answer.text
        return proof_files.parse(answer.content)

    def prove(self, receipt_id, receipt=None):
        """Check a receipt's proof, given its bytes, and return its opening."""
        proof = self.proof(receipt_id)
        opened = leaves.parse_opening(proof.extra)
        proof.check(leaves.receipt_entry(opened, receipt or content(receipt_id)), self.log)
        return opened


def signer():
    return Signer.generate(ORIGIN)


class Backup:
    """The log's tables as they were, to be restored under a running server."""

    TABLES = ("queue", "leaves", "counts", "tiles", "log", "keys")

    def __init__(self, server, name="backup"):
        self._server = server
        self._name = name
        for table in self.TABLES:
            server.rows(f"CREATE TABLE {name}_{table} AS TABLE transparency_{table}")

    def restore(self, server=None):
        """Restore them, over the connection of another server if this one has ended."""
        tables = ", ".join(f"transparency_{name}" for name in self.TABLES)
        inserts = "; ".join(
            f"INSERT INTO transparency_{name} OVERRIDING SYSTEM VALUE SELECT * FROM {self._name}_{name}"
            for name in self.TABLES
        )
        (server or self._server).rows(f"DO $$ BEGIN TRUNCATE {tables}; {inserts}; END $$")


def alarm(server):
    return server.rows("SELECT alarm FROM transparency_log")[0]["alarm"]
