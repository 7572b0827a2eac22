"""A real server with keys and a certificate, and the real command beside it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from support.commands import PREFECT, clean_environment, told
from support.servers import ServerProcess, free_port
from support.tls import make_certificate

START_SECONDS = 30.0


class Machine:
    """A folder, the environment of its commands, and the address of its server."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.certificate, self.key_file = make_certificate(folder)
        self.env = clean_environment(folder) | {
            "PREFECT__HOME_DIR": str(folder / "home"),
            "PREFECT__BACKEND": "server",
            "PREFECT__CLOUD__API": self.url,
            "SSL_CERT_FILE": str(self.certificate),
        }

    def do(self, *arguments: str, expects: int = 0, **more: str) -> str:
        done = subprocess.run(
            PREFECT + list(arguments), env=self.env | more, cwd=self.folder, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == expects, f"{arguments}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def python(self, script: str, **more: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", script], env=self.env | more, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def start(self) -> subprocess.Popen[bytes]:
        arguments = ["server", "start", "--port", str(self.port), "--require-keys"]
        arguments += ["--ssl-certfile", str(self.certificate), "--ssl-keyfile", str(self.key_file)]
        with (self.folder / "server.log").open("wb") as log:
            process = subprocess.Popen(PREFECT + arguments, env=self.env, cwd=self.folder, stdout=log, stderr=log)
        end = time.monotonic() + START_SECONDS
        while not self.answers():
            assert process.poll() is None, self.log()
            assert time.monotonic() < end, self.log()
            time.sleep(0.05)  # another process gives no event to wait for
        return process

    def log(self) -> str:
        return (self.folder / "server.log").read_text()

    def answers(self) -> bool:
        import ssl

        trust = ssl.create_default_context(cafile=str(self.certificate))
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=2, context=trust) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


SECRET_IN_A_FLOW = """
from prefect import Flow, task
from prefect.client import Client, Secret
from prefect.tasks.secrets import PrefectSecret

Client().set_secret("word", {"a": ["hidden words"]})
assert Secret("word").exists() and not Secret("none").exists()

@task
def check(value):
    assert value == {"a": ["hidden words"]}

with Flow("reads") as flow:
    check(PrefectSecret("word"))
assert flow.run().is_successful()
print("read")
"""


@pytest.mark.process
def test_keys_secrets_and_key_values_over_https(tmp_path):
    machine = Machine(tmp_path)
    key = machine.do("server", "create-key", "--quiet", "--name", "first").strip()
    process = machine.start()
    try:
        assert "needs an API key" in machine.do("get", "projects", expects=1)
        assert told(machine.do("auth", "login", "--key", "pct_wrong", expects=1)) == (
            "Unauthorized. Invalid Prefect Server API key.\n"
        )
        assert "Logged in to Prefect Server tenant 'default' (default)" in machine.do("auth", "login", "--key", key)
        assert "You are logged in to tenant" in machine.do("auth", "status")
        assert machine.do("auth", "list-tenants").splitlines()[1].split()[:2] == ["default", "default"]
        reader = machine.do("auth", "create-key", "--name", "reader", "--role", "read", "--quiet").strip()
        (line,) = [line for line in machine.do("auth", "list-keys").splitlines() if line.startswith("reader")]
        assert machine.do("create", "project", "p") == "p created\n"
        as_reader = {"PREFECT__CLOUD__API_KEY": reader}
        assert "p" in machine.do("get", "projects", **as_reader)
        assert "needs an API key with the role run" in machine.do("kv", "set", "k", "v", expects=1, **as_reader)

        assert machine.do("kv", "set", "k", "v") == "Key value pair set successfully\n"
        assert machine.do("kv", "get", "k") == "Key 'k' has value 'v'\n"
        assert machine.do("kv", "list") == "k\n"
        assert machine.do("kv", "delete", "k") == "Key 'k' has been deleted\n"
        assert "No value found for key: k" in machine.do("kv", "get", "k", expects=1)

        in_a_run = {"PREFECT__CLOUD__USE_LOCAL_SECRETS": "false"}
        assert machine.python(SECRET_IN_A_FLOW, **in_a_run).splitlines()[-1] == "read"

        assert machine.do("auth", "revoke-key", "--id", line.split()[1]) == "Key successfully revoked!\n"
        assert "not known here" in machine.do("get", "projects", expects=1, **as_reader)
        machine.do("auth", "switch-tenants", "--default")
        plain = urllib.request.Request(f"http://127.0.0.1:{machine.port}/health")
        with pytest.raises((urllib.error.URLError, OSError)):
            urllib.request.urlopen(plain, timeout=60)
        running = json.loads((tmp_path / "home" / "server.pid").read_text())
        assert running["address"] == machine.url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    for text in (machine.log(), (tmp_path / "home" / "proctor.db").read_bytes().decode("latin-1")):
        assert "hidden words" not in text
        assert key not in text
        assert reader not in text


