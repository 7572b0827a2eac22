"""Clients that dawdle, come in crowds, or are in the middle of a request when the server is told to stop."""

from __future__ import annotations

import http.client
import json
import select
import signal
import socket
import sqlite3
import threading
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from support.road import Road, wait_until
from support.world import flow_document

pytestmark = pytest.mark.process

CREATE = "mutation($input: create_flow_run_input!) { create_flow_run(input: $input) { id } }"


def flow_on(road: Road) -> str:
    project = road.graphql('mutation { create_project(input: {name: "p"}) { id } }')["data"]["create_project"]["id"]
    made = road.graphql(
        "mutation($input: create_flow_input!) { create_flow(input: $input) { id } }",
        {"input": {"project_id": project, "serialized_flow": flow_document()}},
    )
    return str(made["data"]["create_flow"]["id"])


def connect(road: Road, said: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", road.port), timeout=60)
    connection.sendall(said)
    return connection


def test_two_hundred_half_open_connections_do_not_stop_others_and_are_closed(road: Road) -> None:
    road.server(PREFECT_SERVER__HTTP__HEADER_SECONDS="10", PREFECT_SERVER__HTTP__BODY_SECONDS="10")
    post = b"POST / HTTP/1.1\r\nHost: localhost\r\n"
    begun = [b"", b"POS", post, post + b'Content-Length: 1000\r\n\r\n{"query": ']
    held = [connect(road, said) for said in begun for _ in range(50)]
    with ExitStack() as stack:
        for connection in held:
            stack.enter_context(connection)
        _others_are_answered_and_these_closed(road, held)


def _others_are_answered_and_these_closed(road: Road, held: list[socket.socket]) -> None:
    assert road.graphql("{ hello }") == {"data": {"hello": "👋"}}
    # It did not wait for any of them to be closed.
    assert select.select(held, [], [], 0)[0] == []
    for _ in range(30):
        assert road.graphql("{ hello }") == {"data": {"hello": "👋"}}
    for connection in held:
        assert connection.recv(1000).startswith(b"HTTP/1.1 408")
        while connection.recv(1000):
            pass


def test_connections_beyond_the_bound_are_told_to_come_again(road: Road) -> None:
    road.server(PREFECT_SERVER__HTTP__MAX_CONNECTIONS="20")
    held = [connect(road, b"") for _ in range(20)]

    def is_refused() -> bool:
        with connect(road, b"") as one_more:
            return one_more.recv(100).startswith(b"HTTP/1.1 503")

    wait_until("the server has taken them", is_refused, 5)

    for connection in held:
        connection.close()

    wait_until("there is room again", road.is_healthy, 5)


def test_stopped_under_load_every_acknowledged_run_is_there_and_nobody_hangs(road: Road) -> None:
    server = road.server()
    flow_id = flow_on(road)
    acknowledged: list[str] = []
    unclean: list[Any] = []
    enough = threading.Event()

    def create(number: int) -> None:
        # Closed whichever way the loop ends: a connection cut off in the middle keeps its socket until then.
        with closing(http.client.HTTPConnection("127.0.0.1", road.port, timeout=60)) as connection:
            keep_creating(number, connection)

    def keep_creating(number: int, connection: http.client.HTTPConnection) -> None:
        count = 0
        while True:
            count += 1
            given = {"input": {"flow_id": flow_id, "idempotency_key": f"{number}-{count}"}}
            try:
                connection.request(
                    "POST", "/", json.dumps({"query": CREATE, "variables": given}), {"Content-Type": "application/json"}
                )
                answer = connection.getresponse()
                said = json.loads(answer.read())
            except TimeoutError as error:
                unclean.append(error)
                return
            except (OSError, http.client.HTTPException):
                return  # refused, or closed between two requests
            if "errors" in said:
                return
            acknowledged.append(said["data"]["create_flow_run"]["id"])
            if len(acknowledged) > 200:
                enough.set()

    clients = [threading.Thread(target=create, args=(number,)) for number in range(16)]
    for client in clients:
        client.start()
    assert enough.wait(30)
    code = road.stop(server, signal.SIGTERM)
    for client in clients:
        client.join(25)

    assert code == 0
    assert unclean == []
    with closing(sqlite3.connect(Path(road.folder) / "proctor.db")) as database:
        kept = {row[0] for row in database.execute("SELECT id FROM flow_run")}
        assert set(acknowledged) <= kept
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert "Traceback" not in road.log("server")
