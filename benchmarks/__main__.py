"""`python -m benchmarks`: measure the performance budget, and print the figures as Markdown."""

import argparse
import signal
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks import cases, growth, operator, pages, singles, table, tree
from benchmarks.database import SEEDED, data_folder, postgres, postmaster
from benchmarks.machine import describe
from benchmarks.measure import WRK, Bench, Case, Effort, Measured
from benchmarks.processes import BARE, OURS, Uvicorn, serve
from benchmarks.scales import Scale, scales
from benchmarks.seed import seed

NAMES = ("calls", "growth", "operator", "pages", "start", "memory", "retention", "tree")
NEEDS_ROWS = {"growth", "pages", "retention"}
MEMORY_LOGS = 1_000_000
QUICK_ROWS, QUICK_LOGS = 100_000, 50_000
TREE_LEAVES, QUICK_LEAVES = 200_000, 20_000
NO_WRK = "wrk is not on the PATH (Debian, Ubuntu: apt install wrk); using our own, slower load generator"


class Session:
    """One run: its database, the bare application for comparison, and the results so far."""

    def __init__(self, options: argparse.Namespace, data: Path, url: str, bare: Uvicorn) -> None:
        self.options = options
        self.data = data
        self.url = url
        self.bare = bare
        self.log = data / "bench-server.log"
        self.measured: list[Measured] = []
        self.singles: list[singles.Single] = []

    def run(self, names: Sequence[str]) -> str:
        """Measure the named parts, and return the report."""
        machine = describe(self.url)
        wanted = scales(self.options.rows)
        if NEEDS_ROWS & set(names):
            print("seeding", file=sys.stderr)
            seed(self.url, wanted)
        if "calls" in names:
            with cases.fresh_server(self.url, self.log) as server:
                self._measure(server, cases.cases(server))
            with cases.fresh_server(self.url, self.log, LLMRING_RECEIPTS_AUTO="true") as server:
                self._measure(server, cases.receipt_cases())
            with cases.fresh_server(self.url, self.log, **cases.transparency_settings(self.data)) as server:
                self._measure(server, cases.log_cases())
        if "growth" in names:
            with serve(OURS, self.log, cases.environment(self.url, SEEDED)) as server:
                self._measure(server, growth.cases(server, self.url, wanted))
        if "operator" in names:
            with cases.fresh_server(self.url, self.log, **operator.SETTINGS) as server:
                self._measure(server, operator.cases(self.url))
        if "pages" in names:
            with serve(OURS, self.log, cases.environment(self.url, SEEDED)) as server:
                self._measure(server, pages.seeded_cases(server, self.url, wanted))
            with cases.fresh_server(self.url, self.log) as server:
                self._measure(server, pages.listing_cases(server))
        self._run_singles(names)
        return table.report(machine, self.measured, self.singles, self._curve(wanted) if "growth" in names else ())

    def _measure(self, server: Uvicorn, chosen: Sequence[Case]) -> None:
        effort = Effort(self.options.seconds, self.options.rounds)
        self.measured += Bench(server, self.bare, postmaster(self.data), effort).run(chosen)

    def _run_singles(self, names: Sequence[str]) -> None:
        if "start" in names:
            self.singles.append(singles.measure_starts(self.options.rounds))
        if "memory" in names:
            logs = QUICK_LOGS if self.options.quick else MEMORY_LOGS
            self.singles += singles.measure_memory(self.url, self.log, self.bare, logs)
        if "retention" in names:
            self.singles.append(singles.measure_retention(self.url))
        if "tree" in names:
            leaves = QUICK_LEAVES if self.options.quick else TREE_LEAVES
            self.singles.append(tree.measure_sequencing(self.url, self.data, leaves))

    def _curve(self, wanted: Sequence[Scale]) -> list[tuple[str, ...]]:
        medians = {measured.case.name: measured.ours.p50 for measured in self.measured}
        return [growth.CURVE_HEAD, *growth.curve(medians, wanted)]


def main() -> None:
    """Parse the command line, measure, print, and write the document if one is given."""
    options = _options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if WRK is None:
        print(NO_WRK, file=sys.stderr)
    with ExitStack() as stack:
        data = stack.enter_context(data_folder(options.data))
        url = stack.enter_context(postgres(data))
        bare = stack.enter_context(serve(BARE, data / "bench-bare.log"))
        block = Session(options, data, url, bare).run(options.only)
    print(block)
    if options.write:
        table.write(options.write, block)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, help="rounds, of which the medians are shown [3]")
    parser.add_argument("--seconds", type=float, help="seconds per point [5]")
    parser.add_argument("--rows", type=int, help="calls of the largest seeded project [10,000,000]")
    parser.add_argument("--only", type=_names, default=NAMES, help=f"comma-separated list of {', '.join(NAMES)}")
    parser.add_argument("--quick", action="store_true", help="one round, one second, 100,000 rows: about two minutes")
    parser.add_argument("--data", type=Path, help="folder of a seeded database, not deleted [a temporary one]")
    parser.add_argument("--write", type=Path, help="document in which to replace the block of figures")
    options = parser.parse_args()
    usual = (1, 1.0, QUICK_ROWS) if options.quick else (3, 5.0, 10_000_000)
    for name, value in zip(("rounds", "seconds", "rows"), usual, strict=True):
        if getattr(options, name) is None:
            setattr(options, name, value)
    return options


def _names(text: str) -> tuple[str, ...]:
    names = tuple(part.strip() for part in text.split(",") if part.strip())
    unknown = sorted(set(names) - set(NAMES))
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}; there are {', '.join(NAMES)}")
    return names


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("interrupted; all started processes have ended")
