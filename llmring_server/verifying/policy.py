"""Policies (C2SP tlog-policy): trusted logs, witnesses, and the required quorum."""

from collections.abc import Collection, Iterable

import msgspec

from llmring_server.tlog import notes
from llmring_server.tlog.notes import InvalidNote, KeyType, Verifier
from llmring_server.verifying.verdict import Unreadable

NONE = "none"


class Group(msgspec.Struct, frozen=True):
    """Names of witnesses and groups, of which `threshold` are enough."""

    threshold: int
    members: tuple[str, ...]


class Policy(msgspec.Struct, frozen=True):
    """Logs and witnesses by their keys; `quorum` names the witness or group that must have cosigned, or is None."""

    logs: tuple[Verifier, ...]
    witnesses: dict[str, Verifier] = {}
    groups: dict[str, Group] = {}
    quorum: str | None = None

    def is_satisfied_by(self, signed: Collection[Verifier]) -> bool:
        """Return whether the witnesses that cosigned are enough."""
        return self.quorum is None or self._has_signed(self.quorum, signed)

    def _has_signed(self, name: str, signed: Collection[Verifier]) -> bool:
        group = self.groups.get(name)
        if group is None:
            return self.witnesses[name] in signed
        return sum(self._has_signed(member, signed) for member in group.members) >= group.threshold


def from_keys(logs: Iterable[str], witnesses: Iterable[str]) -> Policy:
    """Return the policy of verifier keys (`name+id+key`); all named witnesses must have cosigned.

    Raises:
        Unreadable: not a verifier key, or one of another type.
    """
    named = {f"{number}": _key(text, KeyType.COSIGNATURE) for number, text in enumerate(witnesses)}
    group = {"all": Group(len(named), tuple(named))} if named else {}
    return Policy(tuple(_key(text, KeyType.NOTE) for text in logs), named, group, "all" if named else None)


def parse(text: str) -> Policy:
    """Return the policy in a text: lines `log`, `witness` and `group`, and one line `quorum`; # starts a comment.

    Raises:
        Unreadable: a malformed line, an undefined name, no log, or no quorum.
    """
    parser = _Parser()
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        try:
            if words:
                parser.add(words)
        except (ValueError, KeyError, IndexError) as error:
            raise Unreadable(f"policy, line {number}: {error}") from error
    return parser.policy()


def write(logs: Iterable[str], witnesses: Iterable[str]) -> str:
    """Return the policy that trusts these logs, and requires any one of the witnesses, if there are any."""
    named = {f"witness-{number}": key for number, key in enumerate(witnesses, 1)}
    lines = [f"log {key}" for key in logs] + [f"witness {name} {key}" for name, key in named.items()]
    if named:
        lines.append(f"group witnesses any {' '.join(named)}")
    return "\n".join([*lines, f"quorum {'witnesses' if named else NONE}", ""])


class _Parser:
    """Collects the lines of a policy."""

    def __init__(self) -> None:
        self._logs: list[Verifier] = []
        self._witnesses: dict[str, Verifier] = {}
        self._groups: dict[str, Group] = {}
        self._quorum: str | None = None

    def add(self, words: list[str]) -> None:
        """Add a line, split into words."""
        match words:
            case ["log", key, *_]:
                self._logs.append(_key(key, KeyType.NOTE))
            case ["witness", name, key, *_] if self._is_free(name):
                self._witnesses[name] = _key(key, KeyType.COSIGNATURE)
            case ["group", name, count, *members] if self._is_free(name) and members:
                self._groups[name] = self._group(count, members)
            case ["quorum", name] if self._quorum is None and (name == NONE or not self._is_free(name)):
                self._quorum = name
            case _:
                raise ValueError(
                    "malformed; a line is `log KEY`, `witness NAME KEY`, `group NAME any|all|COUNT NAME…` or "
                    "`quorum NAME|none`, and names are defined once, before their use"
                )

    def policy(self) -> Policy:
        """Return the policy."""
        if not self._logs or self._quorum is None:
            raise Unreadable("the policy has no log, or no quorum; `quorum none` requires no witness")
        quorum = None if self._quorum == NONE else self._quorum
        return Policy(tuple(self._logs), self._witnesses, self._groups, quorum)

    def _is_free(self, name: str) -> bool:
        return name != NONE and name not in self._witnesses and name not in self._groups

    def _group(self, count: str, members: list[str]) -> Group:
        unknown = [member for member in members if self._is_free(member)]
        if unknown or len(set(members)) < len(members):
            raise ValueError(f"a group names each member once, after its definition: {', '.join(unknown or members)}")
        threshold = {"any": 1, "all": len(members)}.get(count) or int(count)
        if not 1 <= threshold <= len(members):
            raise ValueError(f"a group of {len(members)} cannot require {threshold}")
        return Group(threshold, tuple(members))


def _key(text: str, kind: KeyType) -> Verifier:
    try:
        found = notes.parse_vkey(text)
    except InvalidNote as error:
        raise Unreadable(f"{text[:80]!r}: {error}") from error
    if found.kind is not kind:
        raise Unreadable(f"the key of {found.name!r} is for a {'witness' if kind is KeyType.NOTE else 'log'}")
    return found
