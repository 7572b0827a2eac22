"""Limits: what is shortened is shortened once, equal keys stay equal, and a state always fits but for its result."""

from __future__ import annotations

import json

import pytest

from prefect.contract import limits
from prefect.contract.fitting import fitted

LONG = "x" * 5_000
WIDE = "\U0001f600" * 2_000


@pytest.mark.parametrize("text", [LONG, WIDE, "a\x00b" * 900, "\ud800" * 2_000], ids=["long", "wide", "nul", "half"])
def test_a_shortened_name_is_kept_as_it_is_and_can_be_stored(text):
    short = limits.short_name(text)

    assert len(short) <= limits.RUN_NAME_CHARACTERS
    assert limits.short_name(short) == short
    assert "\x00" not in short
    short.encode()


def test_long_names_and_keys_that_differ_at_their_end_stay_different():
    for shorten in (limits.short_name, limits.short_key, limits.short_scope):
        assert shorten(LONG + "a") != shorten(LONG + "b")
        assert shorten("short") == "short"


@pytest.mark.parametrize("text", [LONG, WIDE])
def test_a_long_key_is_one_that_an_index_takes_and_stands_for_itself(text):
    kept = limits.short_key(text)

    # An index of PostgreSQL takes rows of 2,704 bytes: a key beside what it is unique in.
    assert len(kept.encode()) + limits.SCOPE_BYTES < 2_500
    assert limits.short_key(kept) == kept


@pytest.mark.parametrize("at", [limits.KEY_BYTES, limits.KEY_BYTES + 1])
def test_the_longest_key_is_kept_whole(at):
    assert (limits.short_key("k" * at) == "k" * at) == (at == limits.KEY_BYTES)


def state(**changes):
    return {
        "type": "Failed",
        "message": "m",
        "context": {},
        "cached_inputs": {},
        "_result": {"type": "NoResultType"},
    } | changes


def test_a_state_that_fits_is_given_as_it_is():
    given = state(message="é" * 100, context={"a": [1, 2.5, None, True]})

    assert fitted(given, 1_000) == given


@pytest.mark.parametrize("message", ["z" * 1_200_000, WIDE * 200, "a\x00" * 700_000], ids=["ascii", "wide", "nul"])
def test_a_long_message_is_shortened_and_says_so(message):
    fit = fitted(state(message=message), limits.STATE_PAYLOAD_BYTES)

    assert limits.json_bytes(fit) <= limits.STATE_PAYLOAD_BYTES
    assert f"[shortened from {len(message):,} characters]" in fit["message"]
    assert fit["message"][:5] == message[:5].replace("\x00", "\ufffd")
    assert fitted(fit, limits.STATE_PAYLOAD_BYTES) == fit


def test_cached_inputs_and_context_go_only_when_shortening_is_not_enough():
    heavy = {"x": {"location": "y" * 1_500_000}}
    text = fitted(state(message="z" * 1_200_000, cached_inputs={"x": 1}), 1_000_000)
    both = fitted(state(cached_inputs=heavy, context={"a": 1}), 1_000_000)

    assert text["cached_inputs"] == {"x": 1}
    assert both["cached_inputs"] == {}
    assert both["context"] == {"a": 1}
    assert both["message"] == "m [cached inputs left out: too large]"
    assert fitted(state(cached_inputs=heavy), 1_000_000, leave_out=False)["cached_inputs"] == heavy


def test_a_result_is_never_changed_for_its_size():
    result = {"type": "PrefectResult", "location": json.dumps("r" * 1_500_000)}

    assert fitted(state(_result=result), 1_000_000)["_result"] == result


def test_the_state_inside_a_meta_state_is_shortened_too():
    fit = fitted({"type": "ClientFailed", "message": None, "state": state(message="z" * 1_200_000)}, 1_000_000)

    assert "shortened" in fit["state"]["message"]


def test_what_no_database_stores_is_replaced():
    fit = fitted(
        state(message="a\x00\ud800", context={"x\x00": float("nan"), "y": ["\udfff", float("inf")]}), 1_000_000
    )

    assert fit["message"] == "a\ufffd\ufffd"
    assert fit["context"] == {"x\ufffd": None, "y": ["\ufffd", None]}
    json.dumps(fit, allow_nan=False).encode()
