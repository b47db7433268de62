"""`llmring-server aliases push | pull | diff`: a lockfile and a server, one made like the other."""

import json
import stat
import tomllib

import pytest
from aliases_kit import bind, models

from llmring_aliases.lockfiles.bindings import LockfileError, Pool
from llmring_aliases.lockfiles.lockfile import Lockfile

KEY = "fleet-key-canary"
# As llmring 1.4.0 writes it (comma before the bracket, sub-tables at the end), with what a user has added by hand.
TOML = """\
version = "1.0"
created_at = "2025-09-27T10:00:00+00:00"
updated_at = "2025-09-28T12:45:44.810349+00:00"
default_profile = "default"

[metadata]
team = "search"

# what we serve from
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


def done(ran):
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert KEY not in ran.stdout + ran.stderr
    return ran.stdout


def test_push_makes_the_servers_profile_what_the_file_has(run, client, lockfile):
    bind(client, "gone")
    bind(client, "fast", "openai:old")
    bind(client, "kept", profile="prod")
    shown = done(run("push", "--yes", str(lockfile)))
    assert "+ deep" in shown
    assert "- gone" in shown
    assert "~ fast  openai:old → openai:gpt-4o-mini, google:gemini-flash" in shown
    assert models(client) == {
        "fast": "openai:gpt-4o-mini,google:gemini-flash",
        "deep": "anthropic:claude-opus-4-1-20250805",
    }
    assert set(models(client, "prod")) == {"kept"}
    assert "no difference" in done(run("diff", str(lockfile)))


def test_what_others_have_bound_cannot_write_to_the_terminal(run, client, lockfile):
    bind(client, "deep", "openai:\x1b[2J")
    assert "~ deep  openai:?[2J →" in run("diff", str(lockfile)).stdout


def test_push_leaves_metadata_and_spelling_of_what_is_right_already(run, client, lockfile):
    bind(client, "fast", "openai:gpt-4o-mini, google:gemini-flash", metadata={"owner": "x"})
    done(run("push", "--yes", str(lockfile)))
    kept = client.get("/api/v1/aliases/fast").json()
    assert (kept["version"], kept["metadata"]) == (1, {"owner": "x"})


def test_pull_changes_the_profile_and_nothing_else_in_the_file(run, client, lockfile):
    lockfile.chmod(0o640)
    bind(client, "fast", "openai:gpt-5")
    bind(client, "deep", "anthropic:claude-opus-4-1-20250805")
    bind(client, "new", "google:a, openai:b")
    done(run("pull", "--yes", str(lockfile)))
    text = lockfile.read_text()
    assert "# what we serve from" in text
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


def test_pull_into_a_profile_without_bindings_or_a_file_that_is_not_there(run, client, lockfile, tmp_path):
    bind(client, "a", "openai:a", profile="dev")
    bind(client, "b", "openai:b", profile="fresh")
    for profile, alias in (("dev", "a"), ("fresh", "b")):
        done(run("pull", "--yes", "--profile", profile, str(lockfile)))
        assert Lockfile.read(lockfile).bindings(profile) == {alias: Pool((f"openai:{alias}",))}
    new = tmp_path / "new.lock"
    done(run("pull", "--yes", "--profile", "dev", str(new)))
    assert Lockfile.read(new).bindings("dev") == {"a": Pool(("openai:a",))}


def test_constraints_travel_in_the_metadata_and_back(run, client, tmp_path):
    old = tmp_path / "llmring.lock.json"
    old.write_text(json.dumps(OLD_JSON))
    bind(client, "deep", "openai:a", metadata={"owner": "x"})
    done(run("push", "--yes", str(old)))
    found = client.get("/api/v1/aliases/deep").json()
    assert found["metadata"] == {"owner": "x", "constraints": {"max_tokens": 100}}
    new = tmp_path / "new.lock"
    done(run("pull", "--yes", str(new)))
    assert Lockfile.read(new).bindings("default")["deep"] == Pool(("anthropic:claude-opus",), {"max_tokens": 100})


def test_the_older_json_form_keeps_its_form(run, client, tmp_path):
    old = tmp_path / "llmring.lock"
    old.write_text(json.dumps(OLD_JSON))
    bind(client, "fast", "google:flash")
    bind(client, "deep", "anthropic:claude-opus", metadata={"constraints": {"max_tokens": 100}})
    bind(client, "pool", "a:b,c:d")
    done(run("pull", "--yes", str(old)))
    found = json.loads(old.read_text())
    assert found["registry_versions"] == {"openai": 2}
    assert found["profiles"]["default"]["bindings"] == [
        {"alias": "fast", "provider": "google", "model": "flash"},
        OLD_JSON["profiles"]["default"]["bindings"][1],
        {"alias": "pool", "models": ["a:b", "c:d"]},
    ]


def test_diff_shows_and_changes_nothing(run, client, lockfile):
    bind(client, "gone")
    ran = run("diff", str(lockfile))
    assert ran.returncode == 1
    assert "- gone" in ran.stdout
    assert lockfile.read_text() == TOML
    assert set(models(client)) == {"gone"}


@pytest.mark.parametrize("command", ["push", "pull"])
def test_without_a_yes_nothing_is_changed(run, client, lockfile, command):
    bind(client, "gone")
    ran = run(command, str(lockfile))
    assert ran.returncode == 1
    assert "- gone" in ran.stdout or "+ gone" in ran.stdout
    assert lockfile.read_text() == TOML
    assert set(models(client)) == {"gone"}


def test_a_file_that_changed_meanwhile_is_not_overwritten(lockfile):
    found = Lockfile.read(lockfile)
    lockfile.write_text(TOML + "# mine\n")
    found.replace("default", {})
    with pytest.raises(LockfileError, match="has changed meanwhile"):
        found.write()
    assert lockfile.read_text().endswith("# mine\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not = toml = at all", "is no lockfile"),
        ("[profiles.default]\nbindings = 3", "must be a list"),
        ('[[profiles.default.bindings]]\nalias = "a"', "bound to no model"),
        ('[[profiles.default.bindings]]\nmodels = ["a:b"]', "has no `alias`"),
    ],
)
def test_what_is_no_lockfile_is_said_in_one_line(run, lockfile, text, said):
    lockfile.write_text(text)
    ran = run("push", "--yes", str(lockfile))
    assert ran.returncode == 1
    assert said in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


def test_failures_say_what_to_do(run, lockfile, tmp_path):
    absent = run("push", "--yes", str(tmp_path / "none.lock"))
    assert "No such file" in absent.stderr
    keyless = run("push", "--yes", str(lockfile), LLMRING_API_KEY="")
    assert "set LLMRING_API_KEY" in keyless.stderr
    away = run("push", "--yes", str(lockfile), LLMRING_SERVER_URL="http://127.0.0.1:9")
    assert "does not answer" in away.stderr
    lockfile.write_text(TOML.replace('"fast"', '"no good"'))
    refused = run("push", "--yes", str(lockfile))
    assert "nothing was bound" in refused.stderr
    assert {absent.returncode, keyless.returncode, away.returncode, refused.returncode} == {1}
