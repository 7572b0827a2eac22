"""What knows its own JSON is sent as everything else is."""

from __future__ import annotations

import json

import pytest

from prefect.client.client import proposal_of
from prefect.client.connection import encode
from prefect.contract import limits
from prefect.engine.state import Failed, Running, Success
from prefect.utilities.written import Written
from prefect.utilities.written import encode as text_of


def known(**fields: object) -> Written:
    return Written(fields, text_of(fields))


@pytest.mark.parametrize(
    "listed",
    [
        [known(a=1), known(b='é"\\ \n', c=None)],
        [known(a=1), {"a": 2}],
        [{"a": 1}],
        [],
    ],
    ids=["all", "some", "none", "empty"],
)
@pytest.mark.parametrize("more", [{}, {"other": 1}], ids=["alone", "beside"])
def test_a_request_says_the_same(listed, more):
    request = {"query": 'mutation { x(a: "}]") }', "variables": {"input": {"states": listed, **more}}}
    assert json.loads(encode(request)) == request


@pytest.mark.parametrize(
    "state",
    [
        Running("Starting task run."),
        Success("a", result=1, context={"tags": ["x", "é"]}),
        Failed("half a pair \ud800 and \x00", context={"tags": [1], "more": {"a": [1.5]}}),
        Success("x" * (limits.STATE_PAYLOAD_BYTES + 1)),
        Success("é" * (limits.STATE_PAYLOAD_BYTES // 2)),
        Success("unkeepable", context={"tags": ["\x00"]}),
    ],
    ids=["plain", "tags", "unstorable", "long", "many bytes", "tags that cannot be kept"],
)
def test_a_proposal_says_the_same_as_its_text(state):
    proposal = proposal_of("4a2f", 3, state)
    assert json.loads(proposal.text) == proposal
    assert (proposal["task_run_id"], proposal["version"]) == ("4a2f", 3)
    assert len(json.dumps(proposal["state"], ensure_ascii=False).encode()) <= limits.STATE_PAYLOAD_BYTES
    assert "\x00" not in str(proposal["state"]["message"]) + "".join(
        map(str, proposal["state"]["context"].get("tags", ()))
    )


def test_tags_in_a_state_are_those_of_its_moment():
    tags = ["a"]
    state = Success(context={"tags": tags})
    told = state.serialize()
    tags.append("b")
    assert told["context"] == {"tags": ["a"]}


def test_what_is_nested_too_deeply_for_json_is_refused_by_name():
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ValueError, match="nested too deeply to be sent as JSON"):
        encode({"variables": {"input": deep}})
