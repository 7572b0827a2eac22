"""What somebody sent is shown in the answer that refuses it, but of a long text only the beginning."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from graphql import GraphQLError, parse_value

from prefect.server.graphql.bounds import _check_number
from prefect.server.graphql.scalars import parse_json_text
from prefect.server.origins import Doors
from prefect.server.pages import accepted_encodings
from prefect.server.rules.proposal import read_proposal
from prefect.server.settings import load_settings
from prefect.server.store.patterns import check_pattern

AROUND = [-1, 0, 1, 50]


def doors(**given: Any) -> Doors:
    return Doors(load_settings(given, environment={}))


@pytest.mark.parametrize("more", AROUND)
def test_of_a_path_that_is_nowhere_two_hundred_signs(api: Any, more: int) -> None:
    path = "/" + "x" * (199 + more)
    answer = api.call("GET", path)
    assert answer.status == 404
    assert answer.messages == [f"Nothing is at {path[:200]}; the API is at / and /graphql."]


@pytest.mark.parametrize("more", AROUND)
def test_of_an_origin_two_hundred_signs(more: int) -> None:
    origin = "http://" + "x" * (193 + more)
    said = f"Pages of {origin[:200]} may not call this server; the setting http.allowed_origins can allow it."
    assert doors().unwelcome_page(origin, "localhost") == said


@pytest.mark.parametrize("more", AROUND)
def test_of_a_host_two_hundred_signs(more: int) -> None:
    host = ("x" * 50 + ".") * 3 + "y" * (47 + more)
    _, why = doors().called_host([(b"host", host.encode())], None)
    assert why == f"This server is not called {host[:200]}; the setting http.allowed_hosts can allow that name."


@pytest.mark.parametrize("more", AROUND)
def test_of_the_type_of_a_state_eighty_signs(more: int) -> None:
    kind = "X" * (80 + more)
    with pytest.raises(ValueError, match=f"^unknown state type '{kind[:80]}'$"):
        read_proposal({"type": kind}, datetime(2030, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("more", AROUND)
def test_of_the_name_of_a_class_of_signs_twenty(more: int) -> None:
    name = "x" * (20 + more)
    with pytest.raises(ValueError, match=rf"^{re.escape(f'[:{name[:20]}:]')} is no class of signs$"):
        check_pattern("regex", f"[[:{name}:]]")


@pytest.mark.parametrize("more", [0, 1])
def test_of_a_number_that_is_too_large_twenty_digits(more: int) -> None:
    text = "9" * (16 + more) + "e999"
    shown = text if more == 0 else f"{text[:20]}…"
    with pytest.raises(GraphQLError, match=f"got {re.escape(shown)}\\.\\n"):
        _check_number(parse_value(text))
    with pytest.raises(GraphQLError, match=f"^Could not parse JSON: {re.escape(shown)} is no number of JSON$"):
        parse_json_text(text)


@pytest.mark.parametrize("place", [0, 18, 19, 20, 25])
def test_of_the_encodings_that_a_reader_takes_twenty_are_read(place: int) -> None:
    named = [f"x{number}" for number in range(place)] + ["gzip"]
    scope = {"headers": [(b"accept-encoding", ", ".join(named).encode())]}
    assert ("gzip" in accepted_encodings(scope)) == (place < 20)
