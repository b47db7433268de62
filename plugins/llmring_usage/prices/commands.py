"""`llmring-server prices list | set | remove | compare | explain`."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click
import msgspec

from llmring_server.cli.context import run_with_server
from llmring_server.http.errors import Problem
from llmring_server.server import Server
from llmring_usage.prices.book import PriceBook
from llmring_usage.prices.differences import PriceComparison
from llmring_usage.prices.explain import PriceExplanation, explain_price, sample_tokens
from llmring_usage.prices.own.models import ANY_MODEL, DEPLOYMENT, OwnPrice, PriceOverride
from llmring_usage.prices.own.store import OverrideStore
from llmring_usage.prices.source import Lookup
from llmring_usage.pricing.variants import variant_of
from llmring_usage.settings import UsageSettings
from llmring_usage.statistics.periods import parse_time

T = TypeVar("T")
project_option = click.option("--project", default=DEPLOYMENT, help="A project's id; by default, all projects.")


@click.group()
def prices() -> None:
    """Manage own prices, and show which price a call gets."""


def _run(work: Callable[[Server], Awaitable[T]], *, lifespans: bool = False) -> T:
    try:
        return run_with_server(work, lifespans=lifespans)
    except Problem as problem:
        raise click.ClickException(str(problem.description)) from problem


def _store(server: Server) -> OverrideStore:
    return server.service(OverrideStore)


@prices.command("list")
@project_option
@click.option("--history", is_flag=True, help="Closed prices too.")
def list_prices(project: str, history: bool) -> None:
    """List the own prices of a project, or those for all projects."""

    async def work(server: Server) -> list[OwnPrice]:
        return await _store(server).history(project)

    found = [price for price in _run(work) if history or price.closed_at is None]
    for price in found:
        click.echo(_describe(price))
    if not found:
        click.echo("no own prices")


@prices.command("set")
@click.argument("price_id", metavar="ID")
@click.argument("model", metavar="PROVIDER:MODEL")
@project_option
@click.option("--match", type=click.Choice(["exact", "prefix", "all"]), default=None, help="Default: exact; all for *.")
@click.option("--rate", "rates", multiple=True, metavar="KIND=USD", help="Per million tokens: input=0.20.")
@click.option("--per-unit", "units", multiple=True, metavar="UNIT=USD", help="Per piece: web_search=0.008.")
@click.option("--priced-as", metavar="PROVIDER:MODEL", help="The model that is billed.")
@click.option("--discount", help="A share of the cost: 0.22.")
@click.option("--from", "effective_from", help="From this date or time on (UTC).")
@click.option("--to", "effective_to", help="Up to this time, or to the end of this date (UTC).")
@click.option("--service-tier", help="Only calls of this service tier.")
@click.option("--processing", help="Only calls processed so: batch.")
@click.option("--speed", help="Only calls of this speed.")
@click.option("--note", help="A note, such as the contract.")
def set_price(price_id: str, model: str, project: str, match: str | None, **given: Any) -> None:
    """Set the own price ID; servers use it within a second."""
    provider, _, name = model.partition(":")
    if not provider or not name:
        raise click.UsageError("The model must be PROVIDER:MODEL, such as openai:gpt-5-mini or google:*.")
    rates, units = _amounts(given.pop("rates")), _amounts(given.pop("units"))
    fields = {
        **given, "provider": provider, "model": name, "rates": rates or None, "per_unit": units or None,
        "match": match or ("all" if name == ANY_MODEL else "exact"),
    }  # fmt: skip
    try:
        override = msgspec.convert(fields, PriceOverride, strict=False)
    except msgspec.ValidationError as error:
        raise click.UsageError(str(error)) from error
    click.echo(_describe(_run(lambda server: _store(server).put(project, price_id, override, None))))


@prices.command("remove")
@click.argument("price_id", metavar="ID")
@project_option
def remove_price(price_id: str, project: str) -> None:
    """Close the own price ID; it stays in the history."""
    if not _run(lambda server: _store(server).delete(project, price_id, None)):
        raise click.ClickException(f"there is no own price {price_id!r}")
    click.echo(f"closed {price_id}")


@prices.command()
@click.option("--project", default=None, help="A project's id; by default, the models of all projects.")
def compare(project: str | None) -> None:
    """Show where two sources differ by more than 1% for the models called in 30 days."""

    async def work(server: Server) -> Any:
        return await server.service(PriceComparison).differences(project)

    found = _run(work, lifespans=True)
    for one in found:
        unpriced = f", {one.unpriced_requests:,} of them unpriced" if one.unpriced_requests else ""
        click.echo(f"{one.provider}:{one.model}  {one.requests:,} calls{unpriced}, {one.spend:f} USD in 30 days")
        for rate in one.rates:
            click.echo(
                f"  {rate.kind}: {rate.rate:f} ({one.source} {one.version}),"
                f" {rate.other:f} ({one.other_source} {one.other_version})"
            )
    if not found:
        click.echo("no differences")


@prices.command()
@click.argument("model", metavar="PROVIDER:MODEL")
@project_option
@click.option("--at", help="The time of the call: a date or a time; by default now.")
@click.option("--prompt-tokens", type=click.IntRange(0), default=1, show_default=True, help="Selects the tier.")
@click.option("--service-tier", help="Such as flex or priority.")
@click.option("--processing", help="Such as batch.")
@click.option("--speed", help="Such as fast.")
def explain(
    model: str, project: str, at: str | None, prompt_tokens: int, service_tier: str | None, processing: str | None,
    speed: str | None,
) -> None:  # fmt: skip
    """Show which source prices a call of a model, and why those before it do not."""
    provider, _, name = model.partition(":")
    if not provider or not name:
        raise click.UsageError("The model must be PROVIDER:MODEL, such as openai:gpt-5-mini.")

    async def work(server: Server) -> PriceExplanation:
        zone = ZoneInfo(server.plugin_settings(UsageSettings).timezone)
        moment = parse_time(at, "at", zone) if at else datetime.now(UTC)
        lookup = Lookup(project, provider, name, moment, variant_of(service_tier, processing, speed))
        return explain_price(server.service(PriceBook), lookup, sample_tokens(prompt_tokens))

    _show(_run(work, lifespans=True))


def _show(found: PriceExplanation) -> None:
    click.echo(f"{found.provider}:{found.model} at {found.at:%Y-%m-%dT%H:%M:%SZ}: {found.cost_status}")
    for one in found.candidates:
        click.echo(f"{'>' if one.used else ' '} {one.source} {one.version}: {one.priced_as} ({one.matched})")
        click.echo(f"    {one.reason}")
        for note in one.notes:
            click.echo(f"    note: {note}")
        rates = ", ".join(f"{kind} {rate}" for kind, rate in one.rates.items() if isinstance(rate, int | float))
        click.echo(f"    USD per million tokens: {rates or 'none'}")
    if found.discount is not None:
        click.echo(f"discount: {found.discount:f} ({found.discount_source})")
    if not found.candidates:
        click.echo("no source knows this model; `llmring-server prices set` gives it a price")


def _amounts(given: tuple[str, ...]) -> dict[str, Decimal]:
    found = {}
    for text in given:
        name, separator, amount = text.partition("=")
        try:
            found[name] = Decimal(amount)
        except ArithmeticError as error:
            raise click.UsageError(f"{text!r} must be NAME=USD, such as input=0.20.") from error
        if not separator:
            raise click.UsageError(f"{text!r} must be NAME=USD, such as input=0.20.")
    return found


def _describe(price: OwnPrice) -> str:
    """Return a price as one line."""
    amounts = {**(price.rates or {}), **(price.per_unit or {})}
    terms = ", ".join(f"{name} {amount}" for name, amount in amounts.items())
    if price.priced_as is not None:
        terms = f"priced as {price.priced_as}"
    if price.discount is not None:
        terms = f"discount {price.discount:f}"
    conditions = [value for value in (price.service_tier, price.processing, price.speed) if value]
    since = f" from {price.effective_from:%Y-%m-%dT%H:%MZ}" if price.effective_from else ""
    until = f" until {price.effective_to:%Y-%m-%dT%H:%MZ}" if price.effective_to else ""
    closed = f"  closed {price.closed_at:%Y-%m-%dT%H:%MZ}" if price.closed_at else ""
    model = f"{price.provider}:{price.model}{'…' if price.match == 'prefix' else ''}"
    return f"{price.id}  {' '.join([model, *conditions])}  {terms}{since}{until}{closed}"
