"""One client of the history checker, a process of its own: does things at random and notes what was acknowledged.

Started as ``python client.py '<json>'`` with url, seed, role (``maker``, ``worker`` or ``stranger``), seconds at
most, over (a file: its work ends when it is there), flow_id, keys, journal, vanish, and ``api_keys`` by who holds them.
Every line of the journal is one acknowledgement. Standard library only, so that it starts in no time.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import sys
import time
import uuid
from typing import Any
from urllib.parse import urlsplit

# A caller asks again for so long; longer than the server is ever away.
PATIENCE_SECONDS = 30.0
JUNK: tuple[tuple[str, Any], ...] = (
    ("set_flow_run_states", {"states": [{"flow_run_id": "nonsense", "state": {"type": "Running"}}]}),
    ("set_flow_run_states", {"states": [{"flow_run_id": str(uuid.UUID(int=5)), "state": {"type": "Nothing"}}]}),
    ("create_flow_run", {"flow_id": str(uuid.UUID(int=5)), "parameters": [1]}),
    ("create_flow_run", {"flow_id": 5}),
    ("write_run_logs", {"logs": [{"flow_run_id": str(uuid.UUID(int=5)), "message": "x", "level": "LOUD"}]}),
)
# What strangers try: to change something, and to read what is others'.
FORBIDDEN_TO_READ: tuple[tuple[str, str, Any], ...] = (
    ("POST", "/", {"query": 'mutation { create_flow_run(input: {flow_id: "FLOW"}) { id } }'}),
    ("POST", "/graphql", {"query": 'mutation { delete_flow(input: {flow_id: "FLOW"}) { success } }'}),
    ("POST", "/", {"query": 'mutation { m: set_schedule_inactive(input: {flow_id: "FLOW"}) { success } }'}),
)
SECRET: tuple[tuple[str, str, Any], ...] = (
    ("POST", "/", {"query": "{ flow_run { id } }"}),
    ("POST", "/", {"query": '{ flow_by_pk(id: "FLOW") { name flow_runs { id } } }'}),
    ("POST", "/graphql", [{"query": "{ log { message } }"}, {"query": "{ task_run { id } }"}]),
    ("GET", "/graphql?query={agent{id}}", None),
)
PAYLOADS = {
    "set_flow_run_states": "states { id status message }",
    "set_task_run_states": "states { id status message }",
    "create_flow_run": "id",
    "write_run_logs": "success",
    "get_runs_in_queue": "flow_run_ids",
    "cancel_flow_run": "state",
    "register_agent": "id",
}


class Refused(Exception):
    """The server said no: the operation was not done."""


class Unheard(Exception):
    """No answer came for a long time: nobody knows whether it was done."""


def tells(answer: Any) -> bool:
    """Tell whether an answer says more than that there is nothing, or that nothing was done."""
    if isinstance(answer, dict):
        return any(tells(value) for value in answer.values())
    if isinstance(answer, list):
        return any(tells(value) for value in answer)
    return bool(answer)


class Client:
    def __init__(self, given: dict[str, Any]) -> None:
        self.given = given
        self.random = random.Random(given["seed"])
        self.address = urlsplit(given["url"])
        self.end = time.monotonic() + given["seconds"]
        self.headers = {"Content-Type": "application/json", "Authorization": f"Bearer {given['api_keys']['run']}"}
        self.journal = open(given["journal"], "a", buffering=1)  # noqa: SIM115 - open as long as the process lives

    def is_over(self) -> bool:
        return time.monotonic() > self.end or os.path.exists(self.given["over"])

    def note(self, op: str, **what: Any) -> None:
        self.journal.write(json.dumps({"op": op, **what}) + "\n")

    def new_id(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    # ------------------------------------------------------------------------------------- the wire

    def post(self, body: bytes) -> dict[str, Any]:
        """Send until there is an answer; the ids inside make a second arrival harmless."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while True:
            connection = http.client.HTTPConnection(self.address.hostname or "", self.address.port, timeout=10)
            try:
                connection.request("POST", "/", body, self.headers)
                answer = connection.getresponse()
                said = json.loads(answer.read())
                if answer.status == 503:  # it could do nothing, or has no room: nobody was told anything
                    raise ConnectionError
                if answer.status >= 500:
                    self.note("violation", what=f"7: status {answer.status}", said=said)
                return dict(said)
            except (OSError, http.client.HTTPException):
                if time.monotonic() > give_up:
                    raise Unheard from None
                time.sleep(self.random.uniform(0.01, 0.1))
            finally:
                connection.close()

    def call(self, name: str, given: dict[str, Any]) -> Any:
        document = f"mutation($input: {name}_input!) {{ {name}(input: $input) {{ {PAYLOADS[name]} }} }}"
        said = self.post(json.dumps({"query": document, "variables": {"input": given}}).encode())
        if "errors" in said:
            self.check_error(said["errors"])
            raise Refused(said["errors"][0]["message"])
        return said["data"][name]

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        said = self.post(json.dumps({"query": query, "variables": variables}).encode())
        if "errors" in said:
            self.check_error(said["errors"])
            raise Refused(said["errors"][0]["message"])
        return dict(said["data"])

    def check_error(self, errors: list[dict[str, Any]]) -> None:
        for error in errors:
            text = error["message"]
            if "Traceback" in text or text.startswith("Unable to complete operation"):
                self.note("violation", what="7: an unforeseen error", said=error)

    # ------------------------------------------------------------------------------------ the roles

    def maker(self) -> None:
        made: list[str] = []
        while not self.is_over():
            drawn = self.random.random()
            try:
                if drawn < 0.8:
                    made.append(self.create())
                elif drawn < 0.9 and made:
                    run_id = self.random.choice(made)
                    self.note(
                        "cancel", run=run_id, state=self.call("cancel_flow_run", {"flow_run_id": run_id})["state"]
                    )
                else:
                    self.junk()
            except (Refused, Unheard):
                continue

    def create(self) -> str:
        key = f"key-{self.random.randrange(self.given['keys'])}"
        given = {"flow_id": self.given["flow_id"], "idempotency_key": key}
        run_id = str(self.call("create_flow_run", given)["id"])
        self.note("create", key=key, run=run_id)
        return run_id

    def junk(self) -> None:
        name, given = self.random.choice(JUNK)
        try:
            self.call(name, given)
        except Refused:
            return
        self.note("violation", what="7: junk was accepted", said=[name, given])

    def worker(self) -> None:
        agent_id = self.call("register_agent", {"type": "LocalAgent", "name": self.given["journal"], "labels": []})[
            "id"
        ]
        agent = {"X-PREFECT-AGENT-ID": agent_id}
        while not self.is_over():
            try:
                self.headers |= agent
                run_ids = self.call("get_runs_in_queue", {"wait_seconds": 0.2})["flow_run_ids"]
                if run_ids:
                    self.work_on(self.random.choice(run_ids), agent)
            except (Refused, Unheard):
                continue

    def stranger(self) -> None:
        """Try what nobody may who holds no key, one that was revoked, one of another tenant or one for reading."""
        while not self.is_over():
            who = self.random.choice(("nobody", "nobody", "other", "read", "revoked"))
            method, path, body = self.random.choice(
                FORBIDDEN_TO_READ if who == "read" else (*FORBIDDEN_TO_READ, *SECRET)
            )
            headers = {"Content-Type": "application/json"}
            if who != "nobody":
                headers["Authorization"] = f"Bearer {self.given['api_keys'][who]}"
            text = json.dumps(body).replace("FLOW", self.given["flow_id"]).encode() if body else None
            self.knock(who, method, path, text, headers)
            time.sleep(self.random.uniform(0.02, 0.2))

    def knock(self, who: str, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> None:
        connection = http.client.HTTPConnection(self.address.hostname or "", self.address.port, timeout=10)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            status, text = answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            return  # the server is away, or the proxy lost it
        finally:
            connection.close()
        self.note("refused", who=who, status=status)
        if status in (401, 403, 429, 503):
            return
        said = json.loads(text) if text.startswith(("{", "[")) else text
        found = said.get("data") if isinstance(said, dict) else said
        if who in ("nobody", "revoked") or tells(found) or not said:
            self.note("violation", what=f"6: {who} was answered", asked=[path, str(body)], said=said)

    def work_on(self, run_id: str, agent: dict[str, str]) -> None:
        run = self.look(run_id)
        version = run["version"]
        if run["state"] == "Running":
            # Its process went away while a task waited to be tried again: taking the task takes the run.
            due = [task for task in run["task_runs"] if task["state"] == "Retrying"]
            if not due:
                return
            self.set_state(due[0]["id"], "Submitted", due[0]["version"], "task")
        else:
            # Two workers may both have seen this version; only one of them gets the run.
            version = self.set_state(run_id, "Submitted", version)
            self.note("claim", run=run_id, version=version)
        if self.random.random() < self.given["vanish"]:
            return
        for name in agent:
            del self.headers[name]
        self.headers["X-PREFECT-RUN-PROCESS"] = f"{run_id}/{self.new_id()}"
        try:
            self.run_flow(run_id, version)
        finally:
            self.headers.pop("X-PREFECT-RUN-PROCESS", None)

    def run_flow(self, run_id: str, version: int) -> None:
        version = self.set_state(run_id, "Running", version)
        for task in self.look(run_id)["task_runs"]:
            if task["state"] in ("Success", "Failed"):
                continue
            begun = self.set_state(task["id"], "Running", task["version"], "task")
            self.log(run_id)
            if self.random.random() < self.given["vanish"]:
                return
            self.set_state(task["id"], "Success", begun, "task")
        self.set_state(run_id, "Success", version)

    def look(self, run_id: str) -> dict[str, Any]:
        query = "query($id: uuid!) { flow_run_by_pk(id: $id) { state version task_runs { id version state } } }"
        return dict(self.ask(query, id=run_id)["flow_run_by_pk"])

    def set_state(self, run_id: str, name: str, version: int, kind: str = "flow") -> int:
        state_id = self.new_id()
        given = {f"{kind}_run_id": run_id, "state": {"type": name}, "version": version, "id": state_id}
        answered = self.call(f"set_{kind}_run_states", {"states": [given]})["states"][0]
        if answered["status"] != "SUCCESS":
            raise Refused(answered["message"])
        self.note("state", kind=kind, run=run_id, id=state_id, state=name, after=version)
        return version + 1

    def log(self, run_id: str) -> None:
        log_id = self.new_id()
        self.call("write_run_logs", {"logs": [{"flow_run_id": run_id, "message": "working", "id": log_id}]})
        self.note("log", run=run_id, id=log_id)


if __name__ == "__main__":
    client = Client(json.loads(sys.argv[1]))
    getattr(client, client.given["role"])()
