"""``prefect server``, as a process of its own."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest

from support.commands import told
from support.processes import end

pytestmark = pytest.mark.process


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return {**kept, "PREFECT__HOME_DIR": str(home), "PREFECT__USER_CONFIG_PATH": str(home / "config.toml")}


def command(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "prefect", "server", *arguments],
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def ask(address: str, query: str, headers: dict[str, str] | None = None) -> dict:
    body = json.dumps({"query": query}).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json", **(headers or {})})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


@pytest.fixture
def start(tmp_path):
    started = []

    def begin(*arguments: str) -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "prefect", "server", "start", "--port", "0", "--hide-welcome", *arguments],
            env=environment(tmp_path),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        readable, _, _ = select.select([process.stdout], [], [], 30)
        assert readable, "the server did not tell its address"
        return process, process.stdout.readline().strip()

    yield begin
    for process in started:
        end(process)
        process.stdout.close()
        process.stderr.close()


def test_a_server_starts_with_a_file_in_the_home_folder_and_a_default_tenant(start, tmp_path):
    _, address = start()

    assert ask(address, "{ hello tenant { slug } }") == {"data": {"hello": "👋", "tenant": [{"slug": "default"}]}}
    assert (tmp_path / "proctor.db").exists()


def test_an_answer_does_not_tell_what_serves_it_and_no_request_is_logged(start):
    process, address = start()
    with urllib.request.urlopen(address.replace("/graphql", "") + "/health", timeout=30) as answer:
        assert answer.status == 200
        assert "server" not in {name.lower() for name in answer.headers}
        assert answer.headers["date"]
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert process.stderr.read() == process.stdout.read() == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_at_once_and_answers_who_waits(start, number):
    process, address = start()
    answers = []
    agent = ask(address, 'mutation { register_agent(input: {type: "LocalAgent"}) { id } }')["data"]["register_agent"]
    seen = ask(address, "{ agent { last_queried } }")
    waiting = "mutation { get_runs_in_queue(input: {wait_seconds: 60}) { flow_run_ids } }"
    headers = {"X-PREFECT-AGENT-ID": agent["id"]}
    thread = threading.Thread(target=lambda: answers.append(ask(address, waiting, headers)))
    thread.start()
    while ask(address, "{ agent { last_queried } }") == seen:  # the wait has begun when the agent was marked
        pass

    process.send_signal(number)
    thread.join(40)  # the agent would wait longer

    assert process.wait(20) == 0
    assert answers == [{"data": {"get_runs_in_queue": {"flow_run_ids": []}}}]
    assert process.stderr.read() == ""


def refuses_connections(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=30).close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:  # it was still waiting to be taken when the place was closed
        return False
    return False


def begin_request(address: str, body: bytes) -> tuple[socket.socket, tuple[str, int]]:
    """Send the headers of a request; gives the connection once its body is waited for."""
    host, _, port = address.rpartition("/")[2].partition(":")
    place = (host, int(port))
    connection = socket.create_connection(place, timeout=60)
    head = f"POST / HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\nConnection: close\r\n"
    connection.sendall(f"{head}Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n".encode())
    assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
    return connection, place


def test_a_request_that_has_begun_is_answered_before_the_end(start, tmp_path):
    process, address = start()
    body = json.dumps({"query": 'mutation { create_project(input: {name: "late"}) { id } }'}).encode()
    connection, place = begin_request(address, body)
    with connection:
        process.send_signal(signal.SIGTERM)
        while not refuses_connections(*place):
            pass
        connection.sendall(body)
        answer = b""
        while piece := connection.recv(65_536):
            answer += piece

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"create_project" in answer
    assert process.wait(30) == 0
    # The database was closed: all is in its file.
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("proctor.db")] == ["proctor.db"]


def test_a_request_that_never_ends_does_not_hold_up_the_end_for_longer_than_is_set(tmp_path, start):
    (tmp_path / "config.toml").write_text("[server.http]\nstop_seconds = 0.1\n")
    process, address = start()
    connection, _ = begin_request(address, b"{}")
    with connection:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


def test_what_was_acknowledged_survives_a_kill(start):
    process, address = start()
    made = ask(address, 'mutation { create_project(input: {name: "kept"}) { id } }')["data"]["create_project"]
    process.kill()
    process.wait(20)

    _, address = start()

    assert ask(address, "{ project { id name } }")["data"]["project"] == [{"id": made["id"], "name": "kept"}]


def test_it_runs_in_the_background_until_it_is_stopped(tmp_path):
    begun = command(tmp_path, "start", "--detach", "--port", "0")
    try:
        assert begun.returncode == 0, begun.stderr
        again = command(tmp_path, "start", "--detach", "--port", "0")
        assert again.returncode == 1
        assert "A server is running already" in again.stderr
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert {"server.log", "server.pid", "proctor.db"} <= {path.name for path in files}
        assert not [path for path in files if path.stat().st_mode & 0o077], "for its owner alone"
    finally:
        ended = command(tmp_path, "stop")
    assert ended.stdout.endswith(" stopped.\n")
    assert command(tmp_path, "stop").stderr == "No server is running.\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--port", "x"), "Setting services.port (--port): expected a whole number from 0 to 65535, got 'x'."),
        (("--host", "0.0.0.0", "--port", "0"), "can be reached from other machines"),
        (("--host", "203.0.113.1", "--expose", "--port", "0"), "Cannot listen on 203.0.113.1:0"),
        (("--port", "0", "--database-url", "mysql://x/y"), "expected sqlite"),
        (("--port", "0", "--database-url", "sqlite:////proc/none/x.db"), "/proc/none/x.db"),
        (("--port", "0", "--database-url", "postgresql://nobody@127.0.0.1:1/none"), "127.0.0.1:1"),
    ],
)
def test_what_keeps_it_from_starting_is_told_in_one_line(tmp_path, arguments, said):
    ended = command(tmp_path, "start", *arguments)

    assert ended.returncode == 1
    assert ended.stdout == ""
    assert said in ended.stderr
    assert ended.stderr.startswith("Error: ")
    assert "Traceback" not in ended.stderr


def test_a_taken_port_is_told(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        ended = command(tmp_path, "start", "--port", str(port))

    assert ended.returncode == 1
    assert told(ended.stderr) == (
        f"Error: Port {port} on 127.0.0.1 is taken by another program. Stop it, or give another port with --port.\n"
    )


def test_options_of_the_container_stack_are_accepted_with_a_note(tmp_path):
    shown = command(tmp_path, "config", "--no-ui", "--hasura-port", "3000", "--server-port", "4300")

    assert shown.returncode == 0
    assert json.loads(shown.stdout)["services.port"] == 4300
    assert "Note: --no-ui has no meaning here" in shown.stderr
    assert "Note: --hasura-port has no meaning here" in shown.stderr


def test_the_password_of_a_database_is_not_shown(tmp_path):
    shown = command(tmp_path, "config", "--database-url", "postgresql://me:secret@host:5432/name")

    assert json.loads(shown.stdout)["database.connection_url"] == "postgresql://me:***@host:5432/name"


def test_a_database_is_upgraded_and_reset(tmp_path, start):
    assert command(tmp_path, "database", "upgrade").returncode == 0
    process, address = start()
    ask(address, 'mutation { create_project(input: {name: "gone"}) { id } }')
    refused = command(tmp_path, "database", "reset", "--yes")
    assert "A server is running" in refused.stderr
    process.terminate()
    process.wait(20)

    assert command(tmp_path, "database", "reset", "--yes").returncode == 0

    _, address = start()
    assert ask(address, "{ project { id } }") == {"data": {"project": []}}


def test_the_log_for_machines_holds_nothing_else_from_start_to_end(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "prefect", "server", "start", "--port", "0", "--log-format", "json"],
        env={**environment(tmp_path), "PREFECT_SERVER__SERVICES__REQUIRE_KEY": "true"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines = []
    try:
        while not lines or not lines[-1]["message"].startswith("Serving at http://127.0.0.1:"):
            lines.append(json.loads(process.stdout.readline()))
        process.send_signal(signal.SIGTERM)
        lines += [json.loads(line) for line in process.stdout]
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    told = [line["message"] for line in lines]
    unknown = "PREFECT_SERVER__SERVICES__REQUIRE_KEY is no setting of this server and has no effect"
    assert any(line.startswith(unknown) for line in told)
    assert told[-1] == "Server stopped."


def send_slowly(address: str, headers: str, body: bytes) -> bytes:
    """Begin a request whose body does not come; gives what is answered until the server hangs up."""
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(f"POST / HTTP/1.1\r\nHost: {host}:{port}\r\n{headers}\r\n".encode() + body)
        answer = b""
        while piece := connection.recv(65_536):
            answer += piece
    return answer


@pytest.mark.parametrize(
    ("headers", "body"),
    [("Content-Length: 1000000\r\n", b"{"), ("Transfer-Encoding: chunked\r\n", b"1\r\n{\r\n")],
    ids=["length", "chunked"],
)
def test_a_request_without_a_key_whose_body_does_not_come_loses_its_connection(start, headers, body):
    _, address = start("--require-keys")

    answer = send_slowly(address, headers, body)

    assert answer.startswith(b"HTTP/1.1 401")
    assert b"connection: close" in answer.lower()
