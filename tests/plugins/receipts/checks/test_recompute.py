"""`--recompute`: amounts follow from the counts and rates on the paper, by another implementation than the server's."""

import json
import random
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from receipts_kit import Signer
from statement_kit import END, StatementFolder, call, run

from llmring_receipts.checks.amounts import check_receipt_amount
from llmring_receipts.formats import canonical, jwks
from llmring_receipts.formats.keys import PublicKey
from llmring_receipts.receipts.issue import issue
from llmring_receipts.receipts.models import CallReceiptDraft
from llmring_receipts.receipts.usage_receipts import build_basis, build_draft
from llmring_server.contracts import LoggedUsage, Price, RateTier, UnitRate
from llmring_server.contracts.usage_lines import CostBasis, UnitPrice
from llmring_server.http.codec import encode
from llmring_server.verifying.verdict import Findings
from llmring_usage.pricing.calculators import EXACT, client_cost, normalize, provider_cost
from llmring_usage.pricing.tokens import RareCounts, Tokens
from llmring_usage.tables import cost_columns

CALLS = 1_000
RATES = ("cached_input", "cache_read", "cache_write_5m", "cache_write_1h", "output_thinking", "cache_write_30m",
         "audio_input", "audio_cache_read", "audio_output", "image_input", "image_cache_read", "video_input",
         "video_output")  # fmt: skip


def random_price(draw: random.Random) -> Price:
    """Return a price with some rates, tiers and units."""

    def rate():
        return Decimal(draw.randrange(10**6)).scaleb(-draw.randrange(2, 9))

    some = {name: rate() for name in RATES if draw.random() < 0.5}
    tiers = [RateTier(above, (("input", rate()), ("output", rate()))) for above in (200_000, 400_000)]
    units = [UnitRate("web_search", rate(), 1000), UnitRate("audio_hour", rate(), 7), UnitRate("request", rate(), 1)]
    return Price(
        priced_as="p:m", registry_version="p.1", input=rate(), output=rate(), tiers=tuple(tiers[: draw.randrange(3)]),
        units=tuple(units), **some,
    )  # fmt: skip


def random_tokens(draw: random.Random) -> Tokens:
    """Return the counts of a call; most kinds are absent from most calls."""

    def count(most=300_000):
        return draw.choice([0, 0, draw.randrange(most)])

    reasoning, audio, video = count(9_000), count(9_000), count(9_000)
    rare = RareCounts(
        cache_write_30m=count(), audio_input=count(), audio_cache_read=count(), image_input=count(),
        image_cache_read=count(), video_input=count(), audio_output=audio, video_output=video,
        units=draw.choice([{}, {"web_search": 3}, {"web_search": 1, "audio_hour": 5}]),
    )  # fmt: skip
    return Tokens(
        count(), count(), count(), count(), count(), count(9_000) + reasoning + audio + video, reasoning, rare
    )


def random_calls() -> list[dict[str, object]]:
    """Return cost and basis of 1,000 calls, priced as the server does."""
    draw, found = random.Random(20), []
    for number in range(CALLS):
        tokens, price = random_tokens(draw), random_price(draw)
        listed = (client_cost if number % 5 == 4 else provider_cost)(tokens, price)
        discount = draw.choice([None, None, Decimal("0.22"), Decimal("0.125")])
        columns = {} if discount is None else {"list_cost": listed, "discount": discount}
        cost = listed if discount is None else normalize(EXACT.multiply(listed, 1 - discount))
        basis = cost_columns.build_basis(tokens, price, cost, price_source="registry", **columns)
        found.append({"cost": cost, "basis": basis})
    return found


def logged(**members) -> LoggedUsage:
    given = {
        "project_id": "prj_a", "log_id": "00000000-0000-7000-8000-000000000000", "occurred_at": datetime.now(UTC),
        "provider": "p", "model": "m", "alias": None, "profile": "default", "origin": None, "input_tokens": 1,
        "output_tokens": 1, "cached_input_tokens": 0, "cost": Decimal("0.0105"), "cost_source": "registry",
        "cost_status": "priced", "registry_version": "p.1", "priced_as": "p:m", "basis": BASIS,
    }  # fmt: skip
    return LoggedUsage(**given | members)


