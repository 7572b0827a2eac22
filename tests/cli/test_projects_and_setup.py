"""Projects, the key-value store, the backend, keys and tenants, agents' installation, and the small commands."""

from __future__ import annotations

import json
import re
import shlex
import socket
from pathlib import Path

import pytest
import yaml

from support.commands import told

TENANT = "71111111-1111-1111-1111-111111111111"
OTHER = "72111111-1111-1111-1111-111111111111"


# ----- projects


def test_project_is_created(invoke, api) -> None:
    api.data("create_project", create_project={"id": "p"})

    done = invoke("create", "project", "demo", "--description", "for tests")

    assert done.output == "demo created\n"
    assert api.asked[-1].variables["input"] == {"name": "demo", "description": "for tests", "tenant_id": TENANT}


def test_project_that_exists_is_created_too_or_skipped(invoke, api) -> None:
    api.on("create_project", {"errors": [{"message": "Uniqueness violation."}]})
    api.data("{ project(", project=[{"id": "p"}])

    assert invoke("create", "project", "demo").output == "demo created\n"
    assert invoke("create", "project", "demo", "--skip-if-exists").output == "demo already exists\n"


def test_project_that_cannot_be_created_is_told(invoke, api) -> None:
    api.on("create_project", {"errors": [{"message": "Boom"}]})

    done = invoke("create", "project", "demo")

    assert (told(done.stderr), done.stdout, done.exit_code) == ("Boom\nError creating project\n", "", 1)


def test_project_is_deleted(invoke, api) -> None:
    api.data("delete_project", delete_project={"success": True})
    api.data("{ project(", project=[{"id": "p"}])

    assert invoke("delete", "project", "demo").output == "demo deleted\n"


def test_unknown_project_is_told(invoke, api) -> None:
    api.data("{ project(", project=[])

    done = invoke("delete", "project", "demo")

    assert (told(done.stderr), done.exit_code) == ("Project demo not found.\nError deleting project\n", 1)
    assert "code: NOT_FOUND " in done.stderr


# ----- a server that is not there


@pytest.mark.parametrize(
    "arguments",
    [
        ["create", "project", "x"],
        ["get", "flows"],
        ["run", "--name", "x", "--quiet"],
        ["register", "--project", "x", "--module", "prefect.hello_world"],
    ],
)
def test_unreachable_server_is_named_with_the_command_that_starts_one(prefect, arguments: list[str]) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound, not listening: refused, and nobody else takes it meanwhile
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        done = prefect(*arguments, PREFECT__SERVER__ENDPOINT=address)

    assert done.returncode == 1
    assert len(told(done.stderr).splitlines()) == 1
    assert address in done.stderr
    assert "`prefect server start`" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


# ----- key-value store


@pytest.fixture
def cloud(invoke):
    from prefect.utilities.configuration import set_temporary_config

    with set_temporary_config({"backend": "cloud", "cloud.api_key": "KEY"}):
        yield invoke


def test_key_values_are_set_shown_deleted_and_listed(cloud, api) -> None:
    api.data("key_value {", key_value=[{"key": "b"}, {"key": "a"}])
    api.data("key_value(", key_value=[{"id": "k", "value": "5"}])
    api.data("set_key_value", set_key_value={"id": "k"})
    api.data("delete_key_value", delete_key_value={"success": True})

    assert cloud("kv", "set", "a", "5").output == "Key value pair set successfully\n"
    assert api.asked[-1].variables["input"] == {"key": "a", "value": "5"}
    assert cloud("kv", "get", "a").output == "Key 'a' has value '5'\n"
    assert cloud("kv", "delete", "a").output == "Key 'a' has been deleted\n"
    assert cloud("kv", "list").output == "a\nb\n"


def test_unknown_key_is_told(cloud, api) -> None:
    api.data("key_value(", key_value=[])

    done = cloud("kv", "get", "a")

    assert done.exit_code == 1
    assert told(done.output) == "No value found for key: a\n\nError retrieving value for key 'a'\n"


