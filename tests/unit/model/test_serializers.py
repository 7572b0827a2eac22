import base64
import datetime
import importlib.util
import json
import pickle

import cloudpickle
import pendulum
import pytest

from prefect.model.serializers import (
    CompressedSerializer,
    DateTimeSerializer,
    JSONSerializer,
    PandasSerializer,
    PickleSerializer,
    Serializer,
)

needs_pandas = pytest.mark.skipif(importlib.util.find_spec("pandas") is None, reason="pandas is not installed")


@pytest.mark.parametrize(
    ("serializer", "value"),
    [
        (PickleSerializer(), {"a": {1, 2}}),
        (JSONSerializer(), {"a": [1, None, "é"]}),
        (DateTimeSerializer(), pendulum.datetime(2030, 1, 1)),
        *[(CompressedSerializer(PickleSerializer(), name), [1] * 100) for name in ("bz2", "gzip", "lzma", "zlib")],
        (CompressedSerializer(JSONSerializer(), compress=lambda b: b[::-1], decompress=lambda b: b[::-1]), [1]),
    ],
    ids=lambda v: type(v).__name__,
)
def test_values_come_back(serializer, value):
    written = serializer.serialize(value)
    assert isinstance(written, bytes)
    assert serializer.deserialize(written) == value
    assert cloudpickle.loads(cloudpickle.dumps(serializer)).deserialize(written) == value


def test_pickles_in_base64_are_read_too():
    assert PickleSerializer().deserialize(base64.b64encode(cloudpickle.dumps(5))) == 5


@pytest.mark.parametrize(("data", "error"), [(b"zork", pickle.UnpicklingError), (b"", EOFError)])
def test_what_is_no_pickle_says_why(data, error):
    with pytest.raises(error):
        PickleSerializer().deserialize(data)


def test_json_refuses_what_it_cannot_hold():
    with pytest.raises(TypeError, match="not JSON serializable"):
        JSONSerializer().serialize(object())
    with pytest.raises(json.JSONDecodeError):
        JSONSerializer().deserialize(b"{")


def test_times_are_iso_text():
    berlin = pendulum.datetime(2030, 1, 1, tz="Europe/Berlin")
    assert DateTimeSerializer().serialize(berlin) == b"2030-01-01T00:00:00+01:00"
    assert DateTimeSerializer().serialize(datetime.datetime(2030, 1, 1)) == b"2030-01-01T00:00:00Z"
    assert isinstance(DateTimeSerializer().deserialize(b"2030-01-01T00:00:00Z"), pendulum.DateTime)
    with pytest.raises(ValueError, match="only accepts datetime"):
        DateTimeSerializer().serialize("2030-01-01")


def test_compression_is_by_format_or_by_functions():
    with pytest.raises(ValueError, match="but not both"):
        CompressedSerializer(JSONSerializer(), "gzip", compress=bytes)
    with pytest.raises(ValueError, match="either `format` or"):
        CompressedSerializer(JSONSerializer())
    with pytest.raises(ValueError, match="either `format` or"):
        CompressedSerializer(JSONSerializer(), compress=bytes)
    with pytest.raises(ImportError, match="'zork' is not installed"):
        CompressedSerializer(JSONSerializer(), "zork")
    with pytest.raises(ValueError, match="'json' does not have the functions"):
        CompressedSerializer(JSONSerializer(), "json")


def test_compression_takes_arguments():
    fast = CompressedSerializer(PickleSerializer(), "zlib", compress_kwargs={"level": 0})
    assert fast.deserialize(fast.serialize([1])) == [1]
    assert fast != CompressedSerializer(PickleSerializer(), "zlib")


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (JSONSerializer(), JSONSerializer(), True),
        (JSONSerializer(), PickleSerializer(), False),
        (CompressedSerializer(JSONSerializer(), "gzip"), CompressedSerializer(JSONSerializer(), "gzip"), True),
        (CompressedSerializer(JSONSerializer(), "gzip"), CompressedSerializer(JSONSerializer(), "bz2"), False),
        (CompressedSerializer(JSONSerializer(), "gzip"), CompressedSerializer(PickleSerializer(), "gzip"), False),
    ],
)
def test_equality(one, other, equal):
    assert (one == other) is equal


def test_the_base_is_abstract():
    with pytest.raises(NotImplementedError):
        Serializer().serialize(1)
    with pytest.raises(NotImplementedError):
        Serializer().deserialize(b"")


class FakeFrame:
    """What the serializer needs of a DataFrame, for places without pandas."""

    def __init__(self, rows):
        self.rows = rows

    def to_json(self, buffer, **kwargs):
        buffer.write(json.dumps(self.rows, **kwargs))

    def to_pickle(self, buffer):
        buffer.write(pickle.dumps(self.rows))


@pytest.fixture
def small_pandas(monkeypatch):
    import sys
    import types

    module = types.ModuleType("pandas")
    module.DataFrame = FakeFrame
    module.read_json = lambda buffer: FakeFrame(json.loads(buffer.read()))
    module.read_pickle = lambda buffer: FakeFrame(pickle.loads(buffer.read()))
    module.read_only = lambda buffer: None
    monkeypatch.setitem(sys.modules, "pandas", module)


@pytest.mark.usefixtures("small_pandas")
@pytest.mark.parametrize("file_type", ["json", "pickle"])
def test_frames_go_through_text_and_binary_files(file_type):
    serializer = PandasSerializer(file_type)
    assert serializer.deserialize(serializer.serialize(FakeFrame([1, 2]))).rows == [1, 2]
    assert serializer == PandasSerializer(file_type)
    assert serializer != PandasSerializer(file_type, serialize_kwargs={"indent": 1})


@pytest.mark.usefixtures("small_pandas")
def test_types_that_pandas_does_not_both_read_and_write_are_refused():
    with pytest.raises(ValueError, match="unsupported"):
        PandasSerializer("zork")
    with pytest.raises(ValueError, match="to_only"):
        PandasSerializer("only")


@needs_pandas
def test_real_frames_come_back():
    import pandas

    frame = pandas.DataFrame({"a": [1, 2]})
    serializer = PandasSerializer("csv", serialize_kwargs={"index": False})
    assert serializer.deserialize(serializer.serialize(frame)).equals(frame)


def test_an_unknown_compression_is_named_with_the_known_ones():
    with pytest.raises(ImportError, match=r"'zork' is not installed\. Did you mean to use one of 'bz2', 'gzip'"):
        CompressedSerializer(JSONSerializer(), format="zork")
