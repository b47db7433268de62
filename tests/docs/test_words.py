"""The documents are in plain technical English: words and phrases that readers stumble over, and what to write instead.

`CHECKED` must be free of them. Migrations are not in it: one that has landed is never edited.
"""

import re

import pytest
from docs_kit import ROOT, name_of

CHECKED = (
    "README.md", "CHANGELOG.md", "Containerfile", "Makefile", "compose.yaml", "conf", "deploy", "docs",
    "requirements", "benchmarks", "llmring_server", "plugins", "tests",
)  # fmt: skip
READ = {".md", ".py", ".toml", ".sql", ".yaml", ".json", ".html", ".js", ".css", ".ini", ".conf", ".service", ""}

UNITS = "second|minute|hour|day|week|month|year|call|request|entry|key|project|line|row|process|worker|profile|batch"
BANNED = {
    r"(who|whom|which|what)soever|whoever|whomever": "the subject: client, worker, operator",
    r"somebody|nobody|everybody|someone else|no one": "the subject, or the passive",
    r"anew|afresh": "again",
    r"for ever|for good": "permanently, indefinitely, never",
    r"(by|of) (itself|themselves)": "automatically, separately, alone",
    r"(is|are|was|were|be|been) kept": "is stored",
    r"(lie|lies|lay) (in|on|at|there|beside|beneath)": "is in",
    r"(stand|stands|stood) (in|for|at|as|on|with|by|beside|between)": "is, is in, represents",
    r"comes? along": "is included, is bundled",
    r"(is|are|was|were|be|been) (said|told|heard|asked back)": "is returned, sent, notified, received, requested",
    r"hears? of|as to (whether|what|which|how)": "is notified of; whether",
    rf"one [\w-]+(?: \w+)? an? (?:{UNITS})": "one … per …",
    rf"once an? (?:{UNITS})": "once per …",
    rf"(?:calls|requests|entries|rows|bytes|lines|times|MiB|KiB|MB|GB|commits|leaves) an? (?:{UNITS})": "per",
    r"fits?|misfits?": "matches, is valid",
    r"by comma": "comma-separated",
    r"believed": "trusted",
    r"in step|at its word|all the same|none of its own": "plain words",
    r"(is|are|be|was|were) away": "is down, is unavailable",
    r"mend(s|ed|ing)?": "repair, fix, remedy",
    r"shall": "must, will",
    r"goes on|go on|went on": "continues",
    r"what (becomes|became) of": "the status, the history",
    r"(the|our) house|rooms? of|seats?|news": "the term of the field",
    r"[0-9] %(?!\}|\.| [\d(])": "5% (closed up)",
}
ALLOWED = {
    "tests/docs/test_words.py": "the list itself",
    "plugins/llmring_dashboard/static/dashboard.css": "auto-fit is CSS",
    "tests/core/database/test_pgbouncer.py": "the Unix user nobody",
}


def files(names):
    """Return the text files below some paths of the repository."""
    roots = [ROOT / name for name in names]
    found = [path for root in roots for path in ([root] if root.is_file() else sorted(root.rglob("*")))]
    return [path for path in found if path.is_file() and path.suffix in READ and "__pycache__" not in path.parts]


def faults(text):
    """Return each banned phrase of a text with its line and what to write instead."""
    found = []
    for pattern, instead in BANNED.items():
        phrase = pattern.replace(" ", r"(?:\s|#|\*|;|//|--)+")  # also across lines of a comment
        for match in re.finditer(rf"(?<!\w)(?:{phrase})(?!\w)", text, re.IGNORECASE):
            found.append(f"line {text.count(chr(10), 0, match.start()) + 1}: {' '.join(match[0].split())!r}: {instead}")
    return found


@pytest.mark.parametrize("path", files(CHECKED), ids=name_of)
def test_a_file_is_in_plain_words(path):
    if name_of(path) not in ALLOWED:
        assert faults(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text", ["One line a request", "3,000 requests\na second", "whoever asks", "it lies in a folder"]
)
def test_a_banned_phrase_is_found(text):
    assert len(faults(text)) == 1


def test_every_path_that_is_named_exists():
    assert [name for name in (*CHECKED, *ALLOWED) if not (ROOT / name).exists()] == []


def test_every_exception_is_needed():
    assert [name for name in ALLOWED if not faults((ROOT / name).read_text(encoding="utf-8"))] == []
