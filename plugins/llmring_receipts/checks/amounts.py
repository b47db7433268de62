"""Recompute amounts from the paper alone: counts times rates, less a discount, in exact decimals."""

from collections.abc import Mapping
from typing import Any

from llmring_receipts.formats import canonical
from llmring_receipts.formats.canonical import InvalidValue
from llmring_receipts.formats.cost_basis import NotComputable, PaperBasis, find_difference
from llmring_receipts.statements.formats.lines import TAKEN_BACK, StatementLine
from llmring_server.verifying.verdict import Findings

ESTIMATED = "estimated"
NO_RATES = "it states no rates"
SENT = "the client sent it"
UNPRICED = "the call was not priced"
RATES = "That its rates are those of the provider: only the price list named in it shows that."


def check_receipt_amount(findings: Findings, receipt: Mapping[str, Any]) -> None:
    """Check whether the amount of a receipt follows from its counts and rates."""
    cost = receipt.get("cost")
    cost = cost if isinstance(cost, dict) else {}
    if "rates" not in receipt:
        reason = SENT if cost.get("calculation") == "client" else NO_RATES
        findings.add_unproven("amount", f"That its amount is correct: {reason}.")
        return
    try:
        paper = _parse_paper(receipt, cost.get("amount"))
        fault = find_difference(paper)
    except NotComputable as error:
        fault = f"the amount cannot be recomputed: {error}"
    if fault:
        findings.add_fault("amount", f"{fault[0].upper()}{fault[1:]}.")
        return
    findings.add_proven("amount", f"Its counts and rates give exactly its amount, {paper.amount} USD.")
    findings.add_unproven("rates", RATES)


class LineAmounts:
    """Recomputes the costs of lines, and counts those that state no rates."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._correct = 0
        self._skipped: dict[str, int] = {}

    def add(self, line: StatementLine) -> None:
        """Check whether the cost of a line follows from its counts and rates."""
        fault = _find_amount_fault(line)
        if fault:
            self._findings.add_fault("amount", f"Line {line.seq} (call {line.id}): {fault}.")
        elif line.rates:
            self._correct += 1
        elif line.cost_status not in TAKEN_BACK:
            reason = UNPRICED if not line.cost else SENT if line.cost_source == "client" else NO_RATES
            self._skipped[reason] = self._skipped.get(reason, 0) + 1

    def finish(self) -> None:
        """Report how many costs were recomputed, and how many could not be."""
        if self._correct:
            self._findings.add_proven("amount", f"Counts and rates give exactly the costs of {self._correct} lines.")
            self._findings.add_unproven("rates", RATES)
        for reason, count in self._skipped.items():
            self._findings.add_unproven("amount", f"That the costs of {count} other lines are correct: {reason}.")


def _find_amount_fault(line: StatementLine) -> str | None:
    if line.kind == "call" and line.amount != (line.cost or "0"):
        return f"the amount is {line.amount}, the cost is {line.cost or '0'}"
    if line.cost_status in TAKEN_BACK and line.cost != "0":
        return f"the call was taken back, and costs {line.cost}"
    if not line.rates:
        return None
    try:
        stated = {name: _parse_json(getattr(line, name)) for name in ("billed", "rates")}
        given = {"list_cost": line.list_cost, "discount": line.discount, "cost_status": line.cost_status}
        return find_difference(_parse_paper({**stated, **{k: v for k, v in given.items() if v}}, line.cost))
    except NotComputable as error:
        return f"the cost cannot be recomputed: {error}"


def _parse_json(text: str) -> object:
    try:
        return canonical.parse(text.encode())
    except InvalidValue as error:
        raise NotComputable(error.reason) from error


def _parse_paper(stated: Mapping[str, Any], amount: object) -> PaperBasis:
    """Return the basis in a paper's fields; types of its values are checked when it is recomputed."""
    billed, rates = stated.get("billed"), stated["rates"]
    if not isinstance(billed, dict) or not isinstance(rates, dict):
        raise NotComputable("counts or rates are malformed")
    if not isinstance(amount, str):
        raise NotComputable("the amount is not a decimal string")
    return PaperBasis(
        billed=billed, rates=rates, amount=amount, list_cost=stated.get("list_cost"), discount=stated.get("discount"),
        estimated=stated.get("cost_status") == ESTIMATED,
    )  # fmt: skip
