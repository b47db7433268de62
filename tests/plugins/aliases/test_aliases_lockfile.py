"""`llmring-server aliases push | pull | diff`: synchronize a lockfile and a server."""

import json
import stat
import tomllib

import pytest
from aliases_kit import bind, models

from llmring_aliases.lockfiles.bindings import BoundModels, LockfileError
from llmring_aliases.lockfiles.lockfile import Lockfile

KEY = "fleet-key-canary"
# As llmring 1.4.0 writes it (comma before the bracket, sub-tables at the end), with additions by hand.
TOML = """\
version = "1.0"
created_at = "2025-09-27T10:00:00+00:00"
updated_at = "2025-09-28T12:45:44.810349+00:00"
default_profile = "default"

[metadata]
team = "search"

# the production aliases
[profiles.default]
name = "default"
[[profiles.default.bindings]]
alias = "fast"
models = [ "openai:gpt-4o-mini", "google:gemini-flash",]

[[profiles.default.bindings]]
alias = "deep"  # slow but good
models = [ "anthropic:claude-opus-4-1-20250805",]

[profiles.dev]
name = "dev"
bindings = []

[profiles.default.registry_versions]
openai = 3

[profiles.dev.registry_versions]
"""
OLD_JSON = {
    "version": "1.0",
    "default_profile": "default",
    "registry_versions": {"openai": 2},
    "profiles": {
        "default": {
            "name": "default",
            "bindings": [
                {"alias": "fast", "provider": "openai", "model": "gpt-4o-mini", "constraints": None},
                {"alias": "deep", "provider": "anthropic", "model": "claude-opus", "constraints": {"max_tokens": 100}},
            ],
        }
    },
}


@pytest.fixture
def client(start_server):
    return start_server(["aliases"]).client(KEY)


@pytest.fixture
def run(llmring_cli, client):
    """Run `llmring-server aliases …` against the server."""

    def run(*arguments, **environment):
        return llmring_cli(
            "aliases",
            *arguments,
            **{
                "LLMRING_PLUGINS": "aliases",
                "LLMRING_API_KEY": client.headers["X-Project-Key"],
                "LLMRING_SERVER_URL": str(client.base_url),
                **environment,
            },
        )

    return run


@pytest.fixture
def lockfile(tmp_path):
    path = tmp_path / "llmring.lock"
    path.write_text(TOML)
    return path


def output_of(done):
    assert done.returncode == 0, done.stdout + done.stderr
    assert KEY not in done.stdout + done.stderr
    return done.stdout


def test_push_makes_the_servers_profile_equal_to_the_file(run, client, lockfile):
    bind(client, "gone")
    bind(client, "fast", "openai:old")
    bind(client, "kept", profile="prod")
    shown = output_of(run("push", "--yes", str(lockfile)))
    assert "+ deep" in shown
    assert "- gone" in shown
    assert "~ fast  openai:old → openai:gpt-4o-mini, google:gemini-flash" in shown
    assert models(client) == {
        "fast": "openai:gpt-4o-mini,google:gemini-flash",
        "deep": "anthropic:claude-opus-4-1-20250805",
    }
    assert set(models(client, "prod")) == {"kept"}
    assert "no difference" in output_of(run("diff", str(lockfile)))


def test_control_characters_in_models_do_not_reach_the_terminal(run, client, lockfile):
    bind(client, "deep", "openai:\x1b[2J")
    assert "~ deep  openai:?[2J →" in run("diff", str(lockfile)).stdout


def test_push_does_not_touch_aliases_that_already_match(run, client, lockfile):
    bind(client, "fast", "openai:gpt-4o-mini, google:gemini-flash", metadata={"owner": "x"})
    output_of(run("push", "--yes", str(lockfile)))
    stored = client.get("/api/v1/aliases/fast").json()
    assert (stored["version"], stored["metadata"]) == (1, {"owner": "x"})


def test_pull_changes_only_the_profile_in_the_file(run, client, lockfile):
    lockfile.chmod(0o640)
    bind(client, "fast", "openai:gpt-5")
    bind(client, "deep", "anthropic:claude-opus-4-1-20250805")
    bind(client, "new", "google:a, openai:b")
    output_of(run("pull", "--yes", str(lockfile)))
    text = lockfile.read_text()
    assert "# the production aliases" in text
    assert 'alias = "deep"  # slow but good\nmodels = [ "anthropic:claude-opus-4-1-20250805",]' in text
    before, after = tomllib.loads(TOML), tomllib.loads(text)
    assert after["profiles"]["default"].pop("bindings") == [
        {"alias": "fast", "models": ["openai:gpt-5"]},
        {"alias": "deep", "models": ["anthropic:claude-opus-4-1-20250805"]},
        {"alias": "new", "models": ["google:a", "openai:b"]},
    ]
    before["profiles"]["default"].pop("bindings")
    assert after.pop("updated_at") > before.pop("updated_at")
    assert after == before
    assert stat.S_IMODE(lockfile.stat().st_mode) == 0o640
    assert [path.name for path in lockfile.parent.iterdir() if path.name.endswith("lock")] == ["llmring.lock"]


