"""``prefect config`` and ``prefect profile``: what is told of settings, and what is written."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.commands import told


def viewed(done: subprocess.CompletedProcess[str]) -> dict[str, tuple[str, str]]:
    assert done.returncode == 0, done.stderr
    return {one["key"]: (one["value"], one["source"]) for one in json.loads(done.stdout)}


def test_without_a_command_all_settings_are_json_as_in_1_x(prefect) -> None:
    told = json.loads(prefect("config", PREFECT__CLOUD__AGENT__NAME="x").stdout)

    assert told["cloud"]["agent"]["name"] == "x"


def test_each_value_is_told_with_where_it_comes_from(prefect, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('debug = true\n[cloud.agent]\nname = "of-the-file"\n[my]\nown = 5\n')
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "prod.toml").write_text('[server]\nendpoint = "http://prod:1"\n')

    seen = viewed(prefect("--profile", "prod", "config", "view", "-o", "json", PREFECT__CLOUD__REQUEST_TIMEOUT="30"))

    assert seen["debug"] == (True, f"{tmp_path}/config.toml")
    assert seen["cloud.agent.name"] == ("of-the-file", f"{tmp_path}/config.toml")
    assert seen["my.own"] == (5, f"{tmp_path}/config.toml")
    assert seen["server.endpoint"] == ("http://prod:1", f"{tmp_path}/profiles/prod.toml")
    assert seen["cloud.api"] == ("http://prod:1", "default")
    assert seen["cloud.request_timeout"] == (30, "PREFECT__CLOUD__REQUEST_TIMEOUT")
    assert seen["flows.checkpointing"] == (False, "default")
    assert set(viewed(prefect("config", "view", "cloud.agent", "-o", "json"))) > {"cloud.agent.name"}
    assert all(key.startswith("cloud.agent.") for key in viewed(prefect("config", "view", "cloud.agent", "-o", "json")))
    assert list(viewed(prefect("config", "view", "cloud.api", "-o", "json"))) == ["cloud.api"]
    changed = viewed(prefect("config", "view", "--changed", "-o", "json"))
    assert "default" not in {source for _, source in changed.values()}


@pytest.mark.parametrize(
    "command", [["config", "view"], ["config", "view", "-o", "json"], ["doctor"], ["profile", "show", "p"]]
)
def test_keys_and_passwords_are_never_shown(prefect, tmp_path: Path, command: list[str]) -> None:
    secrets = (
        '[cloud]\napi_key = "geheim-1"\n[context.secrets]\nPASS = "geheim-2"\nAWS = {KEY = "geheim-3"}\n'
        '[server.hasura]\nadmin_secret = "geheim-4"\n[server.database]\npassword = "geheim-5"\n'
        '[mine]\nurl = "postgresql://me:geheim-6@host/db"\naccess_token = "geheim-7"\nAPIKEY = "geheim-9"\n'
        'KEYS = {privateKey = "geheim-10"}\n'
    )
    (tmp_path / "config.toml").write_text(secrets)
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "p.toml").write_text(secrets)

    done = prefect(*command, PREFECT__CLOUD__API="http://127.0.0.1:9", PREFECT__CONTEXT__SECRETS__X="geheim-8")

    assert "geheim" not in done.stdout + done.stderr
    assert "cloud.api_key" in done.stdout or command == ["doctor"]


def test_a_setting_is_set_and_taken_out_and_the_rest_of_the_file_stays(prefect, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("# mine\n[cloud]  # of the cloud\nrequest_timeout = 20\n\n[flows]\ncheckpointing = true # yes\n")
    file.chmod(0o640)

    done = prefect("config", "set", "cloud.agent.name", "blue")
    prefect("config", "set", "cloud.request_timeout", "30")
    prefect("config", "set", "flows.checkpointing", "false")
    prefect("config", "set", "context.secrets.Token", "5")

    assert done.returncode == 0
    assert tomllib.loads(file.read_text()) == {
        "cloud": {"request_timeout": 30, "agent": {"name": "blue"}},
        "flows": {"checkpointing": False},
        "context": {"secrets": {"Token": "5"}},
    }
    assert "# mine" in file.read_text()
    assert "# of the cloud" in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640

    assert prefect("config", "unset", "cloud.agent.name").returncode == 0
    assert "agent" not in file.read_text()
    again = prefect("config", "unset", "cloud.agent.name")
    assert (again.returncode, again.stdout) == (1, "")
    assert "is not set in" in again.stderr


def test_a_new_file_is_for_its_owner_alone(prefect, tmp_path: Path) -> None:
    prefect("config", "set", "cloud.api_key", "geheim")
    prefect("profile", "create", "p", "cloud.api_key=geheim")

    for file in ("config.toml", "profiles/p.toml"):
        assert stat.S_IMODE((tmp_path / file).stat().st_mode) == 0o600
    assert not [name for name in os.listdir(tmp_path) if "draft" in name]


def test_settings_that_are_set_at_the_same_time_are_all_kept(prefect, tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda n: prefect("config", "set", "--force", f"mine.s{n}", str(n)), range(8)))

    assert [one.returncode for one in done] == [0] * 8
    assert tomllib.loads((tmp_path / "config.toml").read_text()) == {"mine": {f"s{n}": n for n in range(8)}}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["set", "cloud.apikey", "x"], "SETTING_UNKNOWN", "Did you mean cloud.api_key?"),
        (["set", "cloud.request_timeout", "soon"], "CONFIG_INVALID", "expected a number, got 'soon'"),
        (["set", "logging.level", "LOUD"], "CONFIG_INVALID", "expected one of DEBUG, INFO"),
        (["set", "backend", "mine"], "CONFIG_INVALID", "expected one of server, cloud, got 'mine'"),
        (["set", "debug.more", "x", "--force"], "CONFIG_INVALID", "debug is a value there"),
        (["set", "", "x"], "SETTING_UNKNOWN", "no name of a setting"),
        (["view", "cloud.apy"], "SETTING_UNKNOWN", "Did you mean cloud.api?"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_set_changes_nothing(
    prefect, tmp_path: Path, arguments: list[str], code: str, words: str
) -> None:
    (tmp_path / "config.toml").write_text("debug = true\n")

    done = prefect("config", *arguments)

    assert (done.returncode, done.stdout) == (1, "")
    assert words in done.stderr
    assert f"code: {code} " in done.stderr
    assert (tmp_path / "config.toml").read_text() == "debug = true\n"


def test_a_variable_that_goes_before_is_told(prefect) -> None:
    done = prefect("config", "set", "cloud.agent.name", "a", PREFECT__CLOUD__AGENT__NAME="b")

    assert "PREFECT__CLOUD__AGENT__NAME goes before it" in done.stderr


def editor(tmp_path: Path, script: str) -> str:
    """Make an editor that does this to the file, which is $1."""
    program = tmp_path / "editor.sh"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return str(program)


def test_a_file_is_edited_and_only_toml_is_taken_over(prefect, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("debug = [\n")

    broken = prefect("config", "edit", EDITOR=editor(tmp_path, "echo 'also = [' > $1"))
    assert broken.returncode == 1
    assert "no TOML" in broken.stderr
    assert file.read_text() == "debug = [\n"

    failed = prefect("config", "edit", VISUAL="", EDITOR=editor(tmp_path, "exit 3"))
    assert "ended with 3" in failed.stderr
    absent = prefect("config", "edit", EDITOR="/no/such/editor")
    assert "cannot be started" in told(absent.stderr)
    unchanged = prefect("config", "edit", EDITOR=editor(tmp_path, "true"))
    assert (unchanged.returncode, unchanged.stdout) == (0, "Nothing was changed.\n")

    mended = prefect("config", "edit", EDITOR=editor(tmp_path, "echo 'debug = true' > $1"))
    assert mended.returncode == 0
    assert file.read_text() == "debug = true\n"


# ----- profiles


def api(prefect, *options: str, **settings: str) -> str:
    return viewed(prefect(*options, "config", "view", "cloud.api", "-o", "json", **settings))["cloud.api"][0]


def test_a_profile_is_made_used_shown_and_deleted(prefect, tmp_path: Path) -> None:
    usual = api(prefect)
    made = prefect("profile", "create", "prod", "server.endpoint=http://prod:1", "cloud.api_key=geheim")
    assert made.returncode == 0, made.stderr
    assert prefect("profile", "list").stdout == "* default\n  prod\n"
    assert api(prefect) == usual

    assert prefect("profile", "use", "prod").returncode == 0
    assert api(prefect) == "http://prod:1"
    assert prefect("profile", "list").stdout == "  default\n* prod\n"
    shown = prefect("profile", "show").stdout
    assert "http://prod:1" in shown
    assert "geheim" not in shown

    prefect("profile", "create", "test", "--from", "prod", "server.endpoint=http://test:2")
    assert api(prefect, PREFECT_PROFILE="test") == "http://test:2"
    assert api(prefect, "--profile", "test") == "http://test:2"
    assert api(prefect, "--profile", "default") == usual
    assert 'api_key = "geheim"' in (tmp_path / "profiles" / "test.toml").read_text()

    prefect("config", "set", "server.endpoint", "http://prod:3")  # in the profile in use
    assert api(prefect) == "http://prod:3"
    assert not (tmp_path / "config.toml").exists()

    assert prefect("profile", "delete", "prod", "--yes").returncode == 0
    assert api(prefect) == usual


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["profile", "use", "nowhere"], "PROFILE_UNKNOWN"),
        (["profile", "show", "nowhere"], "PROFILE_UNKNOWN"),
        (["profile", "show"], "PROFILE_UNKNOWN"),
        (["profile", "delete", "nowhere", "--yes"], "PROFILE_UNKNOWN"),
        (["profile", "create", "../up"], "CONFIG_INVALID"),
        (["profile", "create", "default"], "CONFIG_INVALID"),
        (["profile", "create", "p", "cloud.apikey=x"], "SETTING_UNKNOWN"),
        (["profile", "create", "p", "novalue"], "BAD_USAGE"),
        (["--profile", "nowhere", "get", "flows"], "PROFILE_UNKNOWN"),
        (["--profile", "../config", "config"], "CONFIG_INVALID"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_profile_that_is_none_is_refused(prefect, tmp_path: Path, arguments: list[str], code: str) -> None:
    done = prefect(*arguments)

    assert done.returncode in (1, 2)
    assert f"code: {code} " in done.stderr, done.stderr
    assert done.stdout == ""
    assert not list(tmp_path.glob("**/*.toml"))


def test_a_profile_is_that_of_programs_too(prefect, tmp_path: Path) -> None:
    prefect("profile", "create", "prod", "server.endpoint=http://prod:1", "--use")
    (tmp_path / "flow.py").write_text(
        "import prefect\nfrom prefect import Flow\nprint(prefect.config.cloud.api)\nflow = Flow('f')\n"
    )

    assert "http://prod:1" in prefect("run", "--path", "flow.py").stdout
