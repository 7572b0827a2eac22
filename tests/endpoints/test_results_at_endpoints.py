"""Results in object stores, over HTTP: what is written is read, by others too, and what is not there is said so."""

from __future__ import annotations

import json
import pickle
import zlib
from datetime import timedelta
from typing import Any

import pytest

from prefect import Flow, context, task
from prefect.engine.result import Result
from prefect.engine.results import AzureResult, GCSResult, S3Result
from prefect.engine.serializers import (
    CompressedSerializer,
    DateTimeSerializer,
    JSONSerializer,
    PandasSerializer,
    PickleSerializer,
)

pytestmark = pytest.mark.process


@pytest.fixture(params=["s3", "gcs", "azure"])
def result(request: pytest.FixtureRequest) -> Result:
    """A result in a bucket of its own, without a location."""
    if request.param == "s3":
        options = request.getfixturevalue("s3_options")
        return S3Result(request.getfixturevalue("s3_bucket"), boto3_kwargs=options)
    if request.param == "gcs":
        return GCSResult(request.getfixturevalue("gcs_bucket"))
    return AzureResult(request.getfixturevalue("azure_container"))


def at(result: Result, location: Any, serializer: Any = None) -> Result:
    new = result.copy()
    new.__init__(  # type: ignore[misc]
        **_arguments(result), location=location, serializer=serializer
    )
    return new


def _arguments(result: Any) -> dict[str, Any]:
    if isinstance(result, S3Result):
        return {"bucket": result.bucket, "boto3_kwargs": result.boto3_kwargs, "upload_options": result.upload_options}
    return {"bucket": result.bucket} if isinstance(result, GCSResult) else {"container": result.container}


def test_a_value_goes_there_and_comes_back(result: Result) -> None:
    written = at(result, "{flow}/{n:03d}.pickle").write({"a": [1, None]}, flow="f", n=7)

    assert (written.location, written.value) == ("f/007.pickle", {"a": [1, None]})
    read = result.read("f/007.pickle")
    assert (read.location, read.value) == ("f/007.pickle", {"a": [1, None]})
    # A second write replaces the first.
    at(result, "f/007.pickle").write("new")
    assert result.read("f/007.pickle").value == "new"


def test_a_value_without_a_location_gets_a_fresh_one(result: Result) -> None:
    first, second = result.write(1), result.write(2)

    assert first.location != second.location
    assert str(first.location).endswith(".prefect_result")
    assert [result.read(str(r.location)).value for r in (first, second)] == [1, 2]


def test_what_is_not_there_does_not_exist(result: Result) -> None:
    at(result, "there/x").write(1)

    assert result.exists("there/x")
    assert result.exists("{place}/x", place="there")
    assert not result.exists("there")
    assert not result.exists("elsewhere")


def test_reading_what_is_not_there_is_an_error(result: Result) -> None:
    with pytest.raises(Exception, match=r"404|NoSuchKey|not exist|Not Found"):
        result.read("elsewhere")


def test_a_result_travels_to_another_process_and_connects_there(result: Result) -> None:
    location = result.write("value").location

    again = pickle.loads(pickle.dumps(result))
    assert again == result
    assert again.read(location).value == "value"


class TestS3:
    def test_a_missing_bucket_is_an_error_and_not_a_missing_value(self, s3_options: dict[str, Any]) -> None:
        from botocore.exceptions import ClientError

        with pytest.raises(ClientError, match="NoSuchBucket"):
            S3Result("nobody-made-this", boto3_kwargs=s3_options).exists("x")

    def test_an_endpoint_that_does_not_answer_is_an_error(self, s3_options: dict[str, Any]) -> None:
        from botocore.config import Config
        from botocore.exceptions import EndpointConnectionError

        from support.road import free_port

        options = {
            **s3_options,
            "endpoint_url": f"http://127.0.0.1:{free_port()}",
            "config": Config(retries={"max_attempts": 0}),
        }
        with pytest.raises(EndpointConnectionError):
            S3Result("bucket", boto3_kwargs=options).exists("x")

    def test_upload_options_go_with_the_object(self, s3_bucket: str, s3_options: dict[str, Any]) -> None:
        options = {"ContentType": "application/json", "Metadata": {"made-by": "a test"}}
        result = S3Result(s3_bucket, s3_options, options, location="x", serializer=JSONSerializer())
        result.write([1])

        head = result.client.head_object(Bucket=s3_bucket, Key="x")
        assert (head["ContentType"], head["Metadata"]) == ("application/json", {"made-by": "a test"})

    def test_an_object_of_many_parts(self, s3_bucket: str, s3_options: dict[str, Any]) -> None:
        value = bytes(range(256)) * 40_000  # 10 MB: more than one part
        location = S3Result(s3_bucket, s3_options, location="big").write(value).location

        assert S3Result(s3_bucket, s3_options).read(str(location)).value == value

    def test_credentials_come_from_the_local_secret(self, s3_bucket: str, s3_options: dict[str, Any]) -> None:
        known = {"ACCESS_KEY": "from the secret", "SECRET_ACCESS_KEY": "x", "SESSION_TOKEN": "t"}
        options = {key: value for key, value in s3_options.items() if not key.startswith("aws_")}
        with context(secrets={"AWS_CREDENTIALS": known}):
            result = S3Result(s3_bucket, boto3_kwargs=options)
            result.write(1)
            used = result.client._request_signer._credentials
        assert (used.access_key, used.token) == ("from the secret", "t")