def test_pull_into_an_empty_profile_or_a_missing_file(run, client, lockfile, tmp_path):
    bind(client, "a", "openai:a", profile="dev")
    bind(client, "b", "openai:b", profile="fresh")
    for profile, alias in (("dev", "a"), ("fresh", "b")):
        output_of(run("pull", "--yes", "--profile", profile, str(lockfile)))
        assert Lockfile.read(lockfile).bindings(profile) == {alias: BoundModels((f"openai:{alias}",))}
    new = tmp_path / "new.lock"
    output_of(run("pull", "--yes", "--profile", "dev", str(new)))
    assert Lockfile.read(new).bindings("dev") == {"a": BoundModels(("openai:a",))}


def test_constraints_are_stored_in_the_metadata_and_restored(run, client, tmp_path):
    old = tmp_path / "llmring.lock.json"
    old.write_text(json.dumps(OLD_JSON))
    bind(client, "deep", "openai:a", metadata={"owner": "x"})
    output_of(run("push", "--yes", str(old)))
    found = client.get("/api/v1/aliases/deep").json()
    assert found["metadata"] == {"owner": "x", "constraints": {"max_tokens": 100}}
    new = tmp_path / "new.lock"
    output_of(run("pull", "--yes", str(new)))
    assert Lockfile.read(new).bindings("default")["deep"] == BoundModels(
        ("anthropic:claude-opus",), {"max_tokens": 100}
    )


def test_pull_preserves_the_older_json_format(run, client, tmp_path):
    old = tmp_path / "llmring.lock"
    old.write_text(json.dumps(OLD_JSON))
    bind(client, "fast", "google:flash")
    bind(client, "deep", "anthropic:claude-opus", metadata={"constraints": {"max_tokens": 100}})
    bind(client, "pool", "a:b,c:d")
    output_of(run("pull", "--yes", str(old)))
    found = json.loads(old.read_text())
    assert found["registry_versions"] == {"openai": 2}
    assert found["profiles"]["default"]["bindings"] == [
        {"alias": "fast", "provider": "google", "model": "flash"},
        OLD_JSON["profiles"]["default"]["bindings"][1],
        {"alias": "pool", "models": ["a:b", "c:d"]},
    ]


def test_diff_shows_differences_and_changes_nothing(run, client, lockfile):
    bind(client, "gone")
    done = run("diff", str(lockfile))
    assert done.returncode == 1
    assert "- gone" in done.stdout
    assert lockfile.read_text() == TOML
    assert set(models(client)) == {"gone"}


@pytest.mark.parametrize("command", ["push", "pull"])
def test_nothing_is_changed_without_confirmation(run, client, lockfile, command):
    bind(client, "gone")
    done = run(command, str(lockfile))
    assert done.returncode == 1
    assert "- gone" in done.stdout or "+ gone" in done.stdout
    assert lockfile.read_text() == TOML
    assert set(models(client)) == {"gone"}


def test_a_file_that_was_changed_in_the_meantime_is_not_overwritten(lockfile):
    found = Lockfile.read(lockfile)
    lockfile.write_text(TOML + "# mine\n")
    found.replace("default", {})
    with pytest.raises(LockfileError, match="was changed in the meantime"):
        found.write()
    assert lockfile.read_text().endswith("# mine\n")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("not = toml = at all", "is not a lockfile"),
        ("[profiles.default]\nbindings = 3", "must be a list"),
        ('[[profiles.default.bindings]]\nalias = "a"', "is not bound to a model"),
        ('[[profiles.default.bindings]]\nmodels = ["a:b"]', "has no `alias`"),
    ],
)
def test_an_invalid_lockfile_is_reported_in_one_line(run, lockfile, text, reason):
    lockfile.write_text(text)
    done = run("push", "--yes", str(lockfile))
    assert done.returncode == 1
    assert reason in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_failures_name_the_remedy(run, lockfile, tmp_path):
    missing = run("push", "--yes", str(tmp_path / "none.lock"))
    assert "No such file" in missing.stderr
    keyless = run("push", "--yes", str(lockfile), LLMRING_API_KEY="")
    assert "Set LLMRING_API_KEY" in keyless.stderr
    unreachable = run("push", "--yes", str(lockfile), LLMRING_SERVER_URL="http://127.0.0.1:9")
    assert "does not respond" in unreachable.stderr
    lockfile.write_text(TOML.replace('"fast"', '"no good"'))
    refused = run("push", "--yes", str(lockfile))
    assert "nothing was bound" in refused.stderr
    assert {missing.returncode, keyless.returncode, unreachable.returncode, refused.returncode} == {1}
