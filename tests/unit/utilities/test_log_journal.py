from __future__ import annotations

import os
import threading
import time

import pytest

from prefect.utilities import log_journal
from prefect.utilities.log_journal import Journal, JournalReader
from prefect.utilities.log_sending import LogManager


@pytest.fixture
def journal():
    journal = Journal()
    yield journal
    journal.close()


@pytest.fixture
def reader(journal):
    return JournalReader(journal.fd)


def add(journal: Journal, *messages: str) -> None:
    for message in messages:
        journal.add({"message": message})


def messages(reader: JournalReader) -> list[str]:
    return [record["message"] for record in reader.unsettled()]


def test_a_new_journal_is_empty(journal, reader):
    assert journal.is_empty
    assert reader.is_empty()
    assert messages(reader) == []


def test_what_was_added_is_given_once(journal, reader):
    add(journal, "a", "b\nä")
    assert not reader.is_empty()
    assert messages(reader) == ["a", "b\nä"]
    assert messages(reader) == []
    add(journal, "c")
    assert messages(reader) == ["c"]


def test_what_was_settled_is_not_given(journal, reader):
    add(journal, "a", "b", "c")
    journal.settle(2)
    assert messages(reader) == ["c"]


def test_a_journal_whose_records_are_all_settled_is_empty_again(journal, reader):
    add(journal, "a", "b")
    messages(reader)
    journal.settle(2)
    assert journal.is_empty
    assert reader.is_empty()
    add(journal, "c")
    assert messages(reader) == ["c"]


def test_more_than_there_is_cannot_be_settled(journal, reader):
    add(journal, "a")
    journal.settle(5)
    add(journal, "b")
    assert messages(reader) == ["b"]


def test_progress_tells_of_attempts_and_whether_one_is_under_way(journal, reader):
    add(journal, "a", "b")
    before = reader.progress()
    journal.note_attempt()
    during = reader.progress()
    journal.settle(1)
    after = reader.progress()
    assert (before.is_sending, during.is_sending, after.is_sending) == (False, True, False)
    assert len({before, during, after}) == 3


def test_a_record_that_is_cut_off_is_left_out(journal, reader):
    add(journal, "a")
    os.pwrite(journal.fd, b'{"message": "half\n', journal._end)
    assert messages(reader) == ["a"]


def test_a_journal_that_is_never_empty_gives_back_its_room(journal, reader, monkeypatch):
    monkeypatch.setattr(log_journal, "_COMPACT_BYTES", 1000)
    add(journal, "first")
    largest = 0
    for number in range(1000):
        add(journal, f"record {number}")
        journal.settle(1)
        largest = max(largest, os.fstat(journal.fd).st_size)
    assert largest < 2000
    assert messages(reader) == ["record 999"]


def test_a_log_manager_keeps_what_it_has_not_sent(journal, reader):
    may_send, sent = threading.Event(), threading.Event()

    def send(batch: object) -> None:
        sent.set()
        may_send.wait(30)

    manager = LogManager(send=send)
    told: list[bool] = []
    manager.enqueue({"message": "before there was a journal"})
    assert sent.wait(30)
    manager.keep(journal, lambda: told.append(True))

    manager.enqueue({"message": "a"})
    manager.enqueue({"message": "b"})

    assert told == [True]
    assert messages(reader) == ["a", "b"]
    may_send.set()
    assert manager.flush(30)
    assert journal.is_empty
    manager.keep(None)
    manager.enqueue({"message": "afterwards"})
    assert journal.is_empty
    manager.stop(30)


def test_a_failed_attempt_settles_nothing(journal, reader):
    failed = threading.Event()
    works = threading.Event()

    def send(batch: object) -> None:
        if not works.is_set():
            failed.set()
            raise OSError("away")

    manager = LogManager(send=send)
    manager.keep(journal)
    manager.enqueue({"message": "a"})
    assert failed.wait(30)
    assert messages(reader) == ["a"]
    works.set()
    end = time.monotonic() + 30
    while not manager.flush(0.1):
        assert time.monotonic() < end
    assert journal.is_empty
    manager.stop(30)
