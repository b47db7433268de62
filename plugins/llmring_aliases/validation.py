"""Validate an alias update; return the target or a problem."""

import re
from collections.abc import Sequence

from llmring_aliases.models import ALIAS_PATTERN, DEFAULT_PROFILE, MAX_MODEL_LENGTH, MODEL_PATTERN, AliasBinding, Target
from llmring_server.http.codec import describe_too_large
from llmring_server.http.errors import Problem

DOT_SEGMENTS = frozenset({".", ".."})
RESERVED = frozenset({"bind", "resolve", "bulk_upsert", "history", "watch"})


def validate_target(binding: AliasBinding, max_bytes: int | None = None) -> Target:
    """Return the target of a single binding; its metadata has at most `max_bytes`.

    Raises:
        Problem: 422 for an invalid name or model, or for large metadata.
    """
    target = Target(binding.profile or DEFAULT_PROFILE, binding.alias, binding.model, binding.metadata)
    faults = find_faults([target], max_bytes)
    if faults:
        _, field, msg = faults[0]
        raise Problem.validation("body", field, msg=msg)
    return target


def find_name_fault(alias: str) -> str | None:
    """Return why a name is not a valid alias, or None when it is."""
    if alias in DOT_SEGMENTS:
        return f"The name {alias!r} is a relative path in a URL; choose another one."
    if not re.match(ALIAS_PATTERN, alias):
        return "1–128 characters: letters, digits, . _ -"
    if alias in RESERVED:
        return f"The name {alias!r} is reserved for this API; choose another one."
    return None


def may_be_stored(alias: str) -> bool:
    """Whether an alias of this name may exist; earlier versions stored `.` and `..` too."""
    return alias in DOT_SEGMENTS or find_name_fault(alias) is None


def find_model_fault(model: str) -> str | None:
    """Return why a text is not a valid model, or None when it is."""
    if len(model) > MAX_MODEL_LENGTH:
        return f"A model has at most {MAX_MODEL_LENGTH} characters."
    if not re.match(MODEL_PATTERN, model):
        return "A model is `provider:model`, or several separated by commas."
    return None


def find_faults(targets: Sequence[Target], max_bytes: int | None = None) -> list[tuple[int, str, str]]:
    """Return the faults of binding targets as index, field and message.

    They are invalid names and models, duplicates, and metadata of more than `max_bytes`.
    """
    faults: list[tuple[int, str, str]] = []
    seen: dict[tuple[str, str], int] = {}
    for index, target in enumerate(targets):
        first = seen.setdefault((target.profile, target.alias), index)
        duplicate = f"This is the same alias as in entry {first}." if first != index else None
        fault = find_name_fault(target.alias) or duplicate
        if fault:
            faults.append((index, "alias", fault))
        if model := find_model_fault(target.model or ""):
            faults.append((index, "model", model))
        if max_bytes is not None and len(target.metadata) > max_bytes:
            faults.append((index, "metadata", describe_too_large(len(target.metadata), max_bytes)))
    return faults
