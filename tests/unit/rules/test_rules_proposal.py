from datetime import UTC, datetime

import pytest

from prefect._version import __version__
from prefect.model import state as words
from prefect.model.state_facts import STATE_CLASSES, TAKEABLE, is_kind
from prefect.server.rules.proposal import propose, read_proposal

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def test_a_minimal_state_gets_every_field_of_its_class():
    read = read_proposal({"type": "Success", "message": "done"}, NOW)

    assert read.document == {
        "type": "Success",
        "message": "done",
        "context": {},
        "cached_inputs": {},
        "_result": {"type": "NoResultType", "__version__": __version__},
        "__version__": __version__,
    }


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("Mapped", {"n_map_states": 0}),
        ("Retrying", {"run_count": 1}),
        ("Looped", {"loop_count": 1}),
        ("Success", {}),
    ],
)
def test_what_a_state_does_not_count_is_as_few_as_can_be(name, fields):
    counted = {key: value for key, value in read_proposal({"type": name}, NOW).document.items() if type(value) is int}
    assert counted == fields


@pytest.mark.parametrize("name", ["Scheduled", "Retrying", "Resume", "Queued"])
def test_a_state_with_a_start_time_is_due_now_unless_it_says_when(name):
    assert read_proposal({"type": name}, NOW).start_time == NOW
    assert read_proposal({"type": name, "start_time": None}, NOW).document["start_time"] == NOW.isoformat()
    later = read_proposal({"type": name, "start_time": "2031-01-01T02:00:00+02:00"}, NOW)
    assert later.start_time == datetime(2031, 1, 1, tzinfo=UTC)
    assert later.document["start_time"] == "2031-01-01T00:00:00+00:00"


def test_paused_waits_for_ever_unless_it_says_how_long():
    assert read_proposal({"type": "Paused"}, NOW).start_time is None
    assert read_proposal({"type": "Paused"}, NOW).document["start_time"] is None


def test_a_start_time_without_an_offset_is_utc():
    assert read_proposal({"type": "Scheduled", "start_time": "2031-01-01T00:00:00"}, NOW).start_time.tzinfo is UTC


def test_results_of_any_type_are_kept_as_they_came():
    result = {"type": "TheirOwnResult", "location": "x", "more": [1]}

    assert read_proposal({"type": "Success", "_result": result}, NOW).document["_result"] == result


def test_a_mapped_state_has_no_result_and_counts_its_children():
    document = read_proposal({"type": "Mapped", "n_map_states": 3}, NOW).document

    assert "_result" not in document
    assert document["n_map_states"] == 3


def test_meta_states_keep_the_state_they_wrap():
    wrapped = {"type": "Scheduled", "start_time": "2030-01-01T00:00:00+00:00"}

    assert read_proposal({"type": "Submitted", "state": wrapped}, NOW).document["state"] == wrapped
    assert read_proposal({"type": "Submitted", "state": wrapped}, NOW).start_time is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (None, "JSON object"),
        ("Running", "JSON object"),
        ([], "JSON object"),
        ({}, "a state needs a type"),
        ({"message": "x"}, "needs a type"),
        ({"type": "Nonsense"}, "unknown state type 'Nonsense'"),
        ({"type": "State"}, "unknown state type"),
        ({"type": "_MetaState"}, "unknown state type"),
        ({"type": ["Running"]}, "unknown state type"),
        ({"type": "Running", "message": 5}, "the message of a state must be a text"),
        ({"type": "Running", "context": []}, "context"),
        ({"type": "Running", "cached_inputs": "x"}, "cached_inputs"),
        ({"type": "Running", "_result": 1}, "_result"),
        ({"type": "Scheduled", "start_time": "soon"}, "start_time"),
        ({"type": "Scheduled", "start_time": 5}, "start_time"),
        ({"type": "Scheduled", "start_time": "0001-01-01T00:00:00+14:00"}, "start_time"),
        ({"type": "Retrying", "run_count": "2"}, "run_count"),
        ({"type": "Mapped", "n_map_states": True}, "n_map_states"),
        ({"type": "Submitted", "state": "Scheduled"}, "state"),
    ],
)
def test_what_is_no_state_is_refused_by_a_text_that_names_the_field(given, said):
    with pytest.raises(ValueError, match=said):
        read_proposal(given, NOW)


def test_kinds_follow_the_state_tree():
    assert is_kind("TriggerFailed", words.Failed)
    assert is_kind("Cancelling", words.Running)
    assert not is_kind("Submitted", words.Pending)
    assert not is_kind(None, words.State)
    assert not is_kind("Nonsense", words.State)
    assert set(TAKEABLE) == {"Scheduled", "Paused", "Resume", "Retrying"}
    assert {"Queued", "Looped", "ClientFailed", "ValidationFailed"} <= set(STATE_CLASSES)


def test_the_servers_own_states_can_be_loaded_by_the_model():
    made = propose("Retrying", "again", start_time=NOW, run_count=2)

    loaded = words.State.deserialize(made.document)

    assert isinstance(loaded, words.Retrying)
    assert loaded.run_count == 2
    assert loaded.start_time == NOW
