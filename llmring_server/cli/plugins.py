"""`llmring-server plugins …`: the list of plugins, and a new one from a template."""

import keyword
import re
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Any

import click
import msgspec

from llmring_server.app import compose
from llmring_server.database.ownership import created_tables
from llmring_server.errors import StartupError
from llmring_server.http.routing import RouteTable
from llmring_server.plugins.api_version import API_VERSION
from llmring_server.plugins.manager import Plugin, installed_plugins, load
from llmring_server.server import Server
from llmring_server.settings import env_prefix, load_settings, variable_of

TEMPLATES = Path(__file__).parent / "plugin_template"
SUFFIX = ".tmpl"
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@click.group(invoke_without_command=True)
@click.pass_context
def plugins(context: click.Context) -> None:
    """List plugins, or create one."""
    if context.invoked_subcommand is None:
        _list()


@plugins.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print what each enabled plugin adds to the server, as JSON.")
def list_plugins(as_json: bool) -> None:
    """List plugins: name, distribution, version, hooks, enabled or available."""
    if not as_json:
        _list()
        return
    server, routes = compose(load_settings())
    document = {"api": API_VERSION, "plugins": [_describe(server, routes, plugin) for plugin in server.plugins.plugins]}
    click.echo(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())


def _list() -> None:
    enabled = load(load_settings().plugins)
    for plugin in enabled.plugins:
        click.echo(f"enabled    {plugin.name:14} {plugin.distribution} {plugin.version}")
        click.echo(f"           {'':14} {', '.join(enabled.hooks_of(plugin))}")
    for name, point in sorted(installed_plugins().items()):
        if name not in enabled.names and point.dist:
            click.echo(f"available  {name:14} {point.dist.name} {point.dist.version}")


def _describe(server: Server, routes: RouteTable, plugin: Plugin) -> dict[str, Any]:
    settings = server.all_plugin_settings.get(plugin.name)
    fields = type(settings).model_fields if settings else {}
    return {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "requires": getattr(plugin.implementation, "requires", None),
        "hooks": server.plugins.hooks_of(plugin),
        "routes": [
            {"path": route.path, "methods": sorted(route.responders())}
            for owner, route in routes.items()
            if owner == plugin.name
        ],
        "tables": sorted(_tables(server, plugin)),
        "services": server.services_of(plugin),
        "settings": [variable_of(env_prefix(plugin.name), name, type(settings)) for name in fields if settings],
    }


def _tables(server: Server, plugin: Plugin) -> Iterator[str]:
    for source in server.sources:
        if source.owner == plugin.name:
            for text in source.texts().values():
                yield from created_tables(text)


@plugins.command()
@click.argument("name")
@click.option("--into", type=click.Path(path_type=Path), default=Path(), help="Folder in which to create the package.")
def new(name: str, into: Path) -> None:
    """Create a package with a plugin that installs, serves and passes its tests."""
    if not NAME.fullmatch(name) or keyword.iskeyword(name):
        raise click.BadParameter(f"{name!r} is not lower-case letters, digits and single hyphens", param_hint="NAME")
    if name in installed_plugins():
        raise StartupError(f"a plugin {name!r} is already installed; choose another name")
    folder = into / f"llmring-{name}"
    if folder.exists():
        raise StartupError(f"{folder} exists; choose another name or --into")
    for path in write_plugin(name, folder):
        click.echo(f"created {path}")
    click.echo(f"next: cd {folder} && pip install --editable '.[test]' && pytest")


def write_plugin(name: str, folder: Path) -> list[Path]:
    """Write the files of a new plugin into a new folder, and return their paths."""
    word = name.replace("-", "_")
    values = {"name": name, "word": word, "upper": word.upper(), "title": "".join(map(str.title, name.split("-")))}
    written = []
    for template in sorted(TEMPLATES.rglob(f"*{SUFFIX}")):
        relative = str(template.relative_to(TEMPLATES)).removesuffix(SUFFIX).replace("WORD", word).replace("NAME", name)
        path = folder / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(Template(template.read_text(encoding="utf-8")).substitute(values), encoding="utf-8")
        written.append(path)
    return written
