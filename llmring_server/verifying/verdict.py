"""The verdict of a check, as text and for programs: what was proven, what was not, and what is wrong."""

from typing import Literal

import msgspec

Outcome = Literal["proven", "refuted", "unreadable"]

STATUS: dict[Outcome, int] = {"proven": 0, "refuted": 1, "unreadable": 2}
MAX_FAULTS = 50


class Unreadable(Exception):
    """The input cannot be checked; the message gives the file and the reason."""


class Finding(msgspec.Struct, frozen=True):
    """A finding: `code` is stable, for programs; `text` is a sentence for people."""

    code: str
    text: str


class Verdict(msgspec.Struct, frozen=True):
    """All findings about `subject`; `refuted` if there is any fault."""

    subject: str
    outcome: Outcome
    proven: list[Finding]
    not_proven: list[Finding]
    faults: list[Finding]

    @property
    def status(self) -> int:
        """The exit status: 0 proven, 1 refuted, 2 unreadable."""
        return STATUS[self.outcome]

    def text(self) -> str:
        """Return the verdict for people."""
        parts = [f"{self.subject}: {self.outcome.upper()}"]
        for title, found in (("Wrong", self.faults), ("Proven", self.proven), ("Not proven", self.not_proven)):
            if found:
                parts += [f"\n{title}:", *(f"  - {finding.text}" for finding in found)]
        return "\n".join(parts)


class Findings:
    """Collects findings; faults beyond the first fifty are only counted."""

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self._proven: list[Finding] = []
        self._unproven: list[Finding] = []
        self._faults: list[Finding] = []
        self._uncounted = 0

    @property
    def has_faults(self) -> bool:
        """Whether there is a fault so far."""
        return bool(self._faults)

    def add_proven(self, code: str, text: str) -> None:
        """Add a proven fact."""
        self._proven.append(Finding(code, text))

    def add_unproven(self, code: str, text: str) -> None:
        """Add an unproven fact."""
        self._unproven.append(Finding(code, text))

    def add_fault(self, code: str, text: str) -> None:
        """Add a fault."""
        if len(self._faults) < MAX_FAULTS:
            self._faults.append(Finding(code, text))
        else:
            self._uncounted += 1

    def verdict(self) -> Verdict:
        """Return the verdict."""
        more = [Finding("more", f"{self._uncounted} more faults.")] if self._uncounted else []
        outcome: Outcome = "refuted" if self._faults else "proven"
        return Verdict(self.subject, outcome, self._proven, self._unproven, self._faults + more)


def unreadable_verdict(subject: str, error: Unreadable) -> Verdict:
    """Return the verdict for input that cannot be checked."""
    return Verdict(subject, "unreadable", [], [], [Finding("unreadable", str(error))])