BASIS = CostBasis(
    billed={"input": 1000, "output": 100}, units={"web_search": 1}, rates={"input": Decimal(2), "output": Decimal(5)},
    unit_rates={"web_search": UnitPrice(Decimal(8), 1000)}, price_source="genai-prices", price_version="0.2.3",
    matched="exact",
)  # fmt: skip


class Case:
    """A receipt of a logged call in a file, and the keys."""

    def __init__(self, folder):
        self.signer, self.receipt, self.keys = Signer(), folder / "receipt.json", folder / "jwks.json"
        key = PublicKey(self.signer.key_id, self.signer.public, None, None, "active")
        self.keys.write_bytes(encode(jwks.build([key], None)))

    def issue(self, **members):
        entry = logged(**members)
        draft = build_draft(entry, CallReceiptDraft(usage_log_id=entry.log_id))
        return issue(draft, "prj_a", self.signer.key_id, self.signer.private, build_basis(entry)).content

    def verify(self, **changes):
        """Sign a receipt again with changed fields, as the holder of the key can, and verify it."""
        receipt = json.loads(self.issue())
        self.receipt.write_text(json.dumps(self.signer.sign(**{**receipt, **changes})))
        return run("verify", self.receipt, "--keys", self.keys, "--recompute")


@pytest.fixture
def case(tmp_path):
    return Case(tmp_path)


def test_the_amounts_of_a_thousand_receipts_follow_from_each_alone(case):
    for members in random_calls():
        content, findings = case.issue(**members), Findings("receipt")
        assert content == canonical.canonicalize(canonical.parse(content))
        check_receipt_amount(findings, canonical.parse(content))
        verdict = findings.verdict()
        assert (verdict.faults, [one.code for one in verdict.proven]) == ([], ["amount"]), content


def test_the_amounts_of_a_thousand_lines_follow_from_each_alone(tmp_path):
    books = StatementFolder(tmp_path)
    statement, table = books.state(*(call(number, **members) for number, members in enumerate(random_calls())))
    said = books.verify(statement, "--lines", table, "--recompute")
    assert (said.status, "exactly the costs of 1000 lines" in said.text) == (0, True), said.text


def test_a_receipt_names_what_it_was_computed_from(case):
    receipt = json.loads(case.issue(cost_status="estimated", basis=BASIS))
    assert receipt["billed"] == {"input": 1000, "output": 100, "units": {"web_search": 1}}
    assert receipt["rates"] == {"input": "2", "output": "5", "units": {"web_search": {"per": 1000, "usd": "8"}}}
    assert (receipt["price_source"], receipt["price_version"], receipt["priced_as"], receipt["matched"]) == (
        "genai-prices", "0.2.3", "p:m", "exact",
    )  # fmt: skip
    assert receipt["cost_status"] == "estimated"
    assert not {"list_cost", "discount", "price_notes"} & set(receipt)


def test_the_amount_of_a_receipt_is_proven(case):
    said = case.verify()
    assert (said.status, "Its counts and rates give exactly its amount, 0.0105 USD." in said.text) == (0, True)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"cost": {"amount": "0.0106", "currency": "USD", "calculation": "registry"}},
            "The amount is 0.0106, its counts and rates give 0.0105",
        ),
        ({"billed": {"input": 1000, "output": 101}, "rates": {"input": "2", "output": "5"}}, "give 0.002505"),
        ({"rates": {"input": "2"}}, "output has no rate"),
        ({"billed": {"input": -1}}, "the count of input is malformed"),
        ({"billed": {"input": True}}, "the count of input is malformed"),
        ({"billed": {"input": 1.5}}, "the count of input is malformed"),
        ({"billed": [1]}, "counts or rates are malformed"),
        ({"billed": None}, "counts or rates are malformed"),
        ({"billed": {"units": 5}}, "the units are malformed"),
        ({"rates": "2"}, "counts or rates are malformed"),
        ({"rates": {"input": 2, "output": "5"}}, "2 is not a decimal string"),
        ({"rates": {"input": "1e3", "output": "5"}}, "'1e3' is not a decimal string"),
        ({"rates": {"input": "2", "output": "5", "units": {"web_search": "8"}}}, "the rate of a unit is malformed"),
        (
            {"rates": {"input": "2", "output": "5", "units": {"web_search": {"per": 0, "usd": "8"}}}},
            "the rate of a unit is malformed",
        ),
        ({"cost": 0.0105}, "the amount is not a decimal string"),
        ({"discount": "0.5"}, "None is not a decimal string"),
        ({"discount": "0.5", "list_cost": "0.0105"}, "The amount is 0.0105, its counts and rates give 0.00525"),
        ({"discount": "0.5", "list_cost": "0.02"}, "The list cost is 0.02, its counts and rates give 0.0105"),
    ],
)
def test_an_amount_that_does_not_follow_is_refuted_with_the_reason(case, changes, reason):
    said = case.verify(**changes)
    assert (said.status, reason in said.text) == (1, True), said.text


