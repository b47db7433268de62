"""Whether a statement is genuine, and whether lines are its lines: all of them, or one with its path."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from llmring_receipts.checks.signed import check_signature, digest_of, read_document, read_keys
from llmring_receipts.formats import canonical, keys
from llmring_receipts.statements.formats import lines
from llmring_receipts.statements.formats.document import TYPE, Statement, find_contradiction, find_gap, follows
from llmring_receipts.statements.formats.lines import InvalidLines
from llmring_server.tlog import leaves
from llmring_server.tlog.hashing import HASH_BYTES, leaf_hash
from llmring_server.tlog.leaves import EntryKind
from llmring_server.tlog.proofs import InvalidProof, check_inclusion
from llmring_server.verifying import files, logs
from llmring_server.verifying.policy import Policy
from llmring_server.verifying.verdict import Findings, Unreadable

TRUE = "that the calls took place, or that their figures are true: the server states what was logged"
LOGGED = "that every call was logged: a call that was never logged is in no statement"


class LineProof(msgspec.Struct, frozen=True):
    """One line of a statement and its path, as the server hands them out; hashes are base64url."""

    line: str
    index: int
    count: int
    path: list[str]


def read_statement(path: Path) -> tuple[dict[str, Any], Statement]:
    """Return the statement in a file, as JSON and as what it says.

    Raises:
        Unreadable: it holds none.
    """
    document = read_document(path, "statement")
    if document.get("type") != TYPE:
        raise Unreadable(f"{path} is no statement: its type is {document.get('type')!r}, not {TYPE!r}")
    try:
        return document, msgspec.convert(document, Statement)
    except msgspec.ValidationError as error:
        raise Unreadable(f"{path} is no statement: {error}") from error


def check_statement(findings: Findings, path: Path, known: Path) -> tuple[dict[str, Any], Statement]:
    """Note what a statement's signature shows, and return the statement.

    Raises:
        Unreadable: a file holds nothing of the kind.
    """
    document, statement = read_statement(path)
    check_signature(findings, document, read_keys(known), "statement")
    wrong = find_contradiction(statement)
    if wrong:
        findings.add_fault("contradiction", f"the statement contradicts itself: {wrong}")
    findings.add_unproven("truth", TRUE)
    findings.add_unproven("logged", LOGGED)
    return document, statement


def check_previous(findings: Findings, statement: Statement, paths: Sequence[Path]) -> None:
    """Note whether a statement follows others: their numbers, lines and times, and the digest of each.

    Raises:
        Unreadable: a file holds no statement.
    """
    chain = [statement]
    for path, document, before in sorted(((path, *read_statement(path)) for path in paths), key=_descending_number):
        if not follows(chain[0], before, canonical.canonicalize(document)):
            findings.add_fault(
                "previous",
                f"statement {chain[0].number} does not follow statement {before.number} as it is in {path} (SHA-256 "
                f"{digest_of(document)})",
            )
            return
        chain.insert(0, before)
    wrong = find_gap(chain)
    if wrong:
        findings.add_fault("previous", f"lines are left out: {wrong}")
        return
    named = " and ".join(str(before.number) for before in reversed(chain[:-1]))
    findings.add_proven("previous", f"it follows statement {named}, with no time between them")
    if chain[0].number == 1 or any(before.lines.count for before in chain[:-1]):
        findings.add_proven("previous-lines", "no number of a line is left out between them")
    else:
        findings.add_unproven(
            "previous-lines",
            f"that no line is left out before it: statement {named} has none; give those before with --previous too",
        )


def check_line(findings: Findings, statement: Statement, path: Path) -> None:
    """Note whether a file's lines, each with its path, are lines of the statement.

    Raises:
        Unreadable: it holds no such lines.
    """
    for proof in _read_line_proofs(path, statement.number):
        line = lines.parse(proof.line)
        try:
            hashes = [keys.decode(step, HASH_BYTES) for step in proof.path]
            root = keys.decode(statement.lines.root, HASH_BYTES)
            if proof.count != statement.lines.count or int(line.seq) != (statement.lines.first or 0) + proof.index:
                raise InvalidProof("its place is not that of its number")
            if line.canonical() != proof.line.encode():
                raise InvalidProof("it is not spelt as lines are, and two readers may read it differently")
            check_inclusion(proof.index, proof.count, leaf_hash(proof.line.encode()), root, hashes)
        except (InvalidProof, ValueError) as error:
            findings.add_fault("line", f"line {line.seq} (call {line.id}) is not shown to be in the statement: {error}")
        else:
            findings.add_proven(
                "line",
                f"line {line.seq} is in the statement: {line.kind} {line.id} of {line.occurred_at}, "
                f"{line.provider}:{line.model}, {line.amount} {line.currency}",
            )


def check_logged(findings: Findings, document: dict[str, Any], proof: Path, policy: Policy) -> None:
    """Note whether a proof shows that a statement is in a log of the policy.

    Raises:
        Unreadable: the file holds no proof.
    """
    entry = leaves.public_entry(EntryKind.STATEMENT, canonical.canonicalize(document))
    logs.check_entry(findings, "this statement", entry, logs.read_proof(files.read(proof)), policy)


def _descending_number(read: tuple[Path, dict[str, Any], Statement]) -> int:
    return -read[2].number


def _read_line_proofs(path: Path, number: int) -> list[LineProof]:
    """Return the lines of a file that are said to be of the statement with this number."""
    content = files.read(path)
    try:
        found = msgspec.json.decode(content, type=dict[str, Any])
        given = [one for one in found["lines"] if one["number"] == number]
        proofs = msgspec.convert(given, list[LineProof])
        for proof in proofs:
            lines.parse(proof.line)
    except (msgspec.MsgspecError, KeyError, TypeError, InvalidLines, RecursionError) as error:
        raise Unreadable(f"{path} holds no lines with their paths: {error}") from error
    if not proofs:
        raise Unreadable(f"{path} holds no line of statement {number}")
    return proofs
