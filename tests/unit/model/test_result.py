import json
import pickle

import cloudpickle
import pendulum
import pytest

from prefect.model import codec
from prefect.model.result import (
    ConstantResult,
    NoResult,
    NoResultType,
    PrefectResult,
    Result,
    ResultNotImplementedError,
)
from prefect.model.serializers import DateTimeSerializer, JSONSerializer, PickleSerializer


def test_a_result_knows_value_location_and_serializer():
    result = Result(3, "a/{x}.txt")
    assert (result.value, result.location, result.serializer) == (3, "a/{x}.txt", PickleSerializer())
    assert repr(result) == "<Result: 3>"
    assert result.logger.name == "prefect.Result"


def test_format_fills_the_location_of_a_copy():
    result = Result(3, "a/{x}.txt")
    assert (result.format(x=5).location, result.format(x=5).value, result.location) == ("a/5.txt", 3, "a/{x}.txt")
    with pytest.raises(KeyError, match="x"):
        result.format()


def test_a_location_may_be_a_function():
    result = Result(location=lambda **kw: "loc-" + kw["x"])
    assert result.location is None
    assert result.format(x="1").location == "loc-1"
    assert result.format(x="2").location == "loc-2"
    # As in 1.4.1, a location that is there stands.
    assert result.format(x="1").format(x="2").location == "loc-1"


def test_without_a_location_format_gives_a_fresh_one():
    made = Result(3).format().location
    assert made.endswith(".prefect_result")
    assert made != Result(3).format().location


def test_from_value_forgets_the_location():
    new = Result(3, "x", JSONSerializer()).from_value(9)
    assert (new.value, new.location, new.serializer) == (9, None, JSONSerializer())


@pytest.mark.parametrize("call", [lambda r: r.read("x"), lambda r: r.write(3), lambda r: r.exists("x")])
@pytest.mark.parametrize("result", [Result(3), NoResult], ids=["Result", "NoResult"])
def test_the_base_result_knows_no_place(result, call):
    with pytest.raises(ResultNotImplementedError, match="choose a Result"):
        call(result)
    assert issubclass(ResultNotImplementedError, NotImplementedError)


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (Result(3, "l"), Result(3, "l"), True),
        (Result(3, "l"), Result(4, "l"), False),
        (Result(3, "l"), Result(3, "m"), False),
        (Result(3, serializer=JSONSerializer()), Result(3), False),
        (PrefectResult(value=3), Result(3), False),
        (NoResult, Result(), False),
        (NoResult, NoResultType(), True),
    ],
)
def test_equality(one, other, equal):
    assert (one == other) is equal


def test_results_are_not_hashable():
    with pytest.raises(TypeError, match="unhashable"):
        hash(Result(3))


@pytest.mark.parametrize(
    "result", [Result(3), NoResult, NoResultType(4), ConstantResult(value=3), PrefectResult(value=3)], ids=repr
)
def test_results_pickle(result):
    for library in (pickle, cloudpickle):
        assert library.loads(library.dumps(result)) == result


def test_the_shared_no_result_stays_shared():
    assert pickle.loads(pickle.dumps(NoResult)) is NoResult
    assert pickle.loads(pickle.dumps(NoResult.copy())) is not NoResult
    assert repr(NoResult) == "<NoResultType: None>"


def test_a_constant_is_always_there_and_never_written():
    result = ConstantResult(value=3)
    assert result.read("anywhere") is result
    assert result.exists("anywhere")
    with pytest.raises(ValueError, match="Cannot write"):
        result.write(4)
    with pytest.raises(ValueError, match="serializer"):
        ConstantResult(value=3, serializer=JSONSerializer())


def test_a_prefect_result_is_the_text_of_its_value():
    result = PrefectResult(value=3)
    written = result.write({"a": [1, 2]}, x=1)
    assert (written.value, json.loads(written.location)) == ({"a": [1, 2]}, {"a": [1, 2]})
    assert result.location is None
    assert result.read("6").value == 6
    assert result.read("6").location == "6"
    assert (result.exists("6"), result.exists("{"), result.exists(None)) == (True, False, False)


def test_a_prefect_result_refuses_other_serializers_than_text():
    when = pendulum.datetime(2030, 1, 1)
    assert PrefectResult(serializer=DateTimeSerializer()).write(when).location == "2030-01-01T00:00:00Z"
    with pytest.raises(TypeError, match="JSONSerializer or DateTimeSerializer"):
        PrefectResult(serializer=PickleSerializer())
    with pytest.raises(TypeError):
        PrefectResult().write(object())


@pytest.mark.parametrize(
    "result",
    [Result(3, "l"), NoResult, ConstantResult(value=3, location="l"), PrefectResult(value=3, location="3")],
    ids=repr,
)
def test_json_has_the_location_and_never_the_value(result):
    data = codec.dump(result)
    assert data["type"] == type(result).__name__
    assert "value" not in data
    loaded = codec.load("result", data)
    assert type(loaded) is type(result)
    assert (loaded.location, loaded.value) == (result.location, None)


def test_own_kinds_of_results_travel_as_custom():
    class Mine(PrefectResult):
        pass

    data = codec.dump(Mine(location="zz"))
    assert (data["type"], data["location"]) == ("CustomResult", "zz")
    loaded = codec.load("result", data)
    assert (type(loaded), loaded.location) == (Result, "zz")


def test_results_of_the_engine_are_found_by_name():
    loaded = codec.load("result", {"type": "LocalResult", "dir": "/proc/nowhere/at/all", "location": "x"})
    assert (type(loaded).__name__, loaded.location) == ("LocalResult", "x")
