"""The results themselves: where values are written, and how they travel."""

from __future__ import annotations

import io
import os
import pickle
import re
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

from prefect import Task, context
from prefect.engine.result.base import ResultNotImplementedError
from prefect.engine.results import AzureResult, GCSResult, LocalResult, S3Result, SecretResult
from prefect.engine.results.remote import RemoteResult
from prefect.engine.serializers import JSONSerializer
from prefect.model import codec
from prefect.utilities.configuration import set_temporary_config


def test_a_file_is_written_and_read(tmp_path: Path) -> None:
    written = LocalResult(dir=str(tmp_path), location="sub/{a}.json", serializer=JSONSerializer()).write([1], a=3)

    assert written.location == str(tmp_path / "sub" / "3.json")
    assert (tmp_path / "sub" / "3.json").read_bytes() == b"[1]"
    read = LocalResult(dir=str(tmp_path), serializer=JSONSerializer()).read("sub/3.json")
    assert (read.value, read.location) == ([1], "sub/3.json")


def test_whether_a_file_exists(tmp_path: Path) -> None:
    LocalResult(dir=str(tmp_path), location="there").write(1)
    result = LocalResult(dir=str(tmp_path))

    assert result.exists("there")
    assert result.exists("{x}", x="there")
    assert not result.exists("elsewhere")
    with pytest.raises(FileNotFoundError):
        result.read("elsewhere")


def test_absolute_locations_win(tmp_path: Path) -> None:
    place = str(tmp_path / "else" / "where")
    assert LocalResult(dir=str(tmp_path / "dir"), location=place).write(1).location == place


def test_the_default_name_tells_the_time(tmp_path: Path) -> None:
    location = LocalResult(dir=str(tmp_path)).write(1).location
    assert location is not None
    assert re.fullmatch(r"prefect-result-\d{4}-\d\d-\d\dt\d\d-\d\d-\d\d-\d{6}-00-00", os.path.basename(location))


def test_the_default_folder_is_at_home(tmp_path: Path) -> None:
    with set_temporary_config({"home_dir": str(tmp_path)}):
        assert LocalResult().dir == LocalResult(dir=str(tmp_path / "other")).dir == str(tmp_path / "results")
    assert (tmp_path / "results").is_dir()


def test_a_folder_is_only_made_when_wanted(tmp_path: Path) -> None:
    assert LocalResult(dir=str(tmp_path / "a"), validate_dir=False).dir == str(tmp_path / "a")
    assert not (tmp_path / "a").exists()
    LocalResult(dir=str(tmp_path / "b"))
    assert (tmp_path / "b").is_dir()


def test_files_can_be_read_by_others_as_usual(tmp_path: Path) -> None:
    mask = os.umask(0o022)
    try:
        location = LocalResult(dir=str(tmp_path), location="x").write(1).location
    finally:
        os.umask(mask)
    assert location is not None
    assert os.stat(location).st_mode & 0o777 == 0o644


class ReadsContext(Task):
    def run(self, name: str | None = None) -> Any:
        return context.my_secrets[name or self.name]


def test_a_secret_is_known_by_its_name_only() -> None:
    result = SecretResult(ReadsContext(name="password"))

    with context(my_secrets={"password": "x", "other": "y"}):
        assert result.read("password").value == "x"
        assert result.read("other").location == "other"
    assert (result.location, result.value) == ("password", None)
    with pytest.raises(ValueError, match="cannot be written"):
        result.write("z")
    with pytest.raises(ResultNotImplementedError):
        result.exists("password")
    with pytest.raises(ValueError, match="serializer"):
        SecretResult(ReadsContext(), serializer=JSONSerializer())


def test_json_of_the_results() -> None:
    results = [
        LocalResult(dir="/tmp/x", location="a", validate_dir=False),
        S3Result("b", location="a"),
        GCSResult("g", location="a"),
        AzureResult("c", location="a"),
    ]
    for result in results:
        data = codec.dump(result)
        again = codec.load("result", data)
        assert data["type"] == type(result).__name__
        assert again == result
        assert codec.dump(again) == data
    secret = codec.dump(SecretResult(ReadsContext(name="n")))
    assert (secret["location"], secret["secret_type"]) == ("n", "ReadsContext")
    assert codec.dump(codec.load("result", secret)) == secret
    with pytest.raises(ValueError, match="ReadsContext"):
        codec.load("result", secret).read("n")


