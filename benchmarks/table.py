"""The figures as Markdown, written between the markers of a document."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.measure import Measured
from benchmarks.singles import Single

BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"
HEAD = (
    "what", "connections", "per second", "p50 ms", "p99 ms", "CPU µs: server", "PostgreSQL", "bare", "errors",
    "bare per second", "ratio", "must reach",
)  # fmt: skip


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *lines))


def figures(measured: Measured) -> tuple[str, ...]:
    """Return a line of the main table; CPU time is per request, the ratio is of requests per second."""
    case, ours, bare = measured
    ratio = ours.per_second / bare.per_second if bare.per_second else 0.0
    return (
        case.name, str(case.connections), _short(ours.per_second * case.entries), _short(ours.p50), _short(ours.p99),
        _short(ours.server_us), _short(ours.database_us), _short(bare.server_us), f"{ours.errors:.0f}",
        _short(bare.per_second),
        f"{ratio:.2f}" if ratio >= 0.01 else f"{ratio:.4f}", case.goal,
    )  # fmt: skip


def report(
    machine: Sequence[str], measured: Sequence[Measured], singles: Sequence[Single], curve: Sequence[Sequence[str]]
) -> str:
    """Return the whole block: machine, main table, single figures, growth; a part without figures is omitted."""
    parts = ["\n".join(f"- {line}" for line in machine)]
    if measured:
        parts += ["### Under load", table(HEAD, map(figures, measured))]
    if singles:
        parts += ["### Once", table(("what", "figure", "bare ASGI", "must reach"), singles)]
    if curve:
        parts += ["### Growth", "p50 of `GET /stats` over 30 days, ms, one connection:", table(curve[0], curve[1:])]
    return "\n\n".join(parts)


def write(path: Path, block: str) -> None:
    """Write the block between the markers of a document.

    Raises:
        ValueError: the document has no such markers.
    """
    before, begin, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path} has no {BEGIN} … {END} to put the figures between")
    path.write_text(f"{before}{begin}\n{block}\n{end}{after}", encoding="utf-8")


def _short(figure: float) -> str:
    """Return three significant digits: 18,400; 3.41; 0.62."""
    if figure >= 100:
        return f"{figure:,.0f}"
    return f"{figure:.1f}" if figure >= 10 else f"{figure:.2f}"
