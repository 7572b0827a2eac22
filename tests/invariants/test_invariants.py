"""The history checker: clients, faults, and an auditor for what must always hold (docs/guides/operations.md).

Many client processes work through a proxy that loses and doubles what they send; the server is killed every two
seconds or so; clients are frozen past the heartbeat limit and thawed; the clock of the running server jumps by seconds
and hours; strangers knock. Then everything calms down, an undisturbed worker ends what is left, and the auditor
compares the database with what the clients were told. A failure prints its seed:

    PROCTOR_INVARIANT_SEED=17 PROCTOR_INVARIANT_SECONDS=60 python -m pytest tests/invariants

``make invariants`` runs it long. With PROCTOR_INVARIANT_WORLD=URL the crowd works in a full database, such as
``bench/world.py`` makes, as a tenant of its own beside those that are there; it is not one to keep.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.crowd import HEARTBEAT_SECONDS, Admin, Crowd, RoughServer, auditor
from support.rough_proxy import RoughProxy

pytestmark = pytest.mark.process

SECONDS = float(os.environ.get("PROCTOR_INVARIANT_SECONDS", "4"))
SEED = int(os.environ.get("PROCTOR_INVARIANT_SEED", "1"))
WORLD = os.environ.get("PROCTOR_INVARIANT_WORLD", "")
#: On a busy machine it takes longer until enough has happened.
MOST_SECONDS = 60.0
#: So long nothing may happen any more; how much there is to end, and how quickly, is the machine's affair.
CALM_SECONDS = 45.0
LONGEST_SECONDS = 3600.0
BETWEEN_KILLS_SECONDS = (1.0, 3.0)
ENOUGH = {"create": 20, "state": 20, "refused": 5}
CHANCES = {"lose_request": 0.03, "lose_reply": 0.05, "twice": 0.05, "race": 0.05}
#: By how many seconds a clock is set on or back, and by how many it goes on for good.
JUMPS = (-8.0, 8.0)
LONG_JUMP = 3600.0


@pytest.fixture
def crowd_folder(tmp_path: Path) -> Path:
    print(f"seed {SEED}, {SECONDS:g} s of faults; again with PROCTOR_INVARIANT_SEED={SEED}")
    return tmp_path


def disturb(server: RoughServer, second: RoughServer, crowd: Crowd, chance: random.Random) -> Counter[str]:
    """Kill, freeze and mislead until the time is over."""
    done: Counter[str] = Counter()
    end = time.monotonic() + SECONDS
    frozen: list[tuple[float, subprocess.Popen[bytes]]] = []
    while time.monotonic() < end or (not is_enough(crowd) and time.monotonic() < end + MOST_SECONDS):
        time.sleep(chance.uniform(*BETWEEN_KILLS_SECONDS))
        now = time.monotonic()
        for until, process in list(frozen):
            if until < now:
                process.send_signal(signal.SIGCONT)
                frozen.remove((until, process))
        alive = [one for one in crowd.processes if one.poll() is None and one not in [p for _, p in frozen]]
        if len(alive) > 3:
            victim = chance.choice(alive)
            victim.send_signal(signal.SIGSTOP)
            frozen.append((now + HEARTBEAT_SECONDS * 1.5, victim))
            done["frozen"] += 1
        mislead(server, second, chance, done)
        if done["killed"] < done["jumped"] or chance.random() < 0.8:
            server.stop(signal.SIGKILL)
            done["killed"] += 1
            server.start()
    for _, process in frozen:
        process.send_signal(signal.SIGCONT)
    return done


def is_enough(crowd: Crowd) -> bool:
    """Tell whether the crowd has done so much that its history says something."""
    told = Counter(line["op"] for line in crowd.lines())
    return all(told[op] > least for op, least in ENOUGH.items())


def mislead(server: RoughServer, second: RoughServer, chance: random.Random, done: Counter[str]) -> None:
    """Set the clocks: by hours in all replicas, as a machine's clock is put right; by seconds in one of them."""
    if done["jumped"] and chance.random() > 0.5:
        return
    if chance.random() < 0.3:
        for one in {server, second}:
            one.set_clock(one.ahead_seconds + LONG_JUMP)
    else:
        base = LONG_JUMP * round(server.ahead_seconds / LONG_JUMP)
        server.set_clock(base + chance.choice((0.0, *JUMPS)))
    done["jumped"] += 1