class FakeS3:
    """A bucket in memory with the three methods that are used."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.options: Any = None

    def upload_fileobj(self, stream: Any, Bucket: str, Key: str, ExtraArgs: Any) -> None:
        self.objects[f"{Bucket}/{Key}"] = stream.read()
        self.options = ExtraArgs

    def download_fileobj(self, Bucket: str, Key: str, Fileobj: io.BytesIO) -> None:
        Fileobj.write(self.objects[f"{Bucket}/{Key}"])


def test_objects_of_a_bucket() -> None:
    result = S3Result("bucket", location="{x}/y", upload_options={"ACL": "private"})
    result.client = store = FakeS3()

    written = result.write({"a": 1}, x="z")
    assert written.location == "z/y"
    assert list(store.objects) == ["bucket/z/y"]
    assert store.options == {"ACL": "private"}
    assert result.read("z/y").value == {"a": 1}


class FakeBlob:
    def __init__(self, blobs: dict[str, bytes], name: str) -> None:
        self.blobs, self.name = blobs, name

    def upload_from_string(self, data: bytes) -> None:
        self.blobs[self.name] = data

    def download_as_bytes(self) -> bytes:
        return self.blobs[self.name]

    def exists(self) -> bool:
        return self.name in self.blobs

    # the same for Azure

    def upload_blob(self, data: bytes, overwrite: bool) -> None:
        assert overwrite
        self.blobs[self.name] = data

    def download_blob(self) -> FakeBlob:
        return self

    readall = download_as_bytes


class FakeBucket:
    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}

    def blob(self, name: str) -> FakeBlob:
        return FakeBlob(self.blobs, name)

    def get_blob_client(self, container: str, blob: str) -> FakeBlob:
        return FakeBlob(self.blobs, f"{container}/{blob}")


@pytest.mark.parametrize("kind", ["gcs", "azure"])
def test_blobs(kind: str) -> None:
    result: Any
    if kind == "gcs":
        result = GCSResult("bucket", location="{x}")
        result._gcs_bucket = FakeBucket()
    else:
        result = AzureResult("container", location="{x}")
        result.service = FakeBucket()

    assert not result.exists("{x}", x="a")
    assert result.write(7, x="a").location == "a"
    assert result.exists("{x}", x="a")
    assert result.read("a").value == 7


def test_azure_needs_a_connection_string(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("azure.storage.blob")
    monkeypatch.delenv("AZURE_STORAGE_CONNECTION_STRING", raising=False)
    with pytest.raises(ValueError, match="AZURE_STORAGE_CONNECTION_STRING"):
        AzureResult("c").initialize_service()


def test_connections_do_not_travel() -> None:
    result = S3Result("bucket")
    result.client = open(os.devnull)  # noqa: SIM115 (closed below; something that cannot be pickled)
    try:
        again = pickle.loads(pickle.dumps(result))
    finally:
        result.client.close()
    assert again.bucket == "bucket"
    assert cloudpickle.loads(cloudpickle.dumps(LocalResult(validate_dir=False))).dir


class InMemory(RemoteResult):
    """Objects that are kept here."""

    kept: dict[str, bytes]

    def _upload(self, location: str | None, data: bytes) -> None:
        self.kept[str(location)] = data

    def _download(self, location: str) -> bytes:
        return self.kept[location]


@pytest.mark.parametrize("empty_is_none", [True, False])
def test_what_was_written_elsewhere_has_its_value_and_the_result_itself_does_not_change(empty_is_none: bool) -> None:
    result = InMemory(location="a/{x}", serializer=JSONSerializer())
    result.kept = {}
    result.reads_empty_as_none = empty_is_none  # type: ignore[misc]

    written = result.write([7], x="b")
    assert (written.value, written.location, result.kept) == ([7], "a/b", {"a/b": b"[7]"})
    assert (result.value, result.location) == (None, "a/{x}")
    read = result.read("a/b")
    assert (read.value, read.location) == ([7], "a/b")
    result.kept["a/b"] = b""
    if empty_is_none:
        assert result.read("a/b").value is None
    else:
        with pytest.raises(ValueError):
            result.read("a/b")
    result.check_location("a/c")
    with pytest.raises(ValueError):
        result.check_location("b/c")


def test_a_kind_of_result_says_how_its_objects_travel() -> None:
    for act in (lambda: RemoteResult()._upload("a", b""), lambda: RemoteResult()._download("a")):
        with pytest.raises(NotImplementedError):
            act()
