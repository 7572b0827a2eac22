"""Whatever stands in the address of a GET is answered, or refused with a reason; never with a stack trace."""

import json
import logging
from random import Random
from urllib.parse import quote

import pytest

BYTES = [*range(256)]


@pytest.mark.parametrize("fields", [21, 200])
@pytest.mark.parametrize("headers", [{}, {"accept": "text/html"}], ids=["program", "browser"])
def test_too_many_fields_are_refused(api, fields, headers):
    asked = "&".join(["query=%7Bhello%7D", *(f"a{n}=1" for n in range(fields - 1))])
    answer = api.call("GET", f"/graphql?{asked}", headers=headers)

    assert answer.status == 400
    assert "at most 20 fields" in answer.messages[0]


def test_as_many_fields_as_are_allowed_are_answered(api):
    more = "&".join(f"a{n}=1" for n in range(19))

    assert api.call("GET", f"/graphql?query={quote('{ hello }')}&{more}").data == {"hello": "👋"}


@pytest.mark.parametrize(
    "document", ["{ flow(where: " + "[" * 2000 + "]" * 2000 + ") { id } }"], ids=["lists in lists"]
)
def test_what_nests_too_deeply_to_be_read_is_refused(api, document):
    answer = api.call("GET", f"/graphql?query={quote(document)}")

    assert answer.status == 400
    assert "nested too deeply" in answer.messages[0]


def _address(random):
    """Make a query string of parts that could be right, broken somewhere."""
    texts = ["{ hello }", "{ tenant { id } }", "query A($n: Int) { tenant(limit: $n) { id } }", "{", "mutation { x }"]
    texts += ["{ ...A } fragment A on query_root { ...A }", "{ tenant { ...F ...F } } fragment F on tenant { id }"]
    values = ["{}", '{"n": 1}', '{"n": 1e999}', "[]", "null", "{", "1", '"x"', "[" * 600, '{"n": %s}' % (10**30)]
    parts = []
    for _ in range(random.randint(1, 5)):
        name = random.choice(["query", "query", "variables", "operationName", "extensions", "", "a"])
        value = random.choice([*texts, *values, "A", "B"])
        written = quote(value) if random.random() < 0.8 else value
        if random.random() < 0.3:
            place = random.randint(0, len(written))
            sign = random.choice([f"%{random.choice(BYTES):02x}", "%", "%f", "&", "=", ";", "+", "\x00", "ÿ"])
            written = written[:place] + sign + written[place:]
        parts.append(f"{name}={written}" if random.random() < 0.9 else written)
    return "&".join(parts)


@pytest.mark.parametrize("seed", range(3))
def test_random_addresses_give_one_clear_answer(api, seed, caplog):
    random = Random(seed)
    caplog.set_level(logging.WARNING, "prefect.server")
    for _ in range(150):
        asked = _address(random).encode("utf-8", "replace").decode("latin-1")
        answer = api.call("GET", f"/graphql?{asked}".encode("latin-1").decode("utf-8", "replace"))
        assert answer.status in (200, 400, 405), (asked, answer.body)
        said = json.loads(answer.body)
        assert all("internal" not in error["message"] for error in said.get("errors", ())), (asked, said)
    assert [record.getMessage() for record in caplog.records] == []