def test_server_without_key_value_store_is_told(invoke, api) -> None:
    api.on("set_key_value", {"errors": [{"message": "Cannot query field 'set_key_value' on type 'Mutation'."}]})

    done = invoke("kv", "set", "a", "5")

    assert done.exit_code == 1
    assert told(done.output) == "KV Store operations are only supported while using Prefect Cloud as a backend.\n"


# ----- backend


def test_backend_is_written_to_the_users_file(prefect, tmp_path: Path) -> None:
    done = prefect("backend", "cloud", PREFECT__BACKEND="cloud")

    assert (done.stdout, done.returncode) == ("Backend switched to cloud\n", 0)
    assert (tmp_path / ".prefect" / "backend.toml").read_text() == 'backend = "cloud"\n'


def test_unknown_backend_changes_nothing(prefect, tmp_path: Path) -> None:
    done = prefect("backend", "elsewhere")

    assert (told(done.stderr), done.stdout, done.returncode) == ("elsewhere is not a valid backend API\n", "", 1)
    assert not (tmp_path / ".prefect").exists()


# ----- auth


def test_a_server_may_ask_for_keys_too_so_its_backend_has_a_log_in(invoke, api) -> None:
    done = invoke("auth", "status")

    assert done.exit_code == 0
    assert done.output.splitlines()[0] == f"You are connecting to {api.url}"
    assert done.output.splitlines()[1].startswith("You are not logged in!")
    api.on("auth_info", {"errors": [{"message": "nope", "extensions": {"code": "UNAUTHENTICATED"}}]})
    assert told(invoke("auth", "login", "--key", "K").output) == "Unauthorized. Invalid Prefect Server API key.\n"


@pytest.fixture
def tenants(api) -> None:
    api.data(
        "tenant(order_by", tenant=[{"id": TENANT, "slug": "d", "name": "D"}, {"id": OTHER, "slug": "o", "name": "O"}]
    )
    api.data("auth_info", auth_info={"tenant_id": TENANT, "user_id": "u"})
    api.data("tenant(where", tenant=[{"id": TENANT, "slug": "d", "name": "D"}])


@pytest.fixture
def stored(invoke, tenants):
    """A cloud backend whose key is stored, not configured."""
    from prefect.utilities.configuration import set_temporary_config

    with set_temporary_config({"backend": "cloud"}):
        yield invoke


def test_log_in_stores_the_key_and_log_out_forgets_it(stored, tmp_path: Path) -> None:
    assert stored("auth", "status").output.splitlines()[1].startswith("You are not logged in!")
    assert told(stored("auth", "login").output) == "You must supply an API key!\n"

    logged_in = stored("auth", "login", "--key", "KEY")

    assert logged_in.output == "Logged in to Prefect Cloud tenant 'D' (d)\n"
    assert 'api_key = "KEY"' in (tmp_path / "auth.toml").read_text()
    assert stored("auth", "status").output.splitlines()[1:] == [
        "You are authenticating with an API key",
        f"You are logged in to tenant {TENANT}",
    ]
    assert stored("auth", "logout", input="n\n").exit_code == 1
    assert stored("auth", "logout", input="y\n").output.endswith("Logged out of Prefect Cloud\n")
    assert "KEY" not in (tmp_path / "auth.toml").read_text()
    again = stored("auth", "logout")
    assert (again.exit_code, again.output.split(".")[0]) == (1, "You are not logged in to Prefect Cloud")


def test_wrong_key_is_not_stored(stored, api, tmp_path: Path) -> None:
    api.on("auth_info", {"errors": [{"message": "nope", "extensions": {"code": "UNAUTHENTICATED"}}]})

    done = stored("auth", "login", "--key", "KEY")

    assert (done.exit_code, told(done.output)) == (1, "Unauthorized. Invalid Prefect Cloud API key.\n")
    assert not (tmp_path / "auth.toml").exists()


def test_configured_key_cannot_be_replaced_by_log_in(cloud) -> None:
    done = cloud("auth", "login", "--key", "K")

    assert done.exit_code == 1
    assert "remove the config key `prefect.cloud.api_key`" in done.output


