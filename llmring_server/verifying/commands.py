"""Commands for offline verification: `tlog verify DIR`, `tlog compare OLDER NEWER`, and their shared options."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec

from llmring_server.verifying import policy
from llmring_server.verifying.continuation import check_continuation
from llmring_server.verifying.files import read
from llmring_server.verifying.folder import check_folder
from llmring_server.verifying.policy import Policy
from llmring_server.verifying.verdict import Findings, Unreadable, unreadable_verdict

FILE = click.Path(path_type=Path)
TRUE = "That the entries are true: the log only shows that they did not change."

as_json = click.option("--json", "as_json", is_flag=True, help="Print the verdict as JSON.")
vkey = click.option("--vkey", multiple=True, help="The log's verifier key, `name+id+key`.")
witness = click.option(
    "--witness", multiple=True, help="A witness's verifier key; each named witness must have cosigned."
)
policy_file = click.option(
    "--policy", "policy_file", type=FILE, help="C2SP tlog-policy with trusted logs, witnesses and quorum, instead."
)


def trust_options(options: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options for trusted logs and witnesses to a command."""
    return vkey(witness(policy_file(options)))


def build_policy(vkeys: tuple[str, ...], witnesses: tuple[str, ...], file: Path | None) -> Policy:
    """Return the policy of a command's options.

    Raises:
        Unreadable: no policy, --policy together with keys, or a malformed file or key.
    """
    if file is not None and not (vkeys or witnesses):
        return policy.parse(read(file).decode("utf-8", "replace"))
    if file is None and vkeys:
        return policy.from_keys(vkeys, witnesses)
    raise Unreadable("name the trusted log: either --vkey (and --witness), or --policy")


def run_check(subject: str, as_json: bool, check: Callable[[Findings], None]) -> None:
    """Run a check, print its verdict, and exit with its status: 0 proven, 1 refuted, 2 cannot be checked.

    The files are untrusted: an unexpected error in a parser means unreadable, and refutes nothing.
    """
    findings = Findings(subject)
    try:
        check(findings)
        verdict = findings.verdict()
    except Unreadable as error:
        verdict = unreadable_verdict(subject, error)
    except (RecursionError, ArithmeticError, ValueError) as error:
        reason = f"the input cannot be read: {type(error).__name__}, {error}"
        verdict = unreadable_verdict(subject, Unreadable(reason))
    click.echo(msgspec.json.format(msgspec.json.encode(verdict)).decode() if as_json else verdict.text())
    sys.exit(verdict.status)


@click.command("verify")
@click.argument("folder", type=FILE)
@click.option("--older", type=FILE, help="A checkpoint that you stored: the log must still begin with its tree.")
@trust_options
@as_json
def verify_folder(
    folder: Path, older: Path | None, vkey: tuple[str, ...], witness: tuple[str, ...], policy_file: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Verify a whole log, in a folder that `tlog export` wrote, without a server."""

    def check(findings: Findings) -> None:
        trust = build_policy(vkey, witness, policy_file)
        check_folder(findings, folder, trust, read(older) if older else None)
        findings.add_unproven("truth", TRUE)

    run_check(f"log {folder}", as_json, check)


@click.command("compare")
@click.argument("older", type=FILE)
@click.argument("newer", type=FILE)
@click.option("--proof", type=FILE, required=True, help="The response of /tlog/consistency?old=&new= for their sizes.")
@trust_options
@as_json
def compare_checkpoints(
    older: Path, newer: Path, proof: Path, vkey: tuple[str, ...], witness: tuple[str, ...], policy_file: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Verify without a server that a log still begins with the tree of an OLDER checkpoint that you stored."""

    def check(findings: Findings) -> None:
        check_continuation(findings, read(older), read(newer), proof, build_policy(vkey, witness, policy_file))
        findings.add_unproven("truth", TRUE)

    run_check(f"checkpoint {newer}", as_json, check)