@pytest.mark.process
@pytest.mark.process
@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_an_authority_of_ones_own_is_trusted_as_1_x_trusted_it(tmp_path, name):
    machine = Machine(tmp_path)
    for known in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        machine.env.pop(known, None)
    process = machine.start()
    try:
        assert "ertificate" in machine.do("get", "projects", expects=1)
        assert "needs an API key" in machine.do("get", "projects", expects=1, **{name: str(machine.certificate)})
        assert "o such file" in machine.do("get", "projects", expects=1, REQUESTS_CA_BUNDLE="nowhere.pem")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("--ssl-certfile", "nowhere.pem"),
            "The certificate in nowhere.pem cannot be used: No such file or directory.",
        ),
        (("--ssl-keyfile", "key.pem"), "--ssl-keyfile needs the certificate"),
        (("--host", "0.0.0.0"), "--require-keys"),
    ],
)
def test_a_server_that_cannot_be_safe_does_not_start(tmp_path, arguments, said):
    machine = Machine(tmp_path)

    assert said in machine.do("server", "start", "--port", "0", *arguments, expects=1)


@pytest.mark.process
def test_a_first_key_is_made_for_a_tenant_a_role_and_a_time(tmp_path):
    machine = Machine(tmp_path)

    assert "pct_" in machine.do("server", "create-key", "--role", "run", "--expire", "2040-01-01")
    assert "pct_" in machine.do("server", "create-key", "--all-tenants", "-q")
    assert "no tenant with the slug 'x'" in machine.do("server", "create-key", "--tenant", "x", expects=1)
    assert "a time to come" in machine.do("server", "create-key", "--expire", "2001-01-01", expects=1)
    assert "cannot be read as a time" in machine.do("server", "create-key", "--expire", "some day", expects=1)
    assert "not both" in machine.do("server", "create-key", "--tenant", "default", "--all-tenants", expects=1)


def test_behind_a_trusted_proxy_the_caller_is_whom_the_proxy_names(tmp_path):
    class Proxied(ServerProcess):
        @property
        def own_settings(self):
            return self.settings | {"PREFECT_SERVER__HTTP__TRUSTED_PROXIES": self.trusted}

    for trusted, address in (("127.0.0.0/8", "203.0.113.7"), ("10.0.0.1", "127.0.0.1")):
        (tmp_path / address).mkdir()
        server = Proxied(tmp_path / address)
        server.trusted = trusted
        try:
            server.start()
            for query in ('mutation { create_project(input: {name: "p"}) { id } }', "{ audit { address } }"):
                headers = {"Content-Type": "application/json", "X-Forwarded-For": "203.0.113.7"}
                request = urllib.request.Request(server.url, json.dumps({"query": query}).encode(), headers)
                with urllib.request.urlopen(request) as answer:
                    said = json.load(answer)
            assert said == {"data": {"audit": [{"address": address}]}}
        finally:
            server.stop()
