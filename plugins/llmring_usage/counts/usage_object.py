"""Reading of a provider's usage object: counts at paths, whatever else the object contains."""

from typing import Any

from llmring_usage.models.entries import MAX_COUNT

Path = str | tuple[str | int, ...]


class InvalidUsage(Exception):
    """A usage object that cannot be counted; `loc` is the path to the invalid field, empty for the whole object."""

    def __init__(self, msg: str, *loc: str | int) -> None:
        super().__init__(msg)
        self.msg = msg
        self.loc = loc


class UsageObject:
    """A usage object; `reported` is whether any count that was read from it has a value."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self._fields = fields
        self.reported = False

    def __contains__(self, name: str) -> bool:
        """Whether the object has a field with a value."""
        return self._fields.get(name) is not None

    def count(self, *paths: Path) -> int:
        """Return a count that may have any of several names; 0 without any.

        Raises:
            InvalidUsage: it is not an integer, or out of range, or has different values under different names.
        """
        found = 0
        for path in paths:
            value = self._fields.get(path) if isinstance(path, str) else self._at(path)
            if value is not None:
                self.reported = True
                number = _integer(value, path)
                if found and number not in (0, found):
                    raise InvalidUsage(f"Differs from {found}, the same count under another name.", *_steps(path))
                found = found or number
        return found

    def text(self, *names: str) -> str | None:
        """Return the first of these fields that is a text, in lower case."""
        found = (self._fields.get(name) for name in names)
        return next((value.lower() for value in found if isinstance(value, str) and value), None)

    def listed(self, lists: tuple[str, ...], key: tuple[str, str], counts: tuple[str, ...]) -> int:
        """Return the sum of a list's counts: those of the items whose field `key[0]` is `key[1]`, ignoring case.

        `lists` and `counts` are alternative names of the list, and of the count in each item.
        """
        total = 0
        for name in lists:
            items = self._fields.get(name)
            for index, item in enumerate(items if isinstance(items, list) else ()):
                if isinstance(item, dict) and str(item.get(key[0])).upper() == key[1].upper():
                    total += self.count(*((name, index, count) for count in counts))
        return total

    def _at(self, steps: tuple[str | int, ...]) -> Any:
        value: Any = self._fields
        for step in steps:
            if isinstance(value, dict):
                value = value.get(step)
            elif isinstance(step, int):
                value = value[step]
            else:
                return None
        return value


def _integer(value: Any, path: Path) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidUsage("Must be an integer.", *_steps(path))
    if not 0 <= value <= MAX_COUNT:
        raise InvalidUsage(f"Must be from 0 to {MAX_COUNT}.", *_steps(path))
    return value


def _steps(path: Path) -> tuple[str | int, ...]:
    return (path,) if isinstance(path, str) else path
