"""Write the generated parts of docs/reference/settings.md, cli.md and plugin-api.md from the code: `make docs`."""

import ast
import importlib
import inspect
import pkgutil
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import click
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from llmring_server import contracts, plugin_api
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


def plugin_api_names() -> str:
    """Return a section for each name of `plugin_api`, with signature, fields and methods, then for each contract."""
    parts = ["## `llmring_server.plugin_api`\n"]
    for name in plugin_api.__all__:
        found = getattr(plugin_api, name)
        parts += _definition(name, found) if inspect.isclass(found) or inspect.isfunction(found) else _constant(name)
    for name, module in contract_modules().items():
        parts.append(f"## `{name}`\n")
        for member, found in vars(module).items():
            if inspect.isclass(found) and found.__module__ == name and not member.startswith("_"):
                parts += _definition(member, found)
    return "\n".join(parts)


def contract_modules() -> dict[str, ModuleType]:
    """Return the modules of contracts by name."""
    names = [
        contracts.__name__,
        *(f"{contracts.__name__}.{one.name}" for one in pkgutil.iter_modules(contracts.__path__)),
    ]
    return {name: importlib.import_module(name) for name in names}


def _constant(name: str) -> Iterator[str]:
    yield f"### `{name}`\n\n{CONSTANTS[name]}\n"


def _definition(name: str, found: Any) -> Iterator[str]:
    """Yield the section of a class or a function, read from its source, where annotations are as they were written."""
    node: Any = ast.parse(textwrap.dedent(inspect.getsource(found))).body[0]
    title = name if isinstance(node, ast.ClassDef) else _signature(node)
    yield f"### `{title}`\n\n{ast.get_docstring(node) or ''}\n"
    members = [row for member in getattr(node, "body", ()) for row in _member(member)] if inspect.isclass(found) else []
    if members:
        yield "\n".join(["| Member | Description |", "|---|---|", *members, ""])


def _member(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.AnnAssign) and not ast.unparse(node.target).startswith("_"):
        yield f"| `{_cell(ast.unparse(node))}` | |"
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
        marks = [ast.unparse(mark) for mark in node.decorator_list]
        if "overload" not in marks:
            shown = (
                f"{node.name}: {ast.unparse(node.returns or ast.Constant(None))}"
                if "property" in marks
                else _signature(node)
            )
            summary = (ast.get_docstring(node) or "").partition("\n\n")[0]
            yield f"| `{_cell(shown)}` | {_cell(summary)} |"


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    marks = {ast.unparse(mark) for mark in node.decorator_list}
    awaited = "await " if isinstance(node, ast.AsyncFunctionDef) else ""
    awaited = "async with " if "asynccontextmanager" in marks else "with " if "contextmanager" in marks else awaited
    arguments = ast.unparse(node.args).removeprefix("self").removeprefix("cls").removeprefix(", ")
    return f"{awaited}{node.name}({arguments})" + (f" -> {ast.unparse(node.returns)}" if node.returns else "")


CONSTANTS = {
    "API_VERSION": "The version of the plugin API, `MAJOR.MINOR`; a plugin's `requires` is compared with it.",
    "Scope": "What a key may do: `read`, `ingest` or `admin`.",
    "encode": "`encode(value) -> bytes`: JSON as the server writes it, with money as numbers with all their decimals.",
    "hookspec": "Marks the specification of a hook or an event that a plugin declares.",
    "hookimpl": "Marks a function as the implementation of the hook of its name.",
}
PAGES = {
    REFERENCE / "settings.md": settings_tables,
    REFERENCE / "cli.md": commands,
    REFERENCE / "plugin-api.md": plugin_api_names,
}


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
