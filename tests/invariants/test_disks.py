"""What was acknowledged survives a full disk and a power cut, on both databases."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest

from conftest import BOTH
from support.crowd import Admin, Crowd, RoughServer, auditor
from support.databases import NoPostgres, PostgresServer, public_folder
from support.disks import CutDisk, small_disk
from support.road import wait_until

pytestmark = pytest.mark.process

SEED = int(os.environ.get("PROCTOR_INVARIANT_SEED", "1"))
ENOUGH = {"create": 15, "state": 30}
HISTORY = "SELECT flow_run_id, version, state, id FROM flow_run_state"
REFUSED = "Unable to connect to the database."


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that others than root reach as well."""
    folder = public_folder("proctor")
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def database_on(disk: Path, kind: str, ending: ExitStack, **how: bool) -> tuple[str, PostgresServer | None]:
    """Give the address of a database on the disk, and its server where it needs one."""
    if kind == "sqlite":
        return f"sqlite:///{disk}/proctor.db", None
    (disk / "pg").mkdir()
    try:
        server = PostgresServer(disk / "pg", **how)
        ending.callback(server.stop)
        server.start()
    except NoPostgres as error:
        pytest.skip(str(error))
    return server.url, server


def create(admin: Admin, flow_id: str) -> dict[str, Any]:
    document = "mutation($input: create_flow_run_input!) { create_flow_run(input: $input) { id } }"
    return admin.send(document, {"input": {"flow_id": flow_id, "parameters": {"large": token_hex(10_000)}}})


def fill(admin: Admin, flow_id: str) -> list[str]:
    """Create runs until the disk is full, and some more times; gives those that were acknowledged."""
    kept: list[str] = []
    refused = 0
    while refused < 5:
        assert len(kept) < 1000
        answer = create(admin, flow_id)
        if "errors" in answer:
            refused += 1
            assert answer["errors"][0]["message"] == REFUSED
        else:
            kept.append(answer["data"]["create_flow_run"]["id"])
    assert kept
    return kept


@pytest.mark.parametrize("kind", BOTH)
def test_a_full_disk_loses_nothing_that_was_acknowledged_and_ends_when_there_is_room(place: Path, kind: str) -> None:
    with ExitStack() as ending:
        disk = ending.enter_context(small_disk(place / "disk", 6 if kind == "sqlite" else 90))
        url, postgres = database_on(disk, kind, ending, small=True, durable=True)
        server = ending.enter_context(RoughServer(place / "server", url))
        admin = Admin(server.url, server.make_key("admin")[1])
        flow_id = admin.register()
        ballast = disk / "ballast"
        free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
        ballast.write_bytes(b"x" * max(0, free - 3_000_000))

        kept = fill(admin, flow_id)
        if postgres is None:
            assert admin.ask("{ hello }")  # reading goes on
        ballast.unlink()
        if postgres is not None:
            postgres.stop()  # where not even its log had room, it has ended already
            postgres.start()
        made = wait_until("there is room again", lambda: create(admin, flow_id).get("data"), 30)
        kept.append(made["create_flow_run"]["id"])
        server.stop()

        with auditor.reading(url) as read:
            found = {row[0] for row in read("SELECT id FROM flow_run")}
            assert set(kept) <= found
            runs = {row[0]: row for row in read("SELECT id, state, version FROM flow_run")}
            assert list(auditor._forks("flow", runs, auditor._histories(read(HISTORY)))) == []
            if kind == "sqlite":
                assert read("PRAGMA integrity_check") == [("ok",)]
        assert "Traceback" not in server.log


@pytest.mark.parametrize("kind", BOTH)
def test_what_was_acknowledged_survives_a_power_cut(place: Path, kind: str) -> None:
    print(f"seed {SEED}; again with PROCTOR_INVARIANT_SEED={SEED}")
    chance = random.Random(SEED)
    with ExitStack() as ending:
        disk = ending.enter_context(CutDisk(place / "disk", place / "image", 400))
        url, postgres = database_on(disk.folder, kind, ending, durable=True)
        server = ending.enter_context(RoughServer(place / "server", url))
        admin = Admin(server.url, server.make_key("admin")[1])
        api_keys = {"run": server.make_key("run")[1]}
        crowd = ending.enter_context(Crowd(place, flow_id=admin.register(), api_keys=api_keys, keys=100))
        for number, role in enumerate(("maker", "maker", "worker", "worker", "worker")):
            crowd.start(role, server.url, SEED * 100 + number, 120)
        for cut in range(2):
            before = Counter(line["op"] for line in crowd.lines())
            wait_until("the crowd has done something", lambda b=before: is_enough(crowd, b), 60)
            time.sleep(chance.uniform(0, 0.3))  # at any moment, also in the middle of a commit
            disk.cut()
            server.stop(signal.SIGKILL)
            if postgres is not None:
                postgres.stop()
            disk.power_on()
            if postgres is not None:
                postgres.start()
            server.start()
            print(f"cut {cut}: {dict(Counter(line['op'] for line in crowd.lines()))}")
        crowd.end(60)
        for number in range(2):
            crowd.start("worker", server.url, SEED * 100 + 90 + number, 60, vanish=0.0)
        admin.wait_for_the_end(60)
        crowd.end(30)
        server.stop()

        with auditor.reading(url) as read:
            assert auditor.audit(read, crowd.lines()) == []
            if kind == "sqlite":
                assert read("PRAGMA integrity_check") == [("ok",)]


def is_enough(crowd: Crowd, before: Counter[str]) -> bool:
    told = Counter(line["op"] for line in crowd.lines())
    return all(told[op] - before[op] > least for op, least in ENOUGH.items())
