"""Settings: defaults, precedence, misspelt names, and secrets that are never printed."""

import json
import os
from pathlib import Path

import pytest

from llmring_server.bundled import default_data_dir
from llmring_server.errors import StartupError
from llmring_server.plugins.manager import load
from llmring_server.plugins.settings_model import PluginSettings
from llmring_server.server import Server
from llmring_server.settings import Settings, load_settings
from llmring_server.testing import make_plugin


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """Remove our variables from the environment, and return a function that sets them."""
    for name in [name for name in os.environ if name.startswith("LLMRING_")]:
        monkeypatch.delenv(name)

    def change(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(f"LLMRING_{name}", value)

    return change


@pytest.fixture
def conf(tmp_path, environment):
    """Return a function that writes a conf file and sets LLMRING_CONF."""

    def write(text):
        path = tmp_path / "my.toml"
        path.write_text(text)
        environment(CONF=str(path))
        return path

    return write


DEFAULTS = {
    "plugins": ("projects", "registry", "aliases", "usage", "receipts", "dashboard"),
    "database_url": None,
    "embedded": True,
    "database_schema": "llmring",
    "database_migrate": True,
    "pool_size": 10,
    "pool_overflow": 0,
    "redis_url": None,
    "cache_ttl": 3600.0,
    "cors_origins": ("http://localhost:5173", "http://localhost:5174", "*"),
    "log_level": "info",
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_without_any_setting_the_defaults_apply(name):
    assert getattr(load_settings(), name) == DEFAULTS[name]


def test_a_database_url_selects_that_server_with_a_larger_pool(environment):
    environment(DATABASE_URL="postgresql://db/llmring")
    settings = load_settings()
    assert settings.database_url.get_secret_value() == "postgresql://db/llmring"
    assert (settings.embedded, settings.pool_size, settings.pool_overflow) == (False, 20, 10)


VARIABLES = {
    "DATABASE_SCHEMA": ("other", "database_schema", "other"),
    "DATABASE_POOL_SIZE": ("7", "pool_size", 7),
    "DATABASE_POOL_OVERFLOW": ("3", "pool_overflow", 3),
    "CACHE_TTL": ("60", "cache_ttl", 60.0),
    "PLUGINS": ("aliases, usage", "plugins", ("aliases", "usage")),
    "DATA_DIR": ("/somewhere", "data_dir", Path("/somewhere")),
    "MAX_BODY_BYTES": ("2048", "max_body_bytes", 2048),
    "LOG_LEVEL": ("debug", "log_level", "debug"),
    "DATABASE_MIGRATE": ("false", "database_migrate", False),
}


@pytest.mark.parametrize("variable", VARIABLES)
def test_the_environment_sets(environment, variable):
    given, name, expected = VARIABLES[variable]
    environment(**{variable: given})
    assert getattr(load_settings(), name) == expected


@pytest.mark.parametrize("given", ["https://a.example,https://b.example", '["https://a.example", "https://b.example"]'])
def test_a_list_is_comma_separated_or_json(environment, given):
    environment(CORS_ORIGINS=given)
    assert load_settings().cors_origins == ("https://a.example", "https://b.example")


def test_a_list_that_is_invalid_json_is_named(environment):
    environment(PLUGINS='["aliases"')
    with pytest.raises(StartupError, match=r"setting 'plugins' \(LLMRING_PLUGINS\): "):
        load_settings()


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
def test_a_blank_url_means_unset(environment, name):
    environment(**{name: ""})
    assert getattr(load_settings(), name.lower()) is None


def test_the_conf_file_is_read_from_a_path(conf):
    conf('plugins = ["aliases"]\ncache_ttl = 5\n')
    settings = load_settings()
    assert (settings.plugins, settings.cache_ttl) == (("aliases",), 5.0)


@pytest.mark.parametrize("name", ["minimal", "minimal.toml"])
def test_the_conf_file_is_found_by_its_bare_name(environment, name):
    environment(CONF=name)
    assert load_settings().plugins == ("projects", "usage")


def test_the_environment_overrides_the_conf_file(conf, environment):
    conf('plugins = ["aliases"]\ncache_ttl = 5\n')
    environment(PLUGINS="usage")
    settings = load_settings()
    assert (settings.plugins, settings.cache_ttl) == (("usage",), 5.0)


def test_code_overrides_the_environment(environment):
    environment(CACHE_TTL="60")
    assert Settings(plugins=["aliases"], cache_ttl=7).cache_ttl == 7.0


def test_a_missing_conf_file_is_reported_with_the_bundled_ones(environment):
    environment(CONF="nowhere")
    with pytest.raises(StartupError, match=r"no conf file at 'nowhere'; give a path, or one of: .*default.*minimal"):
        load_settings()


def test_a_conf_file_that_is_not_toml_is_named(conf):
    path = conf("plugins = [")
    with pytest.raises(StartupError, match=f"^conf file {path}: "):
        load_settings()


def test_a_misspelt_key_is_reported_with_a_suggestion(conf):
    conf("databse_schema = 'x'")
    with pytest.raises(StartupError) as caught:
        load_settings()
    assert str(caught.value) == "setting 'databse_schema' is not known; did you mean 'database_schema'?"


@pytest.mark.parametrize(
    ("variable", "value"),
    [("DATABASE_POOL_SIZE", "many"), ("DATABASE_SCHEMA", "no-schema"), ("CACHE_TTL", "0"), ("LOG_LEVEL", "loud")],
)
def test_an_invalid_value_is_named_by_its_variable(environment, variable, value):
    environment(**{variable: value})
    with pytest.raises(StartupError, match=rf"^setting '{variable.lower()}' \(LLMRING_{variable}\): "):
        load_settings()


class Weather(PluginSettings):
    city: str = "Paris"
    days: int = 3


def weather(settings):
    """Return the settings of a plugin `weather` with these of the host."""
    plugin = make_plugin("weather", llmring_settings=lambda: Weather)
    return Server(settings, load([plugin])).plugin_settings(Weather)


def test_a_plugins_table_is_read_and_its_environment_overrides_it(conf, environment):
    conf('plugins = []\n[weather]\ncity = "Rome"\ndays = 5\n')
    environment(WEATHER_DAYS="7")
    found = weather(load_settings())
    assert (found.city, found.days) == ("Rome", 7)


def test_a_misspelt_key_in_a_plugins_table_is_named_with_the_plugin(conf):
    conf('plugins = []\n[weather]\ncty = "Rome"\n')
    with pytest.raises(StartupError, match=r"^plugin 'weather': setting 'cty' is not known; did you mean 'city'"):
        weather(load_settings())


def test_a_misspelt_table_is_reported_with_a_suggestion(conf):
    conf('plugins = []\n[wether]\ncity = "Rome"\n')
    with pytest.raises(StartupError) as caught:
        weather(load_settings())
    assert str(caught.value) == "conf table [wether] belongs to no plugin with settings; did you mean [weather]?"


def test_a_table_of_an_installed_plugin_that_is_not_enabled_is_accepted(conf):
    conf('plugins = []\n[usage]\ntimezone = "UTC"\n')
    weather(load_settings())


def test_config_prints_the_settings_and_no_secret(llmring_cli, environment):
    done = llmring_cli(
        "config",
        LLMRING_PLUGINS="aliases",
        LLMRING_DATABASE_URL="postgresql://llmring:hidden-word@db/llmring",
        LLMRING_REDIS_URL="redis://:hidden-word@cache",
        LLMRING_KEY_PEPPER="hidden-word",
        LLMRING_CACHE_TTL="60",
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["cache_ttl"] == 60.0
    assert json.loads(done.stdout)["plugins"] == ["aliases"]
    assert "hidden-word" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "user", ["hidden-word", "name:hidden-word", ":hidden-word", "name:%68:hidden-word@", "n:a@hidden-word"]
)
def test_config_prints_a_url_without_its_user_and_password(llmring_cli, environment, user):
    url = f"https://{user}@mirror.example/models@2/"
    done = llmring_cli("config", LLMRING_PLUGINS="registry", LLMRING_REGISTRY_BASE_URL=url)
    assert json.loads(done.stdout)["registry"]["base_url"] == "https://**********@mirror.example/models@2/"
    assert "hidden-word" not in done.stdout + done.stderr


def test_a_blank_data_folder_is_the_default_one(environment):
    environment(DATA_DIR="")
    assert load_settings().data_dir == default_data_dir()


def test_an_invalid_value_is_not_printed(environment):
    environment(REDIS_URL="x", DATABASE_POOL_SIZE="hidden-word")
    with pytest.raises(StartupError) as caught:
        load_settings()
    assert "hidden-word" not in str(caught.value).replace("unable to parse string", "")


def warnings_of(process):
    return [line.partition("] ")[2] for line in process.output().splitlines() if "is not a setting" in line]


def test_a_misspelt_variable_is_logged_with_a_suggestion(llmring_process):
    process = llmring_process(
        LLMRING_PLUGINS="usage",
        LLMRING_DATABASE_TIMOUT="3",
        LLMRING_USAGE_TIMEZON="Europe/Madrid",
        LLMRING_QUITE_ANOTHER_THING="a-secret",
    ).wait_until_up()
    said = " is not a setting of this server and is ignored"
    assert warnings_of(process) == [
        f"LLMRING_DATABASE_TIMOUT{said}; did you mean LLMRING_DATABASE_TIMEOUT?",
        f"LLMRING_QUITE_ANOTHER_THING{said}",
        f"LLMRING_USAGE_TIMEZON{said}; did you mean LLMRING_USAGE_TIMEZONE?",
    ]
    assert "a-secret" not in process.output()


def test_a_known_variable_causes_no_warning(llmring_process):
    process = llmring_process(
        LLMRING_PLUGINS="usage",
        LLMRING_CONF="minimal",
        llmring_log_level="info",
        LLMRING_USAGE_TIMEZONE="UTC",
        LLMRING_RATELIMIT_READ="1/s",
        LLMRING_API_KEY="a-client's",
        LLMRING_TEST_EXAMPLES="2",
    ).wait_until_up()
    assert warnings_of(process) == []
