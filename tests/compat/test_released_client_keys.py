"""The released 1.4.1 package with an API key, against our server that asks for one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from support.released import PYTHON, needs_released
from support.road import Road, wait_until

pytestmark = [pytest.mark.process, needs_released]

SCRIPT = """
from prefect import Client, Flow, config, task
from prefect.exceptions import AuthorizationError

client = Client()
client.create_project("p")

@task
def one():
    return 1

with Flow("keyed") as flow:
    one()
run_id = client.create_flow_run(flow_id=flow.register("p", no_url=True))
assert client.get_flow_run_info(run_id).state.is_scheduled()
assert client.get_flow_run_info(run_id).project.name == "p"
client.set_secret("word", {"x": 1})
assert client.graphql('query { secret_value(name: "word") }').data.secret_value == {"x": 1}
if config.backend == "cloud":
    from prefect.backend import kv_store

    kv_store.set_key_value("k", [1])
    assert kv_store.get_key_value("k") == [1]
    assert kv_store.list_keys() == ["k"]
for other in (Client(api_key="pct_wrong"),):
    try:
        other.graphql("{ hello }")
    except AuthorizationError as error:
        print(client.tenant_id, "UNAUTHENTICATED" in str(error))
"""


@pytest.mark.parametrize("backend", ["server", "cloud"])
def test_the_released_client_uses_a_key_and_understands_a_refusal(tmp_path, backend):
    with Road(tmp_path) as road:
        made = subprocess.run(
            [sys.executable, "-m", "prefect", "server", "create-key", "--quiet"],
            env=road.env, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        road.start("server", "start", "--port", str(road.port), "--require-keys")
        wait_until("server", road.is_healthy, 30)
        env = road.env | {
            "PYTHONWARNINGS": "ignore",
            "PREFECT__BACKEND": backend,
            "PREFECT__CLOUD__API": road.api,
            "PREFECT__CLOUD__API_KEY": made.stdout.strip(),
        }
        done = subprocess.run(
            [str(PYTHON), "-c", SCRIPT], env=env, cwd=tmp_path, capture_output=True, text=True, timeout=90
        )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.split()[-1] == "True"
