"""For the history checker: a server with keys and a clock that can be set, and client processes with journals."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from functools import partial
from pathlib import Path
from typing import Any

from prefect.server.actions.first_key import make_key
from prefect.server.settings import load_settings
from support.processes import end, end_marked
from support.road import wait_until
from support.servers import ServerProcess
from support.world import flow_document

INVARIANTS = Path(__file__).parents[1] / "invariants"
CLOCK = Path(__file__).parent / "clock"
HEARTBEAT_SECONDS = 1.5


def load(name: str) -> Any:
    """Import a file of the history checker, which is no package."""
    spec = importlib.util.spec_from_file_location(f"invariants_{name}", INVARIANTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


auditor = load("auditor")


class RoughServer(ServerProcess):
    """A server that notices the lost soon, asks for keys, and whose clock may be wrong."""

    def __init__(self, folder: Path, database_url: str | None = None, **settings: str) -> None:
        folder.mkdir(exist_ok=True)
        super().__init__(folder, database_url)
        self.more = settings
        self.ahead_seconds = 0.0
        self.pipe = folder / "clock"
        os.mkfifo(self.pipe)

    def __enter__(self) -> RoughServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.stop()
        finally:
            end_marked(self.folder)

    @property
    def own_settings(self) -> dict[str, str]:
        section = "PREFECT_SERVER__SERVICES__"
        return self.settings | {
            f"{section}REQUIRE_KEYS": "true",
            f"{section}HEARTBEAT_LIMIT_SECONDS": str(HEARTBEAT_SECONDS),
            f"{section}ZOMBIE_KILLER__INTERVAL_SECONDS": "0.3",
            f"{section}LAZARUS__INTERVAL_SECONDS": "0.3",
            "PYTHONPATH": str(CLOCK),
            "PROCTOR_TEST_CLOCK": str(self.pipe),
            "PROCTOR_TEST_CLOCK_AHEAD": str(self.ahead_seconds),
            **self.more,
        }

    def set_clock(self, ahead_seconds: float) -> None:
        """Make the clock of the running server, and of those to come, so many seconds wrong."""
        self.ahead_seconds = ahead_seconds
        pipe = os.open(self.pipe, os.O_RDWR | os.O_NONBLOCK)
        try:
            os.write(pipe, f"{ahead_seconds}\n".encode())
        finally:
            os.close(pipe)

    def make_key(self, role: str, tenant_slug: str | None = None, *, all_tenants: bool = False) -> tuple[str, str]:
        """Give id and text of a new key, made as ``prefect server create-key`` does."""
        settings = load_settings({"database_url": self.database_url}, environment={}, home=self.folder / "home")
        return make_key(settings, name=role, role=role, tenant_slug=tenant_slug, all_tenants=all_tenants, expire=None)


class Admin:
    """Somebody who sets a server up and looks at it, past all faults."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url
        self.key = key

    def send(self, query: str, variables: Any = None) -> dict[str, Any]:
        """Post a document; the answer's whole JSON, errors included."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url, body, headers), timeout=30) as answer:
                return dict(json.loads(answer.read()))
        except urllib.error.HTTPError as error:
            return dict(json.loads(error.read()))

    def ask(self, query: str, variables: Any = None) -> dict[str, Any]:
        said = self.send(query, variables)
        assert "errors" not in said, said
        return dict(said["data"])

    def do(self, mutation: str, selected: str = "id", /, **given: Any) -> dict[str, Any]:
        document = f"mutation($input: {mutation}_input!) {{ {mutation}(input: $input) {{ {selected} }} }}"
        return dict(self.ask(document, {"input": given})[mutation])

    def register(self) -> str:
        """Make a flow of two tasks that may be tried twice; gives its id."""
        project_id = self.do("create_project", name="p")["id"]
        tasks = [{"slug": f"{name}-1", "name": name, "max_retries": 1, "retry_delay": 1} for name in ("one", "two")]
        document = flow_document(tasks=tasks)
        return str(self.do("create_flow", project_id=project_id, serialized_flow=document)["id"])

    def wait_for_the_end(self, seconds: float) -> None:
        """Wait until every run has ended, however many there are; when none ends for so long, tell of some."""
        left: int | None = None
        while left != 0:
            try:
                left = wait_until("a run ends", partial(self._fewer_open_runs, left), seconds)[0]
            except AssertionError:
                raise AssertionError(f"{left} are left, such as {json.dumps(self.send(OPEN), indent=1)}") from None

    def _fewer_open_runs(self, than: int | None) -> list[int]:
        """Give how many runs have not ended, when there are fewer; nothing while nobody answers."""
        found = self.send(HOW_MANY_OPEN).get("data")
        count = int(found["flow_run_aggregate"]["aggregate"]["count"]) if found else None
        return [] if count is None or (than is not None and count >= than) else [count]


OPEN_RUNS = 'where: {state: {_nin: ["Success", "Failed", "Cancelled", "TimedOut"]}}'
HOW_MANY_OPEN = f"{{ flow_run_aggregate({OPEN_RUNS}) {{ aggregate {{ count }} }} }}"
OPEN = f"""{{ flow_run(limit: 3, {OPEN_RUNS}) {{
    id state heartbeat updated times_resurrected states(order_by: {{version: asc}}) {{ state message timestamp }}
    task_runs {{ id state heartbeat state_start_time }} }} }}"""


class Crowd:
    """Client processes, each with its journal."""

    def __init__(self, folder: Path, **shared: Any) -> None:
        self.folder = folder
        self.shared = shared
        self.processes: list[subprocess.Popen[bytes]] = []
        self.journals: list[Path] = []
        self.over = folder / "over"

    def start(self, role: str, url: str, seed: int, seconds: float, vanish: float = 0.05) -> subprocess.Popen[bytes]:
        journal = self.folder / f"{role}-{len(self.journals)}.journal"
        journal.touch()
        given = {**self.shared, "role": role, "url": url, "seed": seed, "seconds": seconds, "vanish": vanish}
        given |= {"journal": str(journal), "over": str(self.over)}
        process = subprocess.Popen([sys.executable, "-S", str(INVARIANTS / "client.py"), json.dumps(given)])
        self.processes.append(process)
        self.journals.append(journal)
        return process

    def __enter__(self) -> Crowd:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            end(process, signal.SIGKILL)

    def end(self, seconds: float) -> None:
        """Tell all clients to end, and wait for it."""
        self.over.touch()
        for process in self.processes:
            assert process.wait(seconds) == 0
        self.over.unlink()

    def lines(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = auditor.journal_lines(self.journals)
        return found
