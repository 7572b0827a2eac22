"""A request that is wrong somewhere gets an answer or an error that says so, never a fault of the server."""

from __future__ import annotations

import os
from random import Random

import pytest

from support.documents import ASKED, OPERATIONS_ASKED
from support.spoiling import spoiled_body
from support.world import flow_document

#: More when asked for: ``SPOILED=20000``.
REQUESTS = int(os.environ.get("SPOILED", "120"))
ID = "00000000-0000-0000-0000-000000000064"
DOCUMENTS = [(document, variables) for document, variables, _ in ASKED.values()]
DOCUMENTS += [(document, {"id": ID, "name": "x", "input": {"flow_id": ID}}) for document in OPERATIONS_ASKED]


@pytest.mark.parametrize("seed", [1, 2])
def test_no_spoiled_request_is_a_fault_of_the_server(api, seed):
    api.do("create_flow_run", flow_id=api.register(**flow_document()))
    random = Random(seed)
    for _ in range(REQUESTS):
        body = spoiled_body(random, *random.choice(DOCUMENTS))
        answer = api.call("POST", "/", body)
        case = (seed, body, answer.status, answer.body[:1000])
        assert answer.status in (200, 400), case
        assert answer.headers["content-type"] == "application/json", case
        for error in answer.json.get("errors", ()):
            assert "internal API error" not in error["message"], case
            assert "Traceback" not in error["message"], case
            assert error["extensions"]["code"], case
