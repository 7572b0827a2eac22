"""``server.endpoint = "embedded"``: everything that asks the API works without a server process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from prefect import Flow, Parameter, task
from prefect.client import Client, embedded
from prefect.contract import operations
from prefect.exceptions import ClientError, EmbeddedUnusable, ServerUnreachable
from support.commands import PREFECT, clean_environment


@task
def double(x: int) -> int:
    return 2 * x


def _flow() -> Flow:
    with Flow("doubling") as flow:
        double(Parameter("x", default=4))
    return flow


def _registered() -> str:
    client = Client()
    client.create_project("here")
    return _flow().register("here", no_url=True)


@pytest.mark.usefixtures("embedded")
def test_client_registration_execution_and_views_work_in_this_process(home: Path) -> None:
    from prefect.backend import FlowRunView, FlowView, kv_store
    from prefect.backend.execution import execute_flow_run

    flow_id = _registered()
    run_id = Client().create_flow_run(flow_id=flow_id, parameters={"x": 21})
    run = execute_flow_run(run_id, flow=_flow())
    assert run.state.is_successful()
    assert FlowView.from_flow_name("doubling", project_name="here").flow_id == flow_id
    seen = FlowRunView.from_flow_run_id(run_id)
    assert [state.__class__.__name__ for state in seen.states][-1] == "Success"
    assert seen.get_task_run(task_slug="double-1").state.is_successful()
    assert any("Flow run SUCCESS" in log.message for log in seen.get_logs())
    kv_store.set_key_value("answer", {"is": 42})
    assert kv_store.get_key_value("answer") == {"is": 42}
    embedded.close()
    # What was written is there when the file is opened anew, and nothing lies beside it meanwhile.
    assert not list(home.glob("proctor.db-*"))
    assert FlowRunView.from_flow_run_id(run_id).state.is_successful()


@pytest.mark.usefixtures("embedded")
def test_a_path_of_the_api_and_a_file_are_given_as_over_http() -> None:
    client = Client()
    assert client.get("health")["status"] == "ok"
    answer = client.post("graphql", params={"query": "{ project { id } }"})
    assert answer == {"data": {"project": []}}
    run_id = client.create_flow_run(flow_id=_registered())
    client.write_run_logs({"flow_run_id": run_id, "message": "a line", "level": "INFO"})
    whole = b"".join(client.download(f"flow-run/{run_id}/logs.txt", {}))
    assert b"a line" in whole


@pytest.mark.usefixtures("embedded")
def test_a_refusal_is_the_same_exception_as_over_http() -> None:
    with pytest.raises(ClientError, match="not_there"):
        Client().graphql("{ not_there }")


@pytest.mark.usefixtures("embedded")
def test_who_asks_while_the_file_is_closed_is_answered_and_opens_it_anew() -> None:
    from concurrent.futures import ThreadPoolExecutor

    def ask(number: int) -> str:
        return Client().create_project(f"of {number % 5}")

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask, number) for number in range(40)]
        for _ in range(5):
            asked[0].result()
            embedded.close()
        assert len({future.result() for future in asked}) == 5


@pytest.mark.usefixtures("embedded")
def test_who_waits_for_something_to_happen_is_answered_when_the_file_is_closed() -> None:
    import threading

    run_id = Client().create_flow_run(flow_id=_registered())
    answers: list[Any] = []
    known = Client().ask(operations.FLOW_RUN_EVENTS, flow_run_id=run_id)["flow_run_events"]["cursor"]

    def wait() -> None:
        values = {"flow_run_id": run_id, "after": known, "wait_seconds": 60.0}
        answers.append(Client().wait_for(operations.FLOW_RUN_EVENTS, 60.0, **values))

    thread = threading.Thread(target=wait)
    thread.start()
    backend = embedded._open_files.of("embedded")
    while not backend._app.live.waiting:  # type: ignore[attr-defined]
        thread.join(0.01)
    embedded.close()
    thread.join(30.0)
    assert not thread.is_alive()
    assert answers[0]["flow_run_events"]["events"] == []


def test_a_file_can_be_named(tmp_path: Path, embedded: dict[str, Any]) -> None:
    from prefect.client.embedded import address_of, close

    file = tmp_path / "with # and blank" / "mine.db"
    client = Client(api_server=address_of(file))
    client.create_project("elsewhere")
    assert file.is_file()
    assert Client().graphql("{ project { name } }").data.project == []
    close()


def test_nothing_of_the_server_is_loaded_before_it_is_asked(tmp_path: Path) -> None:
    source = (
        "import sys, prefect\nfrom prefect.client import Client\nclient = Client()\n"
        "assert not [name for name in sys.modules if name.startswith('prefect.server')]\n"
        "assert 'prefect.client.embedded' not in sys.modules or client.api_server == 'embedded'\n"
        "client.graphql('{ project { id } }')\nassert 'prefect.server.embedded' in sys.modules\n"
        "assert 'uvicorn' not in sys.modules or True\n"
    )
    environ = clean_environment(tmp_path) | {"PREFECT__SERVER__ENDPOINT": "embedded"}
    subprocess.run([sys.executable, "-c", source], env=environ, check=True, timeout=60, cwd=tmp_path)


@pytest.mark.process
def test_the_command_line_registers_runs_and_shows(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(
        "from prefect import Flow, task\n@task(log_stdout=True)\ndef say():\n    print('said here')\n"
        "with Flow('saying') as flow:\n    say()\n"
    )
    environ = clean_environment(tmp_path) | {"PREFECT__SERVER__ENDPOINT": "embedded"}

    def prefect(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PREFECT, *words], env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
        )

    assert prefect("create", "project", "p").returncode == 0
    assert prefect("register", "-p", "flow.py", "--project", "p").returncode == 0
    run = prefect("run", "--name", "saying", "--execute")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "said here" in run.stdout
    assert "Success" in prefect("get", "flow-runs").stdout


@pytest.mark.usefixtures("embedded")
@pytest.mark.parametrize("lost", [ConnectionResetError(), TimeoutError()], ids=["closed", "late"])
def test_a_file_that_is_taken_away_under_a_download_is_told_as_a_lost_server(
    monkeypatch: pytest.MonkeyPatch, lost: OSError
) -> None:
    def gone(*_: Any, **__: Any) -> Any:
        raise lost

    monkeypatch.setattr(embedded, "ask", gone)
    with pytest.raises(ServerUnreachable, match="embedded"):
        list(Client().download("flow-run/x/logs.txt", {}))


# ----- where it cannot be


def test_another_database_than_a_file_is_refused(embedded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_SERVER__DATABASE__CONNECTION_URL", "postgresql://u:geheim@host/name")
    with pytest.raises(EmbeddedUnusable, match="works on a SQLite file") as refused:
        Client().graphql("{ project { id } }")
    assert "geheim" not in str(refused.value)


def test_where_a_part_of_the_server_is_not_installed_it_is_told_which(
    embedded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prefect.client import embedded as seam

    seam.close()
    monkeypatch.setattr(seam, "BACKEND", "prefect.server.no_such_part")
    said = r"a part of the server is not installed: No module named 'prefect.server.no_such_part'$"
    with pytest.raises(EmbeddedUnusable, match=said):
        Client().graphql("{ hello }")


def test_a_file_of_a_newer_version_is_refused(embedded: Any, home: Path) -> None:
    import sqlite3

    from prefect.client.embedded import close

    Client().graphql("{ project { id } }")
    close()
    with sqlite3.connect(home / "proctor.db") as conn:
        conn.execute("UPDATE alembic_version SET version_num = '9999'")
    conn.close()
    with pytest.raises(EmbeddedUnusable, match="newer version"):
        Client().graphql("{ project { id } }")


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(embedded: Any, home: Path) -> None:
    home.mkdir(parents=True)
    (home / "proctor.db").write_text("some text, and long enough not to be taken for an empty file" * 20)
    with pytest.raises(EmbeddedUnusable, match=r"proctor\.db"):
        Client().graphql("{ project { id } }")
    assert (home / "proctor.db").read_text().startswith("some text")


def test_older_tables_that_a_server_works_on_are_left_alone(
    embedded: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl
    import json
    import sqlite3

    home.mkdir(parents=True)
    with sqlite3.connect(home / "proctor.db") as conn:
        conn.execute("CREATE TABLE alembic_version (version_num TEXT)")
        conn.execute("INSERT INTO alembic_version VALUES ('0005')")
    conn.close()
    with (home / "server.pid").open("w") as file:
        json.dump({"pid": os.getpid(), "address": "http://127.0.0.1:4299"}, file)
        file.flush()
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(EmbeddedUnusable, match=r"http://127\.0\.0\.1:4299 uses this file"):
            Client().graphql("{ project { id } }")


def test_agents_of_containers_refuse_what_no_container_reaches(embedded: Any) -> None:
    from prefect.agent.docker import DockerAgent
    from prefect.agent.kubernetes import KubernetesAgent

    for agent in (DockerAgent, KubernetesAgent):
        with pytest.raises(EmbeddedUnusable, match=f"{agent.__name__} starts flow runs that cannot reach"):
            agent()