def make_keys(server: RoughServer) -> tuple[Admin, dict[str, str]]:
    """Give the administrator of the crowd's tenant, and the keys of its clients and of strangers."""
    _, key = server.make_key("admin", all_tenants=True)
    everywhere = Admin(server.url, key)
    everywhere.do("create_tenant", name="Other", slug="other")
    if WORLD:
        everywhere.do("create_tenant", name="Crowd", slug="crowd")
    own = "crowd" if WORLD else None
    found = {role: server.make_key(role, own)[1] for role in ("admin", "run", "read")}
    found["other"] = server.make_key("admin", "other")[1]
    revoked_id, found["revoked"] = server.make_key("admin", own)
    admin = Admin(server.url, found["admin"])
    admin.do("delete_api_key", "success", key_id=revoked_id)
    return admin, found


@pytest.fixture
def crowded_url(database_url: str) -> str:
    if WORLD and WORLD.partition(":")[0] != database_url.partition(":")[0]:
        pytest.skip("the full database that was asked for is of the other kind")
    return WORLD or database_url


def test_what_must_always_hold_holds_whatever_happens(crowd_folder: Path, crowded_url: str) -> None:
    database_url = crowded_url
    chance = random.Random(SEED)
    with ExitStack() as ending:
        server = ending.enter_context(RoughServer(crowd_folder, database_url))
        # On PostgreSQL a second replica serves half of the clients, and is never killed.
        second = server
        if not database_url.startswith("sqlite"):
            second = ending.enter_context(RoughServer(crowd_folder / "second", database_url))
        admin, api_keys = make_keys(server)
        keys = max(100, int(SECONDS * 60))
        crowd = ending.enter_context(Crowd(crowd_folder, flow_id=admin.register(), api_keys=api_keys, keys=keys))
        with RoughProxy(server.port, SEED, **CHANCES) as proxy, RoughProxy(second.port, SEED + 1, **CHANCES) as other:
            for number in range(2):
                crowd.start("maker", (proxy, other)[number].url, SEED * 100 + number, SECONDS + 2 * MOST_SECONDS)
            for number in range(3):
                crowd.start(
                    "worker", (proxy, other)[number % 2].url, SEED * 100 + 50 + number, SECONDS + 2 * MOST_SECONDS
                )
            crowd.start("stranger", proxy.url, SEED * 100 + 70, SECONDS + 2 * MOST_SECONDS)
            done = disturb(server, second, crowd, chance)
            proxy.calm()
            other.calm()
            crowd.end(CALM_SECONDS)
            if server.process is None or server.process.poll() is not None:
                server.start()
            for number in range(2):
                crowd.start(
                    "worker", (server, second)[number].url, SEED * 100 + 90 + number, LONGEST_SECONDS, vanish=0.0
                )
            admin.wait_for_the_end(CALM_SECONDS)
            crowd.end(CALM_SECONDS)
            faults = done + proxy.counts + other.counts

    journal = crowd.lines()
    told = Counter(line["op"] for line in journal)
    print(f"faults {dict(faults)}, acknowledged {dict(told)}")
    with auditor.reading(database_url) as read:
        if WORLD:
            ((tenant_id,),) = read("SELECT id FROM tenant WHERE slug = 'crowd'")
            read = auditor.of_tenant(read, tenant_id)
        broken = auditor.audit(read, journal)
    assert broken == []
    assert is_enough(crowd), told
    assert faults["killed"] > 0
    assert faults["jumped"] > 0
    for one in (server, second):
        assert "Traceback" not in one.log
        assert "deadlock" not in one.log
