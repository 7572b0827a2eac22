from datetime import UTC, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from prefect._version import __version__
from prefect.model import codec

NY = ZoneInfo("America/New_York")


@codec.register("planet", "Earth")
class Planet:
    def __init__(self, moons):
        self.moons = moons

    def _to_fields(self):
        return {"moons": self.moons}

    @classmethod
    def _from_fields(cls, data):
        return cls(data["moons"])


class Dwarf(Planet):
    pass


def test_an_object_travels_with_type_and_version():
    assert codec.dump(Planet(1)) == {"type": "Earth", "moons": 1, "__version__": __version__}
    assert codec.load("planet", {"type": "Earth", "moons": 2, "unknown": 0, "__version__": "0.1"}).moons == 2


def test_a_subclass_that_is_not_registered_has_no_json_form():
    with pytest.raises(ValueError, match="Dwarf objects have no JSON form"):
        codec.dump(Dwarf(0))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"type": "Mars"}, "Unknown planet type: 'Mars'"),
        ({"type": ["Mars"]}, "Unknown planet type"),
        ({}, "A planet must have a 'type'"),
        ([], "A planet must be a JSON object, not list"),
        (None, "A planet must be a JSON object, not NoneType"),
    ],
)
def test_bad_data_names_family_and_type(data, said):
    with pytest.raises(ValueError, match=said.replace("(", "\\(")):
        codec.load("planet", data)


def outer(size):
    def inner():
        return size

    return inner


def ours(value):
    """A closure as one of this package would be."""
    return codec.public("prefect.elsewhere")(outer(value))


@codec.public("prefect.elsewhere")
def moved():
    pass


@codec.public("prefect.elsewhere")
class Moved:
    pass


class Child(Moved):
    pass


@pytest.mark.parametrize(
    ("obj", "name"),
    [
        (outer, f"{__name__}.outer"),
        (outer(1), f"{__name__}.outer.<locals>.inner"),
        (moved, "prefect.elsewhere.moved"),
        (Moved, "prefect.elsewhere.Moved"),
        (Moved(), "prefect.elsewhere.Moved"),
        (Child(), f"{__name__}.Child"),
    ],
    ids=["function", "closure", "moved function", "moved class", "instance", "child of a moved class"],
)
def test_qualified_names(obj, name):
    assert codec.qualified_name(obj) == name


def test_a_function_travels_by_name_with_what_it_closed_over():
    reference = codec.dump_function(ours(timedelta(hours=1)))
    assert reference == {"fn": "prefect.elsewhere.outer", "kwargs": {"size": "//timedelta:3600.0"}}
    assert codec.load_function(reference, {"prefect.elsewhere.outer": outer})() == timedelta(hours=1)
    assert codec.load_function(reference, {}) is None
    assert codec.load_function(None, {}) is None


@pytest.mark.parametrize(
    "value",
    [
        datetime(2030, 1, 1, tzinfo=UTC),
        time(9, 30, 1),
        timedelta(days=1, microseconds=5),
        3,
        "text",
        "//other",
        None,
        [1],
    ],
    ids=str,
)
def test_arguments_of_functions_come_back(value):
    assert codec.load_function(codec.dump_function(ours(value)), {"prefect.elsewhere.outer": outer})() == value


def without_value():
    value = 1

    def inner():
        return value  # noqa: F821 - that is what is tried here

    del value
    return inner


def test_a_function_of_the_user_travels_by_its_own_name_and_with_what_json_can_hold():
    assert codec.dump_function(outer(3)) == {"fn": f"{__name__}.outer.<locals>.inner", "kwargs": {"size": 3}}
    assert codec.dump_function(outer(object()))["kwargs"] == {}
    assert codec.dump_function(without_value())["kwargs"] == {}
    assert codec.dump_function(Moved) == {"fn": "prefect.elsewhere.Moved", "kwargs": {}}


@pytest.mark.parametrize(
    ("when", "text"),
    [
        (datetime(2030, 1, 1), "2030-01-01T00:00:00+00:00"),
        (datetime(2030, 1, 1, tzinfo=NY), "2030-01-01T00:00:00-05:00"),
        (datetime(2030, 1, 1, 0, 0, 0, 5, tzinfo=UTC), "2030-01-01T00:00:00.000005+00:00"),
        (None, None),
    ],
)
def test_times_travel_as_iso_text_with_offset(when, text):
    assert codec.dump_time(when) == text
    assert codec.load_time(text) == (when if when is None or when.tzinfo else when.replace(tzinfo=UTC))


@pytest.mark.parametrize("bad", ["x", 3, {}, "2030-13-01"])
def test_a_bad_time_names_its_field(bad):
    with pytest.raises(ValueError, match="begin: not a valid datetime"):
        codec.load_time(bad, "begin")


@pytest.mark.parametrize(
    ("when", "data"),
    [
        (datetime(2030, 1, 1, tzinfo=NY), {"dt": "2030-01-01T00:00:00", "tz": "America/New_York"}),
        (datetime(2030, 1, 1, tzinfo=UTC), {"dt": "2030-01-01T00:00:00", "tz": "UTC"}),
        (
            datetime(2030, 1, 1, tzinfo=timezone(timedelta(hours=-3, minutes=-30))),
            {"dt": "2030-01-01T00:00:00", "tz": "-03:30"},
        ),
        (None, None),
    ],
    ids=["zone", "UTC", "offset", "none"],
)
def test_times_in_zones_keep_their_zone(when, data):
    assert codec.dump_time_tz(when) == data
    loaded = codec.load_time_tz(data)
    assert loaded == when
    assert codec.dump_time_tz(loaded) == data


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"dt": "2030-01-01T00:00:00", "tz": "Mars/Base"}, "unknown time zone: 'Mars/Base'"),
        ({"dt": "2030-01-01T00:00:00", "tz": "/etc/passwd"}, "unknown time zone"),
        ({"dt": "2030-01-01T00:00:00", "tz": "America"}, "unknown time zone"),
        ({"tz": "UTC"}, "start: expected an object"),
        (3, "start: expected an object"),
    ],
)
def test_a_bad_zone_is_named(data, said):
    with pytest.raises(ValueError, match=said):
        codec.load_time_tz(data, "start")


def test_durations_travel_as_whole_seconds_and_microseconds():
    assert codec.dump_seconds(timedelta(minutes=1, milliseconds=900)) == 60
    assert codec.load_seconds(60) == timedelta(minutes=1)
    assert codec.dump_microseconds(timedelta(seconds=1, microseconds=7)) == 1_000_007
    assert codec.load_microseconds(1_000_007) == timedelta(seconds=1, microseconds=7)
    assert codec.load_seconds(None) is None
    with pytest.raises(ValueError, match="delay: not a valid period"):
        codec.load_seconds("x", "delay")
