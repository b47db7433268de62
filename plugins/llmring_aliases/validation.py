"""From what is asked of an alias to what it shall be, or to the answer that says what would do."""

import re
from collections.abc import Sequence

from llmring_aliases.models import ALIAS_PATTERN, DEFAULT_PROFILE, MAX_MODEL_LENGTH, MODEL_PATTERN, Binding, Target
from llmring_server.http.errors import Problem

RESERVED = frozenset({"bind", "resolve", "bulk_upsert", "history", "watch"})


def checked(binding: Binding) -> Target:
    """Return what a single binding asks for, or raise the 422 that says what would do."""
    target = Target(binding.profile or DEFAULT_PROFILE, binding.alias, binding.model, binding.metadata)
    faults = faults_of([target])
    if faults:
        _, field, msg = faults[0]
        raise Problem.validation("body", field, msg=msg)
    return target


def name_fault(alias: str) -> str | None:
    """Say why a name cannot be an alias, or None when it can."""
    if not re.match(ALIAS_PATTERN, alias):
        return "an alias is 1 to 128 of A–Z a–z 0–9 . _ -"
    if alias in RESERVED:
        return f"{alias!r} is a word of this interface; choose another name"
    return None


def model_fault(model: str) -> str | None:
    """Say why a text cannot be a model, or None when it can."""
    if len(model) > MAX_MODEL_LENGTH:
        return f"a model has at most {MAX_MODEL_LENGTH} characters"
    if not re.match(MODEL_PATTERN, model):
        return "a model is `provider:model`, or several separated by commas"
    return None


def faults_of(targets: Sequence[Target]) -> list[tuple[int, str, str]]:
    """Return what is wrong with targets that bind, as index, member and message.

    That is a name or a model that cannot be, or a name that comes twice.
    """
    faults: list[tuple[int, str, str]] = []
    seen: dict[tuple[str, str], int] = {}
    for index, target in enumerate(targets):
        first = seen.setdefault((target.profile, target.alias), index)
        fault = name_fault(target.alias) or (f"the same alias as entry {first}" if first != index else None)
        if fault:
            faults.append((index, "alias", fault))
        if model := model_fault(target.model or ""):
            faults.append((index, "model", model))
    return faults