class TestSerializers:
    """The bytes in the bucket are those that other programs expect."""

    def bytes_at(self, result: S3Result, location: str) -> bytes:
        return bytes(result.client.get_object(Bucket=result.bucket, Key=location)["Body"].read())

    @pytest.fixture
    def bucket(self, s3_bucket: str, s3_options: dict[str, Any]) -> S3Result:
        return S3Result(s3_bucket, boto3_kwargs=s3_options)

    def test_json(self, bucket: S3Result) -> None:
        at(bucket, "x.json", JSONSerializer()).write({"a": 1})
        assert json.loads(self.bytes_at(bucket, "x.json")) == {"a": 1}

    def test_times(self, bucket: S3Result) -> None:
        import pendulum

        instant = pendulum.datetime(2026, 3, 29, 1, 30, tz="Europe/Berlin")
        kind = at(bucket, "x", DateTimeSerializer())
        kind.write(instant)
        assert kind.read("x").value == instant

    @pytest.mark.parametrize("name", ["bz2", "gzip", "lzma", "zlib"])
    def test_compressed(self, bucket: S3Result, name: str) -> None:
        kind = at(bucket, name, CompressedSerializer(JSONSerializer(), format=name))
        kind.write(["word"] * 1000)

        assert len(self.bytes_at(bucket, name)) < 200
        assert kind.read(name).value == ["word"] * 1000

    def test_compressed_with_functions(self, bucket: S3Result) -> None:
        serializer = CompressedSerializer(
            PickleSerializer(), compress=zlib.compress, decompress=zlib.decompress, compress_kwargs={"level": 1}
        )
        kind = at(bucket, "x", serializer)
        kind.write({"a"})
        assert kind.read("x").value == {"a"}

    @pytest.mark.parametrize(
        ("file_type", "how"),
        [("csv", {"index": False}), ("json", {}), ("pickle", {})],
        ids=["csv", "json", "pickle"],
    )
    def test_frames(self, bucket: S3Result, file_type: str, how: dict[str, Any]) -> None:
        pandas = pytest.importorskip("pandas")
        frame = pandas.DataFrame({"name": ["a", "ü"], "n": [1, 2]})
        kind = at(bucket, "frame", PandasSerializer(file_type, serialize_kwargs=how))
        kind.write(frame)

        pandas.testing.assert_frame_equal(kind.read("frame").value, frame)

    def test_frames_as_others_read_them(self, bucket: S3Result) -> None:
        pandas = pytest.importorskip("pandas")
        how = {"index": False, "sep": ";"}
        at(bucket, "x.csv", PandasSerializer("csv", serialize_kwargs=how)).write(
            pandas.DataFrame({"a": [1], "b": ["ü"]})
        )
        assert self.bytes_at(bucket, "x.csv").decode() == "a;b\n1;ü\n"

    def test_compressed_frames(self, bucket: S3Result) -> None:
        pandas = pytest.importorskip("pandas")
        frame = pandas.DataFrame({"n": range(1000)})
        kind = at(bucket, "x", CompressedSerializer(PandasSerializer("pickle"), format="gzip"))
        kind.write(frame)
        pandas.testing.assert_frame_equal(kind.read("x").value, frame)


class TestFlows:
    """Whole runs whose values lie in a bucket."""

    def test_checkpoints_lie_where_the_template_says(self, result: Result) -> None:
        @task(result=at(result, "{parameters[day]}/{task_name}/{map_index}.json", JSONSerializer()))
        def double(x: int) -> int:
            return 2 * x

        from prefect import Parameter

        with Flow("f") as flow:
            Parameter("day", default="monday")()
            doubled = double.map([1, 2])
        with context(checkpointing=True):
            state = flow.run(parameters={"day": "friday"})

        assert state.is_successful(), state.result
        places = [child._result.location for child in state.result[doubled].map_states]
        assert places == ["friday/double/0.json", "friday/double/1.json"]
        assert [at(result, None, JSONSerializer()).read(place).value for place in places] == [2, 4]

    def test_a_target_that_lies_there_spares_the_work(self, result: Result) -> None:
        calls: list[int] = []

        @task(result=result, target="{task_name}-{x}")
        def work(x: int) -> int:
            calls.append(x)
            return x + 1

        with Flow("f") as flow:
            worked = work(4)
        with context(checkpointing=True):
            first, second = flow.run(), flow.run()

        assert calls == [4]
        assert first.result[worked].is_successful()
        assert not first.result[worked].is_cached()
        assert second.result[worked].is_cached()
        assert second.result[worked].result == 5

    def test_a_bucket_that_is_missing_fails_the_task_and_nothing_else(self, s3_options: dict[str, Any]) -> None:
        attempts: list[int] = []

        @task(result=S3Result("nobody-made-this", boto3_kwargs=s3_options), max_retries=1, retry_delay=timedelta(0))
        def lost() -> int:
            attempts.append(1)
            return 1

        @task
        def other() -> int:
            return 2

        with Flow("f") as flow:
            failed, fine = lost(), other()
        with context(checkpointing=True):
            state = flow.run()

        assert state.is_failed()
        assert state.result[failed].is_failed()
        assert "NoSuchBucket" in state.result[failed].message
        assert state.result[fine].is_successful()
        assert len(attempts) == 2
