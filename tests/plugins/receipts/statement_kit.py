"""Statements created without a server, and trees as in RFC 6962 §2.1, independent of the server's code."""

import csv
import hashlib
import io
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import rfc8785
from click.testing import CliRunner
from receipts_kit import Signer

from llmring_receipts.__main__ import main
from llmring_receipts.formats import jwks, keys, signing
from llmring_receipts.formats.keys import PublicKey
from llmring_receipts.statements.formats import document, lines
from llmring_receipts.statements.generate import StatementBuilder
from llmring_server.contracts.usage_lines import CostBasis, UsageLine
from llmring_server.http.codec import encode

CALL = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 1000, "output_tokens": 100, "cost": "0.00045"}
STATEMENTS = "/api/v1/statements"
START = datetime(2026, 10, 1, tzinfo=UTC)
END = datetime(2026, 11, 1, tzinfo=UTC)
PROJECT = "prj_by_hand"


def call(number: int, **members) -> UsageLine:
    """Return a logged call; each number has a separate id and time."""
    return UsageLine(
        **{
            "id": UUID(int=number + 1),
            "occurred_at": START + timedelta(minutes=number),
            "provider": "openai",
            "model": "gpt-5-mini" if number % 3 else "gpt-5",
            "alias": "summarizer",
            "profile": "default",
            "origin": None,
            "status": "success",
            "input_tokens": 1000 + number,
            "output_tokens": 10,
            "cached_input_tokens": 0,
            "cost": Decimal("0.00045") + number,
            "cost_source": "registry",
            "cost_status": "priced",
            "priced_as": "openai:gpt-5-mini",
            "registry_version": "openai.7",
            "basis": CostBasis(billed={"input": 1000 + number, "output": 10}),
            **members,
        }
    )


class StatementFolder:
    """Statements of one project, created without a server by the holder of the key."""

    def __init__(self, folder: Path, signer: Signer | None = None) -> None:
        self.folder = folder
        self.signer = signer or Signer()
        self.last: bytes | None = None
        self.seq = 0
        self.number = 0
        (folder / "jwks.json").write_bytes(encode(jwks.build([self.key()], self.signer.key_id)))

    def key(self, **members) -> PublicKey:
        return PublicKey(**{"key_id": self.signer.key_id, "public_key": self.signer.public, "created_at": None,
                            "retired_at": None, "status": "active", **members})  # fmt: skip

    def state(self, *calls: UsageLine, stated=None, start=None, end=END) -> tuple[Path, Path]:
        """Write the next statement and its CSV, and return their paths."""
        builder = StatementBuilder(self.seq)
        added = builder.add_calls(calls, stated or {})
        self.number += 1
        said = document.compose(
            project=PROJECT, number=self.number, start=start, end=end, created_at=end, lines=builder.line_range(),
            totals=builder.totals.to_fields(2), previous=self.last, key_id=self.signer.key_id,
        )  # fmt: skip
        self.last, self.seq = signing.sign(said, self.signer.private), builder.last_seq
        paths = self.folder / f"statement-{self.number}.json", self.folder / f"statement-{self.number}.csv"
        paths[0].write_bytes(self.last)
        paths[1].write_bytes(lines.to_csv(added, header=True, version=2))
        return paths

    def lines(self, table: Path) -> list[lines.StatementLine]:
        """Return the lines of a CSV."""
        with table.open(newline="", encoding="utf-8") as file:
            return [line for _, line, _ in lines.from_csv(file)]

    def verify(self, statement: Path, *options: str | Path):
        """Run `statement verify`, and return its exit status and output."""
        return run("statement", "verify", statement, "--keys", self.folder / "jwks.json", *options)


class CheckResult:
    """The output of a check, and its exit status."""

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        self.text = text

    @property
    def verdict(self):
        """The output of `--json`."""
        return json.loads(self.text)

    def codes(self, part: str) -> list[str]:
        """Return the codes in a part of the output of `--json`."""
        return [finding["code"] for finding in self.verdict[part]]


def run(*arguments: object) -> CheckResult:
    """Run `python -m llmring_receipts` in this process; exceptions are raised here."""
    ran = CliRunner().invoke(main, [str(argument) for argument in arguments])
    if ran.exception and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    return CheckResult(ran.exit_code, ran.output)


def rows(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def write_rows(path: Path, table: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows(table)
    path.write_bytes(text.getvalue().encode())


def column(path: Path, name: str) -> list[str]:
    header, *table = rows(path)
    return [row[header.index(name)] for row in table]


def leaf(row: dict[str, str]) -> bytes:
    """Return the leaf of a row of a CSV, by another implementation of canonical JSON."""
    cells = {name: text.removeprefix("'") for name, text in row.items() if name != "hash"}
    return rfc8785.dumps({name: text for name, text in cells.items() if text})


def leaves(content: str) -> list[bytes]:
    return [leaf(row) for row in csv.DictReader(io.StringIO(content, newline=""))]


def root(entries: list[bytes]) -> str:
    """MTH(D[n]), RFC 6962 §2.1, in base64url."""
    return keys.encode(_root(entries))


def _root(entries: list[bytes]) -> bytes:
    if not entries:
        return hashlib.sha256().digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\0" + entries[0]).digest()
    split = 1
    while split * 2 < len(entries):
        split *= 2
    return hashlib.sha256(b"\1" + _root(entries[:split]) + _root(entries[split:])).digest()


def line_of_csv(path, number) -> lines.StatementLine:
    """Return a line of a statement's CSV."""
    with path.open(newline="", encoding="utf-8") as file:
        return [line for _, line, _ in lines.from_csv(file)][number]