def test_tenants_are_listed_and_switched(stored, tenants, api, tmp_path: Path) -> None:
    stored("auth", "login", "--key", "KEY")

    assert stored("auth", "list-tenants").output.splitlines() == [
        "NAME    SLUG    ID",
        f"D       d       {TENANT}  *",
        f"O       o       {OTHER}",
    ]
    assert stored("auth", "switch-tenants", "--id", OTHER).output == f"Tenant switched to {OTHER}\n"
    assert f'tenant_id = "{OTHER}"' in (tmp_path / "auth.toml").read_text()
    assert stored("auth", "switch-tenants", "--default").output.endswith(f"for your API key: {TENANT}\n")
    assert stored("auth", "switch-tenants", "--id", "bad").exit_code == 1
    assert stored("auth", "switch-tenants").exit_code == 1


def test_keys_are_created_listed_and_revoked(cloud, tenants, api) -> None:
    api.data("create_api_key", create_api_key={"id": "k", "key": "SECRET"})
    api.data("auth_api_key", auth_api_key=[{"id": "k", "name": "laptop", "expires_at": None}])
    api.data("delete_api_key", delete_api_key={"success": True})

    created = cloud("auth", "create-key", "--name", "laptop", "--expire", "2030-1-1", "--quiet")

    assert created.output == "SECRET\n"
    assert api.asked[-1].variables["input"]["expires_at"].startswith("2030-01-01T00:00:00")
    assert cloud("auth", "create-key", "--name", "x").output.splitlines()[-1] == "Successfully created key: SECRET"
    assert cloud("auth", "list-keys").output.splitlines()[1].split() == ["laptop", "k", "NEVER"]
    assert cloud("auth", "revoke-key", "--id", "k").output == "Key successfully revoked!\n"
    told = cloud("auth", "create-key", "--name", "laptop", "--expire", "2130-1-1").output.splitlines()
    assert re.fullmatch(r"Creating key that will expire in \d+ years\.\.\.", told[1])
    for past in ("2020-1-1", "2020-01-01T00:00:00+02:00"):
        late = cloud("auth", "create-key", "--name", "x", "--expire", past)
        assert late.output.startswith(f"Given expiration time {past!r} is a time in the past: 2020-01-01T00:00:00")
        assert late.exit_code == 1
    assert cloud("auth", "create-key", "--name", "x", "--expire", "").exit_code == 1
    refused = cloud("auth", "create-key", "--name", "x", "--expire", "some day")
    assert (refused.exit_code, refused.output.split(".")[0]) == (1, "Failed to parse expiration time")


# ----- agents


def test_supervisor_configuration_has_the_whole_command(invoke) -> None:
    done = invoke("agent", "local", "install", "-k", "KEY", "-l", "a", "-l", "b c", "-e", "X=50%", "-p", "/x", "-f")

    line = next(line for line in done.output.splitlines() if line.startswith("command="))
    words = shlex.split(line.removeprefix("command=").replace("%%", "%"))
    assert words == [
        *["prefect", "agent", "local", "start", "--key", "KEY", "--label", "a", "--label"],
        *("b c", "--env", "X=50%", "--import-path", "/x", "--show-flow-logs"),
    ]


def test_kubernetes_manifests_are_yaml_with_the_settings(invoke) -> None:
    done = invoke(
        "agent", "kubernetes", "install", "-a", "http://api", "-l", "b", "-l", "a", "-e", "X=1", "-n", "space", "--rbac"
    )

    deployment, role, binding = yaml.safe_load_all(done.output)
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    env = {item["name"]: item["value"] for item in container["env"]}
    assert env["PREFECT__CLOUD__API"] == "http://api"
    assert env["PREFECT__CLOUD__AGENT__LABELS"] == "['a', 'b']"
    assert json.loads(env["PREFECT__CLOUD__AGENT__ENV_VARS"]) == {"X": "1"}
    assert {part["metadata"]["namespace"] for part in (deployment, role, binding)} == {"space"}


