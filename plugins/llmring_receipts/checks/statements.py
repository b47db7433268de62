"""Check a statement's signature, and single lines of it by their Merkle paths."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from llmring_receipts.checks.amounts import LineAmounts
from llmring_receipts.checks.signed import check_signature, digest_of, read_document, read_keys
from llmring_receipts.formats import canonical, keys
from llmring_receipts.statements.formats import lines
from llmring_receipts.statements.formats.document import VERSIONS, Statement, find_contradiction, find_gap, follows
from llmring_receipts.statements.formats.lines import InvalidLines
from llmring_server.tlog import leaves
from llmring_server.tlog.hashing import HASH_BYTES, leaf_hash
from llmring_server.tlog.leaves import EntryKind
from llmring_server.tlog.proofs import InvalidProof, check_inclusion
from llmring_server.verifying import files, logs
from llmring_server.verifying.policy import Policy
from llmring_server.verifying.verdict import Findings, Unreadable

TRUE = "That the calls took place, or that their numbers are true: the server states what was logged."
LOGGED = "That every call was logged: a call that was never logged is in no statement."


class LineProofInput(msgspec.Struct, frozen=True):
    """A line of a statement and its path, as the server returns them; hashes are base64url."""

    line: str
    index: int
    count: int
    path: list[str]


def read_statement(path: Path) -> tuple[dict[str, Any], Statement]:
    """Return the statement in a file, as JSON and as a struct.

    Raises:
        Unreadable: the file is not a statement.
    """
    document = read_document(path, "statement")
    if document.get("type") not in VERSIONS:
        known = " or ".join(map(repr, VERSIONS))
        raise Unreadable(f"{path} is not a statement: its type is {document.get('type')!r}, not {known}")
    try:
        return document, msgspec.convert(document, Statement)
    except msgspec.ValidationError as error:
        raise Unreadable(f"{path} is not a statement: {error}") from error


def check_statement(findings: Findings, path: Path, known: Path) -> tuple[dict[str, Any], Statement]:
    """Check a statement's signature, and return the statement.

    Raises:
        Unreadable: a file cannot be parsed.
    """
    document, statement = read_statement(path)
    check_signature(findings, document, read_keys(known), "statement")
    fault = find_contradiction(statement)
    if fault:
        findings.add_fault("contradiction", f"The statement contradicts itself: {fault}")
    findings.add_unproven("truth", TRUE)
    findings.add_unproven("logged", LOGGED)
    return document, statement


def check_previous(findings: Findings, statement: Statement, paths: Sequence[Path]) -> None:
    """Check whether a statement follows others: their numbers, lines and times, and the digest of each.

    Raises:
        Unreadable: a file is not a statement.
    """
    chain = [statement]
    for path, document, before in sorted(((path, *read_statement(path)) for path in paths), key=_descending_number):
        if not follows(chain[0], before, canonical.canonicalize(document)):
            findings.add_fault(
                "previous",
                f"Statement {chain[0].number} does not follow statement {before.number} in {path} (SHA-256 "
                f"{digest_of(document)}).",
            )
            return
        chain.insert(0, before)
    fault = find_gap(chain)
    if fault:
        findings.add_fault("previous", f"Lines are missing: {fault}")
        return
    named = " and ".join(str(before.number) for before in reversed(chain[:-1]))
    findings.add_proven("previous", f"It follows statement {named}, with no time between them.")
    if chain[0].number == 1 or any(before.lines.count for before in chain[:-1]):
        findings.add_proven("previous-lines", "No line number is missing between them.")
    else:
        findings.add_unproven(
            "previous-lines",
            f"That no line before it is missing: statement {named} has none. Give earlier ones with --previous too.",
        )


def check_line(findings: Findings, statement: Statement, path: Path, amounts: LineAmounts | None = None) -> None:
    """Check whether a file's lines, each with its path, are lines of the statement.

    With `amounts`, the cost of each line is recomputed.

    Raises:
        Unreadable: the file has no such lines.
    """
    for proof in _read_line_proofs(path, statement.number):
        line = lines.parse(proof.line)
        if amounts:
            amounts.add(line)
        try:
            hashes = [keys.decode(step, HASH_BYTES) for step in proof.path]
            root = keys.decode(statement.lines.root, HASH_BYTES)
            if proof.count != statement.lines.count or int(line.seq) != (statement.lines.first or 0) + proof.index:
                raise InvalidProof("Its index does not match its number.")
            if line.canonical() != proof.line.encode():
                raise InvalidProof("It is not in canonical form.")
            check_inclusion(proof.index, proof.count, leaf_hash(proof.line.encode()), root, hashes)
        except (InvalidProof, ValueError) as error:
            findings.add_fault("line", f"Line {line.seq} (call {line.id}) is not shown to be in the statement: {error}")
        else:
            findings.add_proven(
                "line",
                f"Line {line.seq} is in the statement: {line.kind} {line.id} at {line.occurred_at}, "
                f"{line.provider}:{line.model}, {line.amount} {line.currency}.",
            )


def check_logged(findings: Findings, document: dict[str, Any], proof: Path, policy: Policy) -> None:
    """Check whether a proof shows that a statement is in a log of the policy.

    Raises:
        Unreadable: the file is not a proof.
    """
    entry = leaves.public_entry(EntryKind.STATEMENT, canonical.canonicalize(document))
    logs.check_entry(findings, "This statement", entry, logs.read_proof(files.read(proof)), policy)


def _descending_number(read: tuple[Path, dict[str, Any], Statement]) -> int:
    return -read[2].number


def _read_line_proofs(path: Path, number: int) -> list[LineProofInput]:
    """Return the lines in a file that name the statement with this number."""
    content = files.read(path)
    try:
        found = msgspec.json.decode(content, type=dict[str, Any])
        given = [one for one in found["lines"] if one["number"] == number]
        proofs = msgspec.convert(given, list[LineProofInput])
        for proof in proofs:
            lines.parse(proof.line)
    except (msgspec.MsgspecError, KeyError, TypeError, InvalidLines, RecursionError) as error:
        raise Unreadable(f"{path} contains no lines with their paths: {error}") from error
    if not proofs:
        raise Unreadable(f"{path} contains no line of statement {number}")
    return proofs
