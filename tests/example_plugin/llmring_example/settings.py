"""Settings of this plugin: the conf table `[example]` and `LLMRING_EXAMPLE_*`."""

from decimal import Decimal

from llmring_server.plugin_api import PluginSettings


class ExampleSettings(PluginSettings):
    """`limit`: what a project may spend, in USD."""

    limit: Decimal = Decimal(100)
