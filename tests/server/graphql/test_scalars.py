"""How scalars are read: each spelling that is taken, and each that is not, with its text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from graphql import GraphQLError, parse_value

from prefect.server.graphql import scalars

ID = "6c1a26e5-6305-46bb-b9ca-6f530bbd733d"


@pytest.mark.parametrize("given", [ID, ID.upper(), ID.replace("-", ""), f"{{{ID}}}", f"urn:uuid:{ID}"])
def test_a_uuid_is_read_in_its_usual_spellings(given: str) -> None:
    assert scalars.parse_uuid(given) == ID


@pytest.mark.parametrize("given", ["", "x", ID[:-1], ID + "0", 5, None, [ID]])
def test_what_is_no_uuid_says_so(given: Any) -> None:
    with pytest.raises(GraphQLError) as caught:
        scalars.parse_uuid(given)
    assert caught.value.message == f"Could not parse UUID: {given!r}"


def test_a_long_value_is_shown_in_part() -> None:
    for length, shown in ((98, repr("x" * 98)), (99, repr("x" * 99)[:100] + "…")):
        with pytest.raises(GraphQLError) as caught:
            scalars.parse_uuid("x" * length)
        assert caught.value.message == f"Could not parse UUID: {shown}"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2030-01-02T03:04:05Z", datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (" 2030-01-02T03:04:05+02:00 ", datetime(2030, 1, 2, 1, 4, 5, tzinfo=UTC)),
        ("2030-01-02 03:04:05.000006", datetime(2030, 1, 2, 3, 4, 5, 6, tzinfo=UTC)),
        ("2030-01-02", datetime(2030, 1, 2, tzinfo=UTC)),
    ],
)
def test_a_time_without_an_offset_is_utc(given: str, expected: datetime) -> None:
    found = scalars.parse_time(given)
    assert (found, found.tzinfo) == (expected, UTC)


@pytest.mark.parametrize("given", ["soon", "", 5, None, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_what_is_no_time_says_so(given: Any) -> None:
    with pytest.raises(GraphQLError) as caught:
        scalars.parse_time(given)
    assert caught.value.message.startswith("Could not parse DateTime: ")


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("00:00:30", 30),
        ("01:02:03.5", 3723.5),
        ("01:02", 3720),
        ("-01:00:01", -3601),
        ("+01:00", 3600),
        ("1 day 02:00:00", 93_600),
        ("1 day -02:00:00", 79_200),
        ("90", 90),
        ("-1.5 min", -90),
        (90, 90),
        (1.5, 1.5),
        *((f"2 {unit}", 2) for unit in ("s", "sec", "secs", "second", "seconds", "SECONDS")),
        *((f"2{unit}", 120) for unit in ("m", "min", "mins", "minute", "minutes")),
        *((f"2 {unit}", 7200) for unit in ("h", "hr", "hrs", "hour", "hours")),
        *((f"2 {unit}", 172_800) for unit in ("d", "day", "days")),
        *((f"2 {unit}", 1_209_600) for unit in ("w", "week", "weeks")),
        (" 1 h  2 m ", 3720),
    ],
)
def test_a_duration_is_read_as_postgresql_writes_it(given: Any, seconds: float) -> None:
    assert scalars.parse_interval(given) == timedelta(seconds=seconds)


@pytest.mark.parametrize("given", ["", " ", "soon", "1 year", "1 h soon", "1:2:3:4x", None, [], "9" * 20 + " days"])
def test_what_is_no_duration_says_so(given: Any) -> None:
    with pytest.raises(GraphQLError) as caught:
        scalars.parse_interval(given)
    assert caught.value.message == f"Could not parse interval: {given!r}"


@pytest.mark.parametrize(
    ("given", "count"), [("{}", 0), (" { } ", 0), (f"{{{ID}}}", 1), (f'{{"{ID}", {ID}}}', 2), ([], 0), ([ID], 1)]
)
def test_ids_are_read_as_a_text_or_a_list(given: Any, count: int) -> None:
    assert scalars.parse_uuid_array(given) == [ID] * count


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (ID, "Could not parse _uuid: expected '{id1, id2}', got "),
        ("{", "Could not parse _uuid"),
        ("}", "Could not parse _uuid"),
        (5, "Could not parse _uuid"),
        ("{x}", "Could not parse UUID: 'x'"),
        ([5], "Could not parse UUID: 5"),
    ],
)
def test_what_is_no_list_of_ids_says_so(given: Any, said: str) -> None:
    with pytest.raises(GraphQLError) as caught:
        scalars.parse_uuid_array(given)
    assert caught.value.message.startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "Could not parse JSON: "),
        ("NaN", "NaN is no number of JSON"),
        ("-Infinity", "-Infinity is no number of JSON"),
        ("1e999", "1e999 is no number of JSON"),
        ("1" * 400 + ".0", "1" * 20 + "… is no number of JSON"),
        ('"\\ud800"', "half of a surrogate pair"),
        ("[" * 100_000, "nested too deeply"),
    ],
    ids=["open", "nan", "infinity", "too large", "too long", "surrogate", "deep"],
)
def test_text_that_is_no_json_says_why(text: str, said: str) -> None:
    with pytest.raises(GraphQLError) as caught:
        scalars.parse_json_text(text)
    assert said in caught.value.message


def test_json_in_a_document_is_a_text_or_a_value() -> None:
    read = scalars.SCALARS["JSON"].parse_literal
    assert read(parse_value('"{\\"a\\": [1, 1.5, null]}"')) == {"a": [1, 1.5, None]}
    assert read(parse_value("{a: [1, X]}")) == {"a": [1, "X"]}
    with pytest.raises(GraphQLError) as caught:
        read(parse_value('"{"'))
    assert caught.value.nodes is not None
    assert scalars.SCALARS["jsonb"].parse_literal(parse_value('"{"')) == "{"


@pytest.mark.parametrize("name", ["uuid", "_uuid", "timestamptz", "interval", "UUID", "DateTime"])
def test_a_scalar_that_is_written_as_a_string_is_nothing_else(name: str) -> None:
    read = scalars.SCALARS[name].parse_literal
    with pytest.raises(GraphQLError) as caught:
        read(parse_value("5"))
    assert caught.value.message == f"{name} is written as a string."
    with pytest.raises(GraphQLError) as caught:
        read(parse_value('"nonsense"'))
    assert caught.value.nodes is not None
    assert caught.value.message.startswith("Could not parse")


def test_times_leave_as_texts() -> None:
    assert scalars.SCALARS["timestamptz"].serialize(datetime(2030, 1, 1, tzinfo=UTC)) == "2030-01-01T00:00:00+00:00"
    assert scalars.SCALARS["DateTime"].serialize("as it is") == "as it is"


@pytest.mark.parametrize("wrapped", [False, True], ids=["values", "values that graphql has checked"])
@pytest.mark.parametrize("name", ["jsonb", "JSON"])
def test_a_variable_within_json_stands_for_its_value(name: str, wrapped: bool) -> None:
    values = {"x": [1, "two"]}
    variables: Any = SimpleNamespace(coerced=values) if wrapped else values
    assert scalars.SCALARS[name].parse_literal(parse_value("{a: $x, b: [3, $x]}"), variables) == {
        "a": [1, "two"],
        "b": [3, [1, "two"]],
    }
