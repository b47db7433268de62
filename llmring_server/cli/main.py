"""The command line: `llmring-server serve | migrate | db | plugins | config | openapi`, and the plugins' commands."""

import logging
import os
import re
import sys
from typing import Any

import click
import msgspec

from llmring_server import __version__
from llmring_server.app import compose, create_app
from llmring_server.cli.database import db
from llmring_server.cli.plugins import plugins
from llmring_server.errors import StartupError
from llmring_server.http.openapi import describe
from llmring_server.plugins.manager import PluginSet, load
from llmring_server.server import Server
from llmring_server.serving.logging import logging_to_stderr
from llmring_server.serving.run import run
from llmring_server.settings import CONF_VARIABLE, Settings, load_settings

log = logging.getLogger(__name__)

EVERY_INTERFACE = "0.0.0.0"  # noqa: S104 a server must be reachable; --host restricts it
DEFAULT_COMMAND = "serve"
CREDENTIALS = re.compile(r"(?<=://)[^/?#\s]*@")


class Commands(click.Group):
    """The command group: `serve` by default, plugins' commands besides the host's, one-line errors."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse `llmring-server --reload` as `llmring-server serve --reload`."""
        own = {"--help", "--version", "--debug"}
        at = next((i for i, arg in enumerate(args) if arg not in own), len(args))
        unnamed = at == len(args) or args[at].startswith("-")
        if unnamed and not {"--help", "--version"} & set(args[:at]):
            args = [*args[:at], DEFAULT_COMMAND, *args[at:]]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the host's commands, then the plugins'; help works even when plugins cannot be loaded."""
        try:
            return [*super().list_commands(ctx), *sorted(_plugin_commands())]
        except StartupError as error:
            click.echo(f"llmring-server: {error}", err=True)
            return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command of the host or of an enabled plugin."""
        return super().get_command(ctx, cmd_name) or _plugin_commands().get(cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a StartupError is printed on one line with exit status 1, or as a traceback with --debug."""
        try:
            return super().invoke(ctx)
        except StartupError as error:
            if ctx.params.get("debug"):
                raise
            click.echo(f"llmring-server: {error}", err=True)
            sys.exit(1)


def _plugin_commands() -> dict[str, click.Command]:
    """Return the enabled plugins' commands by name.

    Raises:
        StartupError: two plugins, or a plugin and the host, have commands of the same name.
    """
    found: dict[str, click.Command] = {}
    for plugin, command in _plugins().call_flat("llmring_commands", click.Command):
        if command.name in found or command.name in main.commands:
            raise StartupError(f"{plugin}: the command {command.name!r} already exists; choose another name")
        found[str(command.name)] = command
    return found


def _plugins() -> PluginSet:
    return load(load_settings().plugins)


def _server() -> Server:
    settings = load_settings()
    return Server(settings, load(settings.plugins))


@click.group(cls=Commands, context_settings={"help_option_names": ["--help"]})
@click.version_option(__version__, prog_name="llmring-server")
@click.option("--debug", is_flag=True, help="Show a traceback when the start fails.")
def main(debug: bool) -> None:
    """LLMRing Server: alias sync, usage with exact cost, statistics, signed receipts and the model registry.

    The default command is serve. Settings are read from a conf file (LLMRING_CONF) and the environment (LLMRING_*).
    """


@main.command()
@click.option("--host", default=EVERY_INTERFACE, show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
@click.option("--workers", default=1, show_default=True, help="Worker processes; they share one database.")
@click.option("--reload", is_flag=True, help="Restart when the code changes; for development.")
@click.option("--conf", help="Conf file, or the name of one that is included with the server (sets LLMRING_CONF).")
@click.option("--no-migrate", is_flag=True, help="Leave migrations to `llmring-server migrate`.")
def serve(host: str, port: int, workers: int, reload: bool, conf: str | None, no_migrate: bool) -> None:
    """Serve (the default command)."""
    if conf:
        os.environ[CONF_VARIABLE] = conf
    if no_migrate:
        os.environ["LLMRING_DATABASE_MIGRATE"] = "false"
    settings = load_settings()
    create_app(settings)
    _announce(settings, host, port)
    sys.exit(run(settings, host=host, port=port, workers=workers, reload=reload))


def _announce(settings: Settings, host: str, port: int) -> None:
    """Print the server's address and data folder, or with JSON logs write a log line."""
    if settings.log_format == "text":
        click.echo(_summary(settings, host, port), err=True)
        return
    with logging_to_stderr(settings.log_level, settings.log_format):
        log.info("starting on %s port %d", host, port)


def _summary(settings: Settings, host: str, port: int) -> str:
    url = f"http://{'localhost' if host in (EVERY_INTERFACE, '::') else host}:{port}"
    data = f"bundled PostgreSQL in {settings.data_dir}" if settings.embedded else "PostgreSQL of LLMRING_DATABASE_URL"
    return f"LLMRing Server {__version__}: {url}  (API at /docs)\n  data:  {data}\n  try:   curl -s {url}/health"


@main.command()
@click.option("--status", is_flag=True, help="Only list the migrations and whether each is applied.")
def migrate(status: bool) -> None:
    """Create the schema and apply the enabled plugins' migrations."""
    database = _server().database
    database.prepare()
    try:
        if status:
            for state in database.migrations():
                click.echo(f"{'applied' if state.applied else 'pending':8} {state.owner:12} {state.id}")
        else:
            applied = database.migrate()
            click.echo("\n".join(f"applied {id_}" for id_ in applied) or "nothing to apply")
    finally:
        database.release()


@main.command()
def config() -> None:
    """Print the settings in effect as JSON, with secrets redacted."""
    server = _server()
    document = server.settings.model_dump(mode="json")
    document |= {name: model.model_dump(mode="json") for name, model in server.all_plugin_settings.items()}
    click.echo(msgspec.json.format(msgspec.json.encode(_redact(document)), indent=2).decode())


def _redact(value: Any) -> Any:
    """Return settings without the users and passwords of URLs; `SecretStr` redacts whole values."""
    if isinstance(value, dict):
        return {name: _redact(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_redact(part) for part in value]
    return CREDENTIALS.sub("**********@", value) if isinstance(value, str) else value


@main.command()
def openapi() -> None:
    """Print the OpenAPI description of the enabled routes."""
    _, routes = compose(load_settings())
    click.echo(msgspec.json.format(msgspec.json.encode(describe(routes)), indent=2).decode())


main.add_command(db)
main.add_command(plugins)
