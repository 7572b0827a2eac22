"""Ids of rows: each is given once, whichever thread or process asks."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from prefect.server.actions.checks import new_id, random_digits
from prefect.utilities.ids import following_id


def test_ids_are_random_uuids() -> None:
    ids = [UUID(new_id()) for _ in range(1000)]

    assert {found.version for found in ids} == {4}
    assert {str(found)[19] for found in ids} == set("89ab")
    assert len({str(found)[:8] for found in ids}) > 990


def test_threads_get_different_ones() -> None:
    found: list[list[str]] = []
    start = threading.Barrier(8)

    def take() -> None:
        start.wait(30)
        found.append([random_digits() for _ in range(2000)])

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    everything = [text for texts in found for text in texts]
    assert {len(text) for text in everything} == {32}
    assert len(set(everything)) == len(everything) == 16_000


def test_a_forked_process_gives_others_than_its_parent() -> None:
    random_digits()  # some are ready
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, "".join(random_digits() for _ in range(100)).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        theirs = pipe.read()
    os.waitpid(child, 0)

    assert len(theirs) == 3200
    assert not {theirs[place : place + 32] for place in range(0, 3200, 32)} & {random_digits() for _ in range(1000)}


def test_following_ids_are_uuids_that_lie_side_by_side() -> None:
    with ThreadPoolExecutor(8) as pool:
        found = [one for part in pool.map(lambda _: [following_id() for _ in range(2000)], range(8)) for one in part]
    assert len(set(found)) == len(found)
    assert len({one[:24] for one in found}) <= 8, "who begin at one moment may begin two series"
    for one in found[::500]:
        assert (UUID(one).version, str(UUID(one))) == (4, one)
    assert following_id() < following_id()


def test_a_forked_process_has_following_ids_of_its_own() -> None:
    own = following_id()[:24]
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, following_id()[:24].encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 24).decode() != own
    assert following_id()[:24] == own
