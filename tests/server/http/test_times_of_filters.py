"""Filters read times as PostgreSQL does, alike on both databases, and what is relative anew for each request."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from prefect.server.graphql.times import read_time
from prefect.server.store.moments import Moment

NOW = datetime(2026, 5, 6, 10, 30, 15, 250, tzinfo=UTC)
#: Texts and what PostgreSQL 15 makes of them with the time zone UTC, at NOW.
READ = {
    "epoch": "1970-01-01",
    "2021-05-05T24:00:00Z": "2021-05-06",
    "2021-05-05 23:59:60": "2021-05-06",
    "2021-05-05 12:00 Europe/Berlin": "2021-05-05T10:00",
    "2021-05-05 12:00 europe/berlin": "2021-05-05T10:00",
    "2021-10-31 02:30 Europe/Berlin": "2021-10-31T01:30",
    "2021-03-28 02:30 Europe/Berlin": "2021-03-28T01:30",
    "2021-05-05 12:00 EST": "2021-05-05T17:00",
    "2021-05-05 12:00 +5:30": "2021-05-05T06:30",
    "20210505T120000+02": "2021-05-05T10:00",
    "Jan 5 2021": "2021-01-05",
    "5 January 2021 3:04 pm": "2021-01-05T15:04",
    "Fri Jan 8 04:05:06 1999 PST": "1999-01-08T12:05:06",
    "1999-Jan-08": "1999-01-08",
    "1/8/1999": "1999-01-08",
    "1999.008": "1999-01-08",
    "J2451187": "1999-01-08",
    "2021-05-05 12:00 am": "2021-05-05",
    "now": "2026-05-06T10:30:15.000250",
    "now()": "2026-05-06T10:30:15.000250",
    "today": "2026-05-06",
    "TODAY 12:00": "2026-05-06T12:00",
    "tomorrow": "2026-05-07",
    "tomorrow allballs": "2026-05-07",
    "yesterday 04:05 EST": "2026-05-05T09:05",
    "1/8/1999 040506.25": "1999-01-08T04:05:06.250000",
    "08-Jan-1999": "1999-01-08",
    "2021 Jan 5": "2021-01-05",
    "1999.365": "1999-12-31",
    "2000-366": "2000-12-31",
    "J1721426": "0001-01-01",
    "2021-05-05 12:59 pm": "2021-05-05T12:59",
    "2021-05-05 0:59 pm": "2021-05-05T12:59",
    "2021-05-05 11:59:59 pm": "2021-05-05T23:59:59",
    "2021-05-05 23:59:59,5 z": "2021-05-05T23:59:59.500000",
    "2021-05-05 12:00 +15:59:59": "2021-05-04T20:00:01",
    "2021-05-05 12:00 -15:59:59": "2021-05-06T03:59:59",
    "2021-05-05 12:00 -0330": "2021-05-05T15:30",
    "2021-05-05 12:00 +013015": "2021-05-05T10:29:45",
}
NO_TIMES = ["", "x", "12:00", "allballs", "T24:00:00Z", "2021-02-30", "2021-05-05 25:00", "2021-05-05 12:60", "now now",
            "2021-05-05 13:00 pm", "2021-05", "10000-01-01", "2021-05-05 12:00 Europe/Nowhere", "9999-12-31 24:00:00",
            "2021-05-05 2021-05-06", "today 2021-05-05", "today tomorrow", "08-Jan-99", "1999-Xyz-08", "1999.366",
            "1999.000", "2021-05-05 12:00 13:00", "2021-05-05 12:00 120000", "2021-05-05 24:00:01",
            "2021-05-05 23:59:61", "2021-05-05 pm", "2021-05-05 13:00 am", "2021-05-05 12:00 EST PST",
            "2021-05-05 12:00 EST +2", "2021-05-05 12:00 z z", "today 12:00 +16", "today 12:00 -16:00", "Jan 2021",
            "5 2021", "Jan 5", "Jan 5 6 2021", "Jan 5 2021 2022", "Jan", "2021-05-05 12:00 #",
            "2021-05-05 allballs +02", "EST 2021-05-05 allballs", "2021-05-05 allballs allballs",
            "today " * 30]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), READ.items(), ids=READ)
def test_a_text_is_read_as_postgresql_reads_it(text, expected):
    found = read_time(text)

    assert (found.at(NOW) if isinstance(found, Moment) else found) == datetime.fromisoformat(expected).replace(
        tzinfo=UTC
    )


@pytest.mark.parametrize("text", NO_TIMES)
def test_what_is_no_time_is_refused(text):
    with pytest.raises((ValueError, OverflowError)):
        read_time(text)


@pytest.fixture
def run_times(api):
    flow_id = api.register()
    for start in ("2021-05-05T12:00:00+00:00", "2031-05-05T12:00:00+00:00"):
        api.do("create_flow_run", flow_id=flow_id, scheduled_start_time=start)
    return api


QUESTIONS = {
    '{_lt: "now()"}': 1,
    '{_lte: "now"}': 1,
    '{_gt: "now()"}': 1,
    '{_lt: "today"}': 1,
    '{_gte: "yesterday"}': 1,
    '{_lt: "tomorrow"}': 1,
    '{_gt: "epoch"}': 2,
    '{_gt: "infinity"}': 0,
    '{_lt: "infinity"}': 2,
    '{_gt: "-infinity"}': 2,
    '{_gt: "2021-05-05 12:00 Europe/Berlin"}': 2,
    '{_lt: "2021-05-05T24:00:00Z"}': 1,
    '{_in: ["now()", "May 5 2021 12:00"]}': 1,
    '{_nin: ["today", "2021-05-05 12:00"]}': 1,
}
FORMS = {
    "literal": "{ flow_run(where: {scheduled_start_time: %s}) { id } }",
    "not lifted": 'query($x: String = "y") { flow_run(where: {scheduled_start_time: %s, name: {_neq: $x}}) { id } }',
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_words_work_in_filters_alike_on_both_databases(run_times, form):
    with time_machine.travel(NOW, tick=True):
        found = {text: len(run_times.ask(form % text).data["flow_run"]) for text in QUESTIONS}

    assert found == QUESTIONS


@pytest.mark.parametrize(
    "document",
    [
        '{ flow_run(where: {scheduled_start_time: {_lt: "now()"}}) { id } }',
        'query($x: String = "y") { flow_run(where: {scheduled_start_time: {_lt: "now()"}, name: {_neq: $x}}) { id } }',
        'query($t: timestamptz = "now()") { flow_run(where: {scheduled_start_time: {_lt: $t}}) { id } }',
        'query($x: String = "y") { flow_run(where: {scheduled_start_time: {_in: ["now()", "2021-05-05 12:00"]}, '
        "name: {_neq: $x}}) { id } }",
    ],
    ids=["literal", "not lifted", "default", "list"],
)
def test_a_document_that_was_asked_before_knows_the_present_time(run_times, document):
    counts = []
    for moment in (NOW, datetime(2031, 5, 5, 12, tzinfo=UTC), NOW - timedelta(days=20_000)):
        with time_machine.travel(moment, tick=False):
            counts.append(len(run_times.ask(document).data["flow_run"]))

    assert counts == ([1, 2, 1] if "_in" in document else [1, 1, 0])


def test_a_start_time_is_one_that_stays(api):
    given = f'flow_id: "{api.register()}", scheduled_start_time: "now()"'
    answer = api.ask(f"mutation {{ create_flow_run(input: {{ {given} }}) {{ id }} }}")

    assert "Could not parse DateTime" in answer.messages[0]
