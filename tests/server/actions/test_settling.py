"""How loops work on rows: each for itself, some in a transaction, and what cannot be settled keeps nobody."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from prefect.server.actions import tenants
from prefect.server.actions.create_run import KeyTaken
from prefect.server.errors import ApiError, BadInput
from prefect.server.services import settling
from prefect.server.services.settling import ROW_FAULTS, settle_all, settle_rows
from prefect.server.services.stop import Stop
from prefect.server.store.database import (
    MOST_ROWS,
    DatabaseUnavailable,
    InvalidValue,
    TookTooLong,
    UniquenessViolation,
    UnreadableRow,
)
from support.world import World

Row = Mapping[str, Any]


def rows(count: int) -> list[Row]:
    return [{"id": f"r{number}"} for number in range(count)]


class Counted:
    """The database of a world, whose transactions are counted."""

    def __init__(self, world: World):
        self._database = world.database
        self.dialect = world.database.dialect
        self.writes = 0

    async def read(self, work: Any, **how: Any) -> Any:
        return await self._database.read(work, **how)

    async def write(self, work: Any) -> Any:
        self.writes += 1
        return await self._database.write(work)


# ----- time


def test_a_transaction_that_has_taken_long_begins_no_further_row(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    database, settled = Counted(world), []

    def settle(tx: Any, row: Row) -> int:
        settled.append(row["id"])
        return 1

    assert world.run_async(settle_rows(database, rows(4), settle, what="Row")) == 4
    usual = database.writes
    monkeypatch.setattr(settling, "LONGEST_TOGETHER_SECONDS", -1.0)
    assert world.run_async(settle_rows(database, rows(4), settle, what="Row")) == 4

    assert sorted(settled) == sorted([row["id"] for row in rows(4)] * 2)
    assert database.writes - usual == 4


@pytest.mark.parametrize(("seconds", "together"), [(0.02, [3, 3, 2]), (0.2, [1] * 8), (0.001, [8])], ids=str)
def test_a_transaction_is_given_a_twentieth_of_a_second(
    world: World, monkeypatch: pytest.MonkeyPatch, seconds: float, together: list[int]
) -> None:
    clock, counts = [0.0], []
    monkeypatch.setattr(settling, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    monkeypatch.setattr(settling, "LANES", {"sqlite": 1, "postgresql": 1})

    class Parts(Counted):
        async def write(self, work: Any) -> Any:
            counts.append(0)
            return await super().write(work)

    def settle(tx: Any, row: Row) -> int:
        clock[0] += seconds
        counts[-1] += 1
        return 1

    assert world.run_async(settle_rows(Parts(world), rows(8), settle, what="Row")) == 8
    assert counts == together


# ----- looking


def test_a_look_is_repeated_while_it_finds_all_that_it_asks_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "MOST_FOUND", 3)
    left, asked = rows(7), []

    def find(tx: Any, most: int) -> list[Row]:
        asked.append(most)
        return left[:most]

    def settle(tx: Any, row: Row) -> int:
        left.remove(row)
        return 1

    assert world.run_async(settle_all(world.database, find, settle, what="Row")) == 7
    assert (asked, left) == ([3, 3, 3], [])


@pytest.mark.parametrize(("count", "looks"), [(2, 1), (3, 2), (4, 2)], ids=["fewer", "as many", "more"])
def test_the_last_look_is_the_one_that_finds_fewer(
    world: World, monkeypatch: pytest.MonkeyPatch, count: int, looks: int
) -> None:
    monkeypatch.setattr(settling, "MOST_FOUND", 3)
    left, asked = rows(count), []

    def find(tx: Any, most: int) -> list[Row]:
        asked.append(most)
        found, left[:most] = left[:most], []
        return found

    assert world.run_async(settle_all(world.database, find, lambda tx, row: 1, what="Row")) == count
    assert len(asked) == looks


def test_where_none_can_be_settled_nobody_looks_for_ever(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "MOST_FOUND", 3)
    asked = []

    def find(tx: Any, most: int) -> list[Row]:
        asked.append(most)
        return rows(3)

    assert world.run_async(settle_all(world.database, find, lambda tx, row: 0, what="Row")) == 0
    assert asked == [3]


def test_after_a_look_that_took_too_long_a_tenth_is_asked_for_down_to_one(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[int] = []

    def find(tx: Any, most: int) -> list[Row]:
        asked.append(most)
        raise TookTooLong

    with pytest.raises(TookTooLong):
        world.run_async(settle_all(world.database, find, lambda tx, row: 1, what="lost run"))
    assert asked == [500, 50, 5, 1]
    assert [record.getMessage().partition(" at a time")[0] for record in caplog.records] == [
        f"A look for each lost run took too long, from now on for {most}" for most in (50, 5, 1)
    ]


def test_a_smaller_look_that_is_quick_enough_goes_on_with_its_size(world: World) -> None:
    left, asked = rows(70), []

    def find(tx: Any, most: int) -> list[Row]:
        asked.append(most)
        if most > 50:
            raise TookTooLong
        return left[:most]

    def settle(tx: Any, row: Row) -> int:
        left.remove(row)
        return 1

    assert world.run_async(settle_all(world.database, find, settle, what="Row")) == 70
    assert asked == [500, 50, 50]


def test_a_stop_ends_it_before_the_next_look_and_the_next_transaction(world: World) -> None:
    stop, settled = Stop(), []

    def settle(tx: Any, row: Row) -> int:
        settled.append(row)
        stop.set()
        return 1

    database: Any = Counted(world)
    lanes = settling.LANES[database.dialect.name]
    together = settling.MOST_TOGETHER
    found = rows(together * lanes * 3)
    assert world.run_async(settle_all(database, lambda tx, most: found, settle, what="Row", stop=stop)) == len(settled)
    # The transactions that had begun are brought to their end.
    assert database.writes <= lanes
    assert len(settled) == database.writes * together

    assert world.run_async(settle_all(database, lambda tx, most: found, settle, what="Row", stop=stop)) == 0


# ----- settling


@pytest.mark.parametrize("more", [0, 1], ids=["twenty", "one more"])
def test_twenty_share_a_transaction(world: World, more: int) -> None:
    database: Any = Counted(world)
    lanes = settling.LANES[database.dialect.name]
    found, seen = rows(20 * lanes + more), []

    def settle(tx: Any, row: Row) -> int:
        seen.append(row["id"])
        return 2

    assert world.run_async(settle_rows(database, found, settle, what="Row")) == 2 * len(found)
    assert sorted(seen) == sorted(row["id"] for row in found)
    assert database.writes == lanes + more


def test_a_transaction_without_room_is_followed_by_another(world: World) -> None:
    database: Any = Counted(world)
    lanes = settling.LANES[database.dialect.name]

    def settle(tx: Any, row: Row) -> int:
        tx.rows_written += MOST_ROWS  # as if the row had made so many
        return 1

    assert world.run_async(settle_rows(database, rows(3 * lanes), settle, what="Row")) == 3 * lanes
    assert database.writes == 3 * lanes


def test_no_rows_are_no_transaction(world: World) -> None:
    database: Any = Counted(world)
    assert world.run_async(settle_rows(database, [], lambda tx, row: 1, what="Row")) == 0
    assert database.writes == 0


FORESEEN = [
    ApiError("said so"),
    BadInput("field", "this", "that"),
    KeyTaken("taken"),
    InvalidValue("a value"),
    TookTooLong(),
    UniquenessViolation(),
    UnreadableRow("r1", "column", ValueError()),
]
UNFORESEEN = [
    *(ZeroDivisionError("by zero"), OverflowError("large"), AttributeError("x"), KeyError("y"), IndexError("z")),
    *(RuntimeError("r"), RecursionError("deep"), NotImplementedError("n"), TypeError("t"), ValueError("v")),
    UnicodeDecodeError("utf-8", b"x", 0, 1, "bad"),
]


@pytest.mark.spoils
@pytest.mark.parametrize("error", [*FORESEEN, *UNFORESEEN], ids=lambda error: type(error).__name__)
def test_a_row_that_cannot_be_settled_is_named_with_the_reason_and_keeps_no_other(
    world: World, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    made = []

    def settle(tx: Any, row: Row) -> int:
        tenants.create_tenant(tx, world.now, name=row["id"], slug=row["id"])
        if row["id"] == "r1":
            raise error
        made.append(row["id"])
        return 1

    assert world.run_async(settle_rows(world.database, rows(3), settle, what="Late run")) == 2
    assert sorted(made) == ["r0", "r2"]
    # What it had written is undone, and nothing else.
    assert {row["name"] for row in world.rows("tenant")} - {"default"} >= {"r0", "r2"}
    assert "r1" not in {row["name"] for row in world.rows("tenant")}
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    if any(error is one for one in FORESEEN):
        assert record.getMessage() == f"Late run r1 could not be dealt with: {error}"
        assert not record.exc_info
    else:
        assert record.getMessage() == f"Late run r1 could not be dealt with: {type(error).__name__}: {error}"
        assert record.exc_info


@pytest.mark.parametrize(
    "error",
    [DatabaseUnavailable("the disk is full"), OSError("no"), MemoryError(), AssertionError("ours")],
    ids=lambda error: type(error).__name__,
)
def test_what_is_no_fault_of_a_row_ends_the_turn(
    world: World, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    def settle(tx: Any, row: Row) -> int:
        raise error

    with pytest.raises(type(error)):
        world.run_async(settle_rows(world.database, rows(2), settle, what="Row"))
    assert caplog.text == ""


def test_every_kind_of_row_fault_is_tried_here() -> None:
    assert {kind for kind in ROW_FAULTS if not any(isinstance(e, kind) for e in (*FORESEEN, *UNFORESEEN))} == set()
