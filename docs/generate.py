"""Write the generated parts of docs/reference/settings.md and cli.md from the code: `make docs`."""

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from llmring_server.cli.main import main as host
from llmring_server.plugins.manager import PluginSet, installed_plugins, load
from llmring_server.settings import ENV_PREFIX, MEBIBYTE, Settings, env_prefix, variable_of

REFERENCE = Path(__file__).parent / "reference"
BEGIN, END = "<!-- generated: make docs -->\n", "<!-- end of generated part -->\n"
NOT_SETTINGS = {"tables"}  # how the tables of a conf file reach the plugins
MORE = {
    "aliases": "[Share aliases between services](../how-to/share-aliases.md)",
    "conversations": "[Conversations](../explanation/conversations.md)",
    "dashboard": "[Dashboard](dashboard.md)",
    "metrics": "[Metrics](metrics.md)",
    "projects": "[Name projects](../how-to/name-projects.md)",
    "ratelimit": "[Limit request rates](../how-to/rate-limits.md)",
    "receipts": "[Rotate keys](../how-to/rotate-keys.md)",
    "registry": "[Registry](../explanation/registry.md)",
    "transparency": "[Run a transparency log](../how-to/run-a-log.md)",
    "usage": "[Pricing](../explanation/pricing.md), [Manage stored usage](../how-to/data-retention.md)",
}


def builtin_plugins() -> PluginSet:
    """Return the plugins of this distribution, loaded in alphabetical order."""
    return load(
        sorted(
            name for name, point in installed_plugins().items() if point.dist and point.dist.name == "llmring-server"
        )
    )


def settings_tables() -> str:
    """Return a section with a table of settings for the host and for each plugin."""
    parts = [*_settings_section("Host", ENV_PREFIX, Settings)]
    for plugin, model in builtin_plugins().call("llmring_settings", type):
        parts += _settings_section(f"Plugin `{plugin.name}`", env_prefix(plugin.name), model, MORE[plugin.name])
    return "\n".join(parts)


def _settings_section(title: str, prefix: str, model: type[BaseModel], more: str = "") -> Iterator[str]:
    yield f"## {title}\n"
    if more:
        yield f"See {more}.\n"
    yield "| Variable | Default | Values | Description |\n|---|---|---|---|"
    schemas = model.model_json_schema()["properties"]
    for name, field in model.model_fields.items():
        if name not in NOT_SETTINGS:
            cells = (
                f"`{variable_of(prefix, name, model)}`",
                default_of(field),
                values_of(schemas[name]),
                field.description,
            )
            yield "| " + " | ".join(map(str, cells)) + " |"
    yield ""


def default_of(field: FieldInfo) -> str:
    """Return a default as the table shows it."""
    value = field.default
    if field.default_factory is not None:
        return "see there"
    if value is None or value == ():
        return "unset"
    if isinstance(value, SecretStr):
        return "empty"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, int | float):
        return f"`{value:.12g}`" if value < MEBIBYTE or value % MEBIBYTE else f"`{value}` ({value // MEBIBYTE} MiB)"
    return f"`{','.join(value) if isinstance(value, tuple) else value}`"


def values_of(schema: dict[str, Any]) -> str:
    """Return which values a setting takes, from its JSON schema."""
    if "anyOf" in schema:
        (schema,) = [one for one in schema["anyOf"] if one["type"] != "null"]
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    kind = {"string": "text", "array": "comma-separated"}.get(schema["type"], schema["type"])
    kind = {"password": "secret", "path": "path"}.get(schema.get("format", ""), kind)
    bounds = (("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"), ("exclusiveMaximum", "<"))
    return ", ".join([kind, *(f"{sign} {schema[key]:g}" for key, sign in bounds if key in schema)])


def commands() -> str:
    """Return a section for each command of the host, then for each plugin's."""
    root = click.Context(host, info_name="llmring-server")
    parts = ["## Host\n", *_options(host, root)]
    for name in sorted(host.commands):
        parts += _command(host.commands[name], root)
    owner = ""
    for plugin, command in builtin_plugins().call_flat("llmring_commands", click.Command):
        parts += [] if plugin.name == owner else [f"## Plugin `{plugin.name}`\n"]
        owner = plugin.name
        parts += _command(command, root)
    return "\n".join(parts)


def _command(command: click.Command, parent: click.Context) -> Iterator[str]:
    context = click.Context(command, info_name=command.name, parent=parent)
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            yield from _command(command.commands[name], context)
        return
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield f"### `{context.command_path}`\n\n`{usage}`\n\n{inspect.cleandoc(command.help or '')}\n"
    yield from _options(command, context)


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    records = [param.get_help_record(context) for param in command.params]
    rows = [f"| `{_cell(name)}` | {_cell(text)} |" for name, text in filter(None, records) if text]
    if rows:
        yield "\n".join(["| Option | Description |", "|---|---|", *rows, ""])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


PAGES = {REFERENCE / "settings.md": settings_tables, REFERENCE / "cli.md": commands}


def rendered(page: Path) -> str:
    """Return a page as it should be: its own text, with the part between the marks generated.

    Raises:
        ValueError: the page has not one of each mark, in order.
    """
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{PAGES[page]()}\n{END}{after}"


if __name__ == "__main__":
    for path in PAGES:
        path.write_text(rendered(path), encoding="utf-8")