def test_an_estimated_amount_may_leave_out_what_has_no_rate(case):
    basis = CostBasis(billed={"input": 5_250}, units={"web_search": 3}, rates={"input": Decimal(2)})
    case.receipt.write_bytes(case.issue(cost_status="estimated", basis=basis))
    assert run("verify", case.receipt, "--keys", case.keys, "--recompute").status == 0


def test_a_cost_that_the_client_sent_is_not_recomputed_and_the_verdict_says_so(case):
    case.receipt.write_bytes(case.issue(cost_source="client", basis=CostBasis(billed={"input": 1})))
    said = run("verify", case.receipt, "--keys", case.keys, "--recompute")
    assert (said.status, "That its amount is correct: the client sent it." in said.text) == (0, True)


def test_a_receipt_of_a_payload_states_no_rates(case):
    case.receipt.write_text(json.dumps(case.signer.sign()))
    said = run("verify", case.receipt, "--keys", case.keys, "--recompute")
    assert (said.status, "That its amount is correct: it states no rates." in said.text) == (0, True)


def test_without_the_option_no_amount_is_recomputed(case):
    case.verify(rates={"input": "3"})
    said = run("verify", case.receipt, "--keys", case.keys)
    assert (said.status, "amount" in said.text) == (0, False)


def test_a_line_whose_cost_does_not_follow_is_named(tmp_path):
    books = StatementFolder(tmp_path)
    right, wrong = call(1, cost=Decimal("0.0105"), basis=BASIS), call(2, cost=Decimal("0.02"), basis=BASIS)
    statement, table = books.state(right, wrong)
    said = books.verify(statement, "--lines", table, "--recompute")
    assert said.status == 1
    assert "Line 2 (call 00000000-0000-0000-0000-000000000003): the amount is 0.02" in said.text
    assert "Line 1 " not in said.text


def test_lines_without_rates_are_counted_by_their_reason(tmp_path):
    books = StatementFolder(tmp_path)
    statement, table = books.state(
        call(1, cost=None), call(2, cost_source="client"), call(3, cost_source="client"), call(4, basis=BASIS,
        cost=Decimal("0.0105")),
    )  # fmt: skip
    said = books.verify(statement, "--lines", table, "--recompute")
    assert said.status == 0
    assert "exactly the costs of 1 lines" in said.text
    assert "the costs of 1 other lines are correct: the call was not priced" in said.text
    assert "the costs of 2 other lines are correct: the client sent it" in said.text


def test_a_correction_is_recomputed_from_its_new_cost(tmp_path):
    books = StatementFolder(tmp_path)
    first = call(1, cost=None)
    _, table = books.state(first)
    (stated,) = books.lines(table)
    corrected = call(1, cost=Decimal("0.0105"), basis=BASIS)
    statement, table = books.state(corrected, stated={stated.id: stated}, start=END, end=END.replace(month=12))
    said = books.verify(statement, "--lines", table, "--recompute")
    assert (said.status, "exactly the costs of 1 lines" in said.text) == (0, True), said.text


def test_recomputing_a_statement_needs_lines(tmp_path):
    books = StatementFolder(tmp_path)
    statement, _ = books.state(call(1))
    assert books.verify(statement, "--recompute").status == 2