@pytest.mark.parametrize("given", ["pct_secret", "pct_secret\n", " pct_secret\r\n"])
def test_the_key_of_an_agent_stands_in_a_secret_and_nowhere_else(invoke, given) -> None:
    done = invoke("agent", "kubernetes", "install", "--namespace", "space", "-k", given)

    secret, deployment = yaml.safe_load_all(done.output)
    assert (secret["kind"], secret["apiVersion"], secret["metadata"]["namespace"]) == ("Secret", "v1", "space")
    assert secret["stringData"] == {"api-key": "pct_secret"}
    assert "pct_secret" not in json.dumps(deployment)
    env = {item["name"]: item for item in deployment["spec"]["template"]["spec"]["containers"][0]["env"]}
    reference = {"secretKeyRef": {"name": secret["metadata"]["name"], "key": "api-key"}}
    assert env["PREFECT__CLOUD__API_KEY"] == {"name": "PREFECT__CLOUD__API_KEY", "valueFrom": reference}
    assert done.output.count("pct_secret") == 1


def test_the_configured_key_of_an_agent_stands_in_a_secret_too(invoke) -> None:
    from prefect.agent.kubernetes.manifests import kubernetes_manifests
    from prefect.utilities.configuration import set_temporary_config

    with set_temporary_config({"cloud.api_key": "pct_secret"}):
        secret, deployment = yaml.safe_load_all(kubernetes_manifests())

    assert secret["kind"] == "Secret"
    assert "pct_secret" not in json.dumps(deployment)


def test_environment_of_an_agent_must_be_pairs(invoke) -> None:
    done = invoke("agent", "local", "start", "--env", "X")

    assert done.exit_code == 2
    assert "expected KEY=VALUE, got 'X'" in done.stderr


def test_agent_that_is_not_there_is_told(invoke, monkeypatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "prefect.agent.vertex", None)

    done = invoke("agent", "vertex", "start")

    assert done.exit_code == 1
    assert done.output.startswith("VertexAgent is not available in version ")


# ----- small commands


def test_version_is_the_packages(invoke) -> None:
    from prefect._version import __version__

    assert invoke("version").output == f"{__version__}\n"


def test_config_is_json_of_all_settings(prefect) -> None:
    done = prefect("config", PREFECT__SOME__KEY="5")

    assert json.loads(done.stdout)["some"] == {"key": 5}


def test_diagnostics_show_names_and_no_values(prefect) -> None:
    done = prefect("diagnostics", PREFECT__CLOUD__API_KEY="hidden")

    shown = json.loads(done.stdout)
    assert "hidden" not in done.stdout
    assert "PREFECT__CLOUD__API_KEY" in shown["env_vars"]


def test_repl_names_the_package_that_it_needs(invoke, monkeypatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "click_repl", None)

    done = invoke("repl")

    assert done.exit_code == 1
    assert "click-repl" in done.output


def test_execute_needs_a_flow_run(invoke) -> None:
    done = invoke("execute", "flow-run")

    assert done.exit_code == 1
    assert told(done.stderr) == "Error: Not currently executing a flow within a Cloud context.\n"


def test_heartbeats_are_sent_as_often_as_asked(invoke, api) -> None:
    from prefect.utilities.configuration import set_temporary_config

    api.data("update_flow_run_heartbeat", update_flow_run_heartbeat={"success": True})

    with set_temporary_config({"cloud.heartbeat_interval": 0}):
        done = invoke("heartbeat", "flow-run", "--id", "r", "--num", "3")

    assert done.exit_code == 0
    beats = [asked for asked in api.asked if "update_flow_run_heartbeat" in asked.query]
    assert [beat.variables["input"]["flow_run_id"] for beat in beats] == ["r"] * 3


def test_answer_about_a_malformed_id_is_told_by_its_message_alone(served) -> None:
    done = served("auth", "revoke-key", "--id", "no-id")

    assert told(done.stderr) == (
        "Unable to revoke key 'no-id': Variable '$input' has invalid value at .key_id: Could not parse UUID: 'no-id'\n"
    )
    assert (done.stdout, done.returncode) == ("", 1)


def test_api_address_that_is_none_is_told_in_one_line(prefect) -> None:
    done = prefect("get", "flows", PREFECT__CLOUD__API="nonsense")

    assert told(done.stderr) == (
        "Error: The API address must begin with http:// or https://, or be \"embedded\". Got 'nonsense'.\n"
    )
    assert (done.stdout, done.returncode) == ("", 1)
