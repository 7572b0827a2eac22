"""Ids of rows: each is given once, whichever thread or process asks."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from uuid import RFC_4122, UUID

import pytest

from prefect.server.actions.checks import new_id, random_digits
from prefect.utilities import ids
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


def test_following_ids_are_uuids_that_lie_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = [one for part in pool.map(lambda _: [following_id() for _ in range(2000)], range(8)) for one in part]
    assert len(set(found)) == len(found)
    for one in found[::500]:
        assert (UUID(one).version, UUID(one).variant, str(UUID(one))) == (7, RFC_4122, one)
    for seconds in (1_000_000_000, 1_000_000_001, 4_000_000_000):
        monkeypatch.setattr(ids.time, "time_ns", lambda seconds=seconds: seconds * 10**9 + 123_456_789)
        assert UUID(following_id()).int >> 80 == seconds * 1000 + 123


def test_nobody_can_tell_from_one_id_what_the_next_will_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids.time, "time_ns", lambda: 10**18)
    numbers = [UUID(following_id()).int for _ in range(2000)]
    for bit in (*range(62), *range(64, 76)):  # all but variant, version and time
        assert 700 < sum(number >> bit & 1 for number in numbers) < 1300
    assert len({abs(after - before) for before, after in pairwise(numbers)}) == 1999


def test_a_forked_process_has_following_ids_of_its_own() -> None:
    following_id()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, "".join(following_id()[19:] for _ in range(20)).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        theirs = pipe.read()
    os.waitpid(child, 0)
    assert len(theirs) == 20 * 17
    assert not {theirs[place : place + 17] for place in range(0, 340, 17)} & {following_id()[19:] for _ in range(300)}
