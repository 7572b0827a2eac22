"""A document means the same however its parts are put into fragments, and no fragments are a fault of the server."""

from __future__ import annotations

import os
from random import Random

import pytest

from prefect.server.graphql.schema import build
from support.documents import ASKED
from support.fragments import fragmented, spoiled_fragments
from support.questions import Asker

#: More when asked for: ``FRAGMENTS=5000``.
DOCUMENTS = int(os.environ.get("FRAGMENTS", "60"))
SCHEMA = build([])


@pytest.mark.parametrize("seed", [1, 2])
def test_what_stands_in_fragments_is_answered_as_if_it_stood_there(ask_raw, seed):
    random = Random(seed)
    asker = Asker(SCHEMA.types, Random(seed))
    split = 0
    for _ in range(DOCUMENTS):
        query, variables = (
            random.choice([(document, given) for document, given, _ in ASKED.values()])
            if random.random() < 0.5
            else asker.question()
        )
        plain = ask_raw(query, variables)
        other = fragmented(random, SCHEMA.types, query)
        split += "fragment F" in other
        assert ask_raw(other, variables) == plain, (query, other, variables)
    assert split > DOCUMENTS / 3


@pytest.mark.parametrize("seed", [1, 2])
def test_no_fragments_are_a_fault_of_the_server(ask_raw, seed):
    random = Random(seed)
    refused = 0
    for _ in range(DOCUMENTS):
        query, variables, _ = random.choice(list(ASKED.values()))
        spoiled = spoiled_fragments(random, query)
        status, answer = ask_raw(spoiled, variables)
        assert status in (200, 400), spoiled
        for error in answer.get("errors", ()):
            refused += 1
            assert "internal" not in error["message"].lower(), (spoiled, error)
            assert len(error["message"]) < 2_000
    assert refused
