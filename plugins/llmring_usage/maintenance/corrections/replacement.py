"""The entry that replaces another: the stored one with the corrected fields, counted and priced as by `/log`."""

from collections.abc import Mapping
from typing import Any

import msgspec

from llmring_server.http import codec
from llmring_server.http.errors import FieldError, Problem
from llmring_usage.counts.entry_parsing import decode_entry
from llmring_usage.ingest.entry_to_row import EntryPricer
from llmring_usage.maintenance.corrections.models import StoredEntry
from llmring_usage.models.entries import COUNTS, PlainEntry, UsageEntry
from llmring_usage.models.entry_json import check_entry_json
from llmring_usage.models.rows import UsageRow
from llmring_usage.pricing.choice import USAGE_MISSING
from llmring_usage.pricing.tokens import Tokens

LOC = ("body", "fields")
NOT_CORRECTED = ("timestamp", "idempotency_key")
FIELDS = tuple(name for name in UsageEntry.__struct_fields__ if name not in NOT_CORRECTED)
COUNTED = frozenset({*COUNTS, "usage", "units", "input_includes", "input_includes_cached"})
CONDITIONS = ("service_tier", "processing", "speed")
TOGETHER = (
    "Counts are corrected together, since those that are absent are 0: send input_tokens, output_tokens and all others "
    'of the call, or the usage object of the provider as "usage".'
)

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_tags = msgspec.json.Decoder(dict[str, str])


class CorrectedFields(msgspec.Struct, frozen=True):
    """The fields of a correction that were given, by name, with their values."""

    values: Mapping[str, Any]

    @property
    def has_counts(self) -> bool:
        """Whether they replace the counts."""
        return not COUNTED.isdisjoint(self.values)


def parse_fields(fields: msgspec.Raw, limits: codec.Limits) -> CorrectedFields:
    """Return the corrected fields, each valid alone.

    Raises:
        Problem: 422 for no field, one that cannot be corrected, an invalid one, or some of the counts.
    """
    given = codec.decode(_members, bytes(fields), *LOC)
    check_entry_json(bytes(fields), *LOC)
    unknown = next((name for name in given if name not in FIELDS), None)
    if unknown in NOT_CORRECTED:
        raise Problem.validation(*LOC, unknown, msg="Cannot be corrected. Void the entry and log it once more.")
    if unknown is not None:
        raise Problem.validation(*LOC, unknown, msg=f"There is no such field. Those are: {', '.join(FIELDS)}.")
    if not given:
        raise Problem.validation(*LOC, msg=f"Must have a field, such as {FIELDS[0]}.")
    corrected = COUNTED.intersection(given)
    if corrected and "usage" not in given and not {"input_tokens", "output_tokens"} <= corrected:
        raise Problem.validation(*LOC, msg=TOGETHER)
    named = {"provider": msgspec.Raw(b'"-"'), "model": msgspec.Raw(b'"-"'), **given}
    entry = decode_entry(codec.encode(named), limits, *LOC)
    return CorrectedFields({name: getattr(entry, name, None) for name in given})


def build_replacement(pricer: EntryPricer, project: str, stored: StoredEntry, fields: CorrectedFields) -> UsageRow:
    """Return the row that replaces a stored one, priced at its time.

    Raises:
        Problem: 422 for fields that contradict each other or the stored ones.
    """
    entry = msgspec.structs.replace(_to_entry(stored), **fields.values)
    try:
        if fields.has_counts:
            counted, reported = _count(pricer, entry, stored, fields)
        else:
            counted, reported = _counts_of(stored), _as_reported(entry, stored)
        return pricer.price(project, entry, counted, reported, key_id=stored.key_id)
    except Problem as problem:
        raise _relocate(problem) from problem


def _to_entry(stored: StoredEntry) -> UsageEntry:
    """Return a stored entry as it would be logged, without its counts."""
    return UsageEntry(
        provider=stored.provider,
        model=stored.model,
        alias=stored.alias,
        profile=stored.profile,
        cost=stored.cost if stored.cost_source == "client" else None,
        latency_ms=stored.latency_ms,
        origin=stored.origin,
        id_at_origin=stored.id_at_origin,
        metadata=stored.metadata or codec.NULL,
        timestamp=stored.occurred_at,
        service_tier=stored.service_tier,
        processing=stored.processing,
        speed=stored.speed,
        status=stored.status,  # type: ignore[arg-type]  # the column has only valid ones
        operation_id=stored.operation_id,
        attempt=stored.attempt,
        tags=_tags.decode(stored.tags) if stored.tags else None,
    )


def _counts_of(stored: StoredEntry) -> Tokens | None:
    """Return the stored counts, None for an answer whose usage is not known."""
    return None if stored.cost_status == USAGE_MISSING.status else stored.tokens


def _as_reported(entry: UsageEntry, stored: StoredEntry) -> PlainEntry:
    return msgspec.structs.replace(
        entry, input_tokens=stored.input_tokens, cached_input_tokens=stored.cached_input_tokens
    )


def _count(
    pricer: EntryPricer, entry: UsageEntry, stored: StoredEntry, fields: CorrectedFields
) -> tuple[Tokens | None, PlainEntry]:
    """Return the corrected counts, and the entry as reported; a usage object may report its conditions too."""
    kept = {name: getattr(stored, name) for name in CONDITIONS if name not in fields.values}
    counted, reported = pricer.count(msgspec.structs.replace(entry, **dict.fromkeys(kept)))
    return counted, msgspec.structs.replace(
        reported, **{name: getattr(reported, name) or value for name, value in kept.items()}
    )


def _relocate(problem: Problem) -> Problem:
    """Return a problem of an entry at the place of its corrected fields."""
    faults = [FieldError((*LOC, *fault.loc[1:]), fault.msg) for fault in problem.faults]
    if not faults:
        return problem
    place = ".".join(map(str, faults[0].loc))
    return Problem(422, f"{place}: {faults[0].msg}", faults=faults)
