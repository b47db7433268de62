"""`receipts verify` and `statement verify`: read files, print a verdict, exit with status 0, 1 or 2."""

from pathlib import Path

import click

from llmring_receipts.checks import statements
from llmring_receipts.checks.amounts import LineAmounts, check_receipt_amount
from llmring_receipts.checks.receipts import check_receipt
from llmring_receipts.checks.table import check_table
from llmring_server.verifying.commands import FILE, as_json, build_policy, run_check, trust_options
from llmring_server.verifying.verdict import Findings, Unreadable

EXIT_STATUS = "\b\nExit status: 0 proven, 1 refuted, 2 cannot be checked."

keys_option = click.option("--keys", "known", type=FILE, required=True, help="The JWK set of the keys that you trust.")
proof_option = click.option("--proof", type=FILE, help="Its inclusion proof in a transparency log (C2SP tlog-proof).")
recompute_option = click.option(
    "--recompute", is_flag=True, help="Also recompute each amount from the counts and rates beside it."
)


@click.command("verify", epilog=EXIT_STATUS)
@click.argument("receipt", type=FILE)
@keys_option
@recompute_option
@proof_option
@trust_options
@as_json
def verify_receipt(
    receipt: Path, known: Path, recompute: bool, proof: Path | None, vkey: tuple[str, ...], witness: tuple[str, ...],
    policy_file: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Verify a receipt without a server, and report what was proven and what was not."""

    def check(findings: Findings) -> None:
        named = bool(vkey or witness or policy_file)
        policy = build_policy(vkey, witness, policy_file) if named else None
        document = check_receipt(findings, receipt, known, proof, policy)
        if recompute:
            check_receipt_amount(findings, document)

    run_check(f"receipt {receipt}", as_json, check)


@click.group("statement")
def statement() -> None:
    """Verify statements of usage without a server."""


@statement.command("verify", epilog=EXIT_STATUS)
@click.argument("statement_file", metavar="STATEMENT", type=FILE)
@keys_option
@click.option("--lines", "table", type=FILE, help="The CSV with all lines of the statement.")
@click.option("--line", type=FILE, help="The lines of one call with their Merkle paths, as the server returns them.")
@click.option("--previous", type=FILE, multiple=True, help="The previous statement; repeat for earlier ones.")
@recompute_option
@proof_option
@trust_options
@as_json
def verify_statement(
    statement_file: Path, known: Path, table: Path | None, line: Path | None, previous: tuple[Path, ...],
    recompute: bool, proof: Path | None, vkey: tuple[str, ...], witness: tuple[str, ...], policy_file: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Verify a statement and its lines, and name each line that was removed, changed or moved."""

    def check(findings: Findings) -> None:
        document, signed = statements.check_statement(findings, statement_file, known)
        amounts = LineAmounts(findings) if recompute else None
        if table:
            check_table(findings, signed, table, amounts)
        if line:
            statements.check_line(findings, signed, line, amounts)
        if amounts:
            if not (table or line):
                raise Unreadable("--recompute needs lines: give --lines or --line")
            amounts.finish()
        if previous:
            statements.check_previous(findings, signed, previous)
        if proof:
            statements.check_logged(findings, document, proof, build_policy(vkey, witness, policy_file))
        elif vkey or witness or policy_file:
            raise Unreadable("--vkey, --witness and --policy need a --proof to check")
        if not previous and signed.number > 1:
            findings.add_unproven(
                "previous", "That no statement before it is missing: give the previous one with --previous."
            )
        _add_unproven(findings, table or line, proof)

    run_check(f"statement {statement_file}", as_json, check)


def _add_unproven(findings: Findings, lines: Path | None, proof: Path | None) -> None:
    """List what was not proven for lack of files."""
    if lines is None:
        findings.add_unproven(
            "lines", "Any single line: give the CSV with --lines, or one line and its path with --line."
        )
    if proof is None:
        findings.add_unproven(
            "operator",
            "Anything against the holder of the key: without a proof from the transparency log, the holder can sign a "
            "different statement in its place.",
        )
