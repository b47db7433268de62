"""The version of the plugin API, and the check of a plugin's `requires` against it."""

import operator
import re
from collections.abc import Callable

API_VERSION = "1.0"
REQUIREMENT = re.compile(r"(>=|<=|==|!=|>|<)\s*(\d+(?:\.\d+)*)")
OPERATORS: dict[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}


def find_requirement_fault(requires: object, version: str = API_VERSION) -> str | None:
    """Return why a plugin's `requires`, such as `api>=1,<2`, is not met, or None."""
    parts = requires.removeprefix("api").split(",") if isinstance(requires, str) else []
    found = [REQUIREMENT.fullmatch(part.strip()) for part in parts]
    if not isinstance(requires, str) or not requires.startswith("api") or not all(found):
        return f'requires = {requires!r} is not understood; write it as "api>=1,<2"'
    if all(OPERATORS[match[1]](_numbers(version), _numbers(match[2])) for match in found if match):
        return None
    return f"it requires {requires}, but this server has version {version} of the plugin API; install another version"


def _numbers(version: str) -> tuple[int, ...]:
    """Return a version's numbers without zeros at the end, so that 1 equals 1.0."""
    numbers = [int(part) for part in version.split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)
