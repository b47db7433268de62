"""Spending, on a real server and a real database."""

from decimal import Decimal

import pytest

from llmring_server.testing import make_usage


@pytest.fixture
def server(llmring_live):
    return llmring_live(["example"], example={"limit": "12.50"})


def test_a_new_project_has_spent_nothing(server):
    assert server.client().get("/api/v1/spending").json() == {"calls": 0, "cost": 0, "limit": 12.5}


def test_recorded_usage_adds_up_to_the_last_decimal(server):
    mine, other = server.project_id("mine"), server.project_id("other")
    server.usage_recorded(make_usage(mine, cost=Decimal("0.1")), make_usage(other, cost=Decimal(5)))
    server.usage_recorded(make_usage(mine, cost=Decimal("0.20")), make_usage(mine, cost=None))
    assert server.client("mine").get("/api/v1/spending").text == '{"calls":3,"cost":0.30,"limit":12.50}'


def test_every_answer_names_the_limit(server):
    assert server.client(None).get("/health").headers["x-spending-limit"] == "12.50"


def test_the_command_prints_what_a_project_has_spent(server, llmring_cli):
    project = server.project_id()
    server.usage_recorded(make_usage(project, cost=Decimal("0.10")))
    done = llmring_cli("spending", project, LLMRING_PLUGINS="example")
    assert done.stdout == f"{project}: 1 calls, 0.10 USD\n"
