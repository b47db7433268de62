"""The base class of plugins' settings models, and validators for them."""

import json
import types
from collections.abc import Iterable
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

LISTS = {list, tuple, set, frozenset}


def split_list(value: object) -> object:
    """Parse a list in the form `a,b` or `["a", "b"]`."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return json.loads(value)
    return [part.strip() for part in value.split(",") if part.strip()]


def change_names(names: Iterable[str], changes: Iterable[str]) -> tuple[str, ...]:
    """Return names with each `+name` appended, unless it is there, and each `-name` removed.

    Raises:
        ValueError: a change has no sign, or a name to remove is not there.
    """
    found = list(names)
    for change in changes:
        sign, name = change[:1], change[1:].strip()
        if sign not in ("+", "-"):
            raise ValueError(f"{change!r} has no sign; give a list, or only changes such as +budgets,-receipts")
        if sign == "-" and name not in found:
            raise ValueError(f"{name!r} is not in the list to change: {', '.join(found)}")
        if sign == "-":
            found.remove(name)
        elif name not in found:
            found.append(name)
    return tuple(found)


def blank_means_unset(value: object) -> object:
    """Treat a blank variable, as in a compose file, as unset."""
    return None if value == "" else value


class PluginSettings(BaseSettings):
    """Base class of plugins' settings, which are read from the conf table `[name]` and `LLMRING_<NAME>_<FIELD>`.

    A field with a default is optional. A list in a variable is `a,b` or `["a", "b"]`, a dict is JSON. Use `SecretStr`
    for secrets, so that they are never printed.
    """

    model_config = SettingsConfigDict(frozen=True, extra="forbid", enable_decoding=False)

    @field_validator("*", mode="before")
    @classmethod
    def parse_text(cls, value: object, info: ValidationInfo) -> object:
        """Parse the text of a variable for a field that is a list, a dict or a model."""
        kinds = _kinds(cls.model_fields[info.field_name or ""].annotation)
        if not isinstance(value, str) or str in kinds:
            return value
        if kinds & LISTS:
            return split_list(value)
        nested = dict in kinds or any(isinstance(kind, type) and issubclass(kind, BaseModel) for kind in kinds)
        return json.loads(value) if nested else value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment override the conf table, which is passed as keyword arguments."""
        return env_settings, init_settings


def _kinds(annotation: Any) -> set[Any]:
    """Return the types of a field without their parameters: `{tuple, NoneType}` for `tuple[str, ...] | None`."""
    union = get_origin(annotation) in (Union, types.UnionType)
    return {get_origin(one) or one for one in (get_args(annotation) if union else (annotation,))}
