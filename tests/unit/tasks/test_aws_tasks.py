"""Tasks for AWS: S3 and the stores of secrets against moto, the others by botocore's own models of requests."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from prefect import context
from prefect.engine.signals import FAIL
from prefect.tasks import aws
from prefect.tasks.aws.client import AwsTask

REGION = {"region_name": "us-east-1"}
CREDENTIALS = {"ACCESS_KEY": "key", "SECRET_ACCESS_KEY": "s3cr3t-key"}


@pytest.fixture
def moto(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("prefect.utilities.aws._clients.get", lambda key, make: make())
    with mock_aws():
        yield


@pytest.fixture
def bucket(moto: None) -> str:
    boto3.client("s3", "us-east-1").create_bucket(Bucket="bucket")
    return "bucket"


def test_object_is_written_and_read(bucket: str) -> None:
    up, down = aws.S3Upload(bucket, REGION), aws.S3Download(bucket=bucket, boto_kwargs=REGION)

    assert up.run("äöü", key="a/text", credentials=CREDENTIALS) == "a/text"
    assert down.run("a/text", credentials=CREDENTIALS) == "äöü"
    assert down.run(key="a/text", as_bytes=True, credentials=CREDENTIALS) == "äöü".encode()
    key = up.run(data=b"\xff", credentials=CREDENTIALS)
    assert len(key) == 36
    assert down.run(key, as_bytes=True, credentials=CREDENTIALS) == b"\xff"


def test_object_is_packed_and_unpacked(bucket: str) -> None:
    aws.S3Upload(bucket, REGION).run("text", key="z", compression="gzip", credentials=CREDENTIALS)

    found = aws.S3Download(bucket, REGION).run("z", as_bytes=True, credentials=CREDENTIALS)
    assert gzip.decompress(found) == b"text"
    assert aws.S3Download(bucket, REGION).run("z", compression="gzip", credentials=CREDENTIALS) == "text"
    with pytest.raises(ValueError, match="Unrecognized compression method 'rar'"):
        aws.S3Download(bucket, REGION).run("z", compression="rar")


def test_keys_are_listed_by_prefix_and_time(bucket: str) -> None:
    for key in ("p/1", "p/2", "q/1"):
        aws.S3Upload(bucket, REGION).run("x", key=key, credentials=CREDENTIALS)
    listed = aws.S3List(bucket, REGION)
    year = datetime.now(UTC).year

    assert listed.run("p/", credentials=CREDENTIALS) == ["p/1", "p/2"]
    assert listed.run("", page_size=1, max_items=2, credentials=CREDENTIALS) == ["p/1", "p/2"]
    assert listed.run("", last_modified_begin=f"{year + 1}-02-01", credentials=CREDENTIALS) == []
    assert len(listed.run("", last_modified_begin=f"{year - 1}-01-01T00:00:00+02:00", credentials=CREDENTIALS)) == 3
    assert listed.run("", last_modified_end=f"{year - 1}-01-01", credentials=CREDENTIALS) == []


def test_an_object_that_is_not_there_is_told_without_the_key(bucket: str) -> None:
    with pytest.raises(Exception, match="404") as caught:
        aws.S3Download(bucket, REGION).run("nowhere", credentials=CREDENTIALS)
    assert "s3cr3t" not in str(caught.value)


def test_secrets_are_read_and_decoded(moto: None) -> None:
    client = boto3.client("secretsmanager", "us-east-1")
    client.create_secret(Name="json", SecretString='{"a": 1}')
    client.create_secret(Name="text", SecretString="plain")
    boto3.client("ssm", "us-east-1").put_parameter(Name="p", Value="v", Type="SecureString")

    assert aws.AWSSecretsManager("json", REGION).run(credentials=CREDENTIALS) == {"a": 1}
    assert aws.AWSSecretsManager(boto_kwargs=REGION).run("text", credentials=CREDENTIALS) == "plain"
    parameter = aws.AWSParametersManager("p", REGION)
    assert parameter.run(credentials=CREDENTIALS) == "v"
    assert type(parameter.result).__name__ == "SecretResult"
    assert parameter.checkpoint is False


# ----- by botocore's models: a request or an answer that they do not know is an error


@pytest.fixture
def stubbed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    stubs: list[Stubber] = []

    def make(service: str) -> Stubber:
        client = boto3.client(service, "us-east-1", aws_access_key_id="k", aws_secret_access_key="s")
        stub = Stubber(client)
        stubs.append(stub)
        monkeypatch.setattr(AwsTask, "aws", lambda self, asked: client if asked == service else None)
        stub.activate()
        return stub

    yield make
    for stub in stubs:
        stub.assert_no_pending_responses()


def test_batch_job_is_submitted(stubbed: Any) -> None:
    stub = stubbed("batch")
    asked = {"jobName": "n", "jobDefinition": "d", "jobQueue": "q", "parameters": {"a": "b"}}
    stub.add_response("submit_job", {"jobName": "n", "jobId": "J"}, asked)
    stub.add_client_error("submit_job", "ClientException", "no such queue")
    task = aws.BatchSubmit("n", "d", "q")

    assert task.run(batch_kwargs={"parameters": {"a": "b"}}) == "J"
    with pytest.raises(FAIL, match=r"Failed to submit job 'n' to AWS Batch. .*no such queue"):
        task.run()


def job(status: str) -> dict[str, Any]:
    described = {"jobName": "n", "jobId": "J", "jobQueue": "q", "status": status, "startedAt": 1, "jobDefinition": "d"}
    return {"jobs": [described]}


@pytest.mark.parametrize(
    ("waiter", "status"), [("JobExists", "SUBMITTED"), ("JobRunning", "RUNNING"), ("JobComplete", "SUCCEEDED")]
)
def test_batch_jobs_are_waited_for(stubbed: Any, waiter: str, status: str) -> None:
    stubbed("batch").add_response("describe_jobs", job(status), {"jobs": ["J"]})

    assert aws.AWSClientWait("batch", waiter).run(waiter_kwargs={"jobs": ["J"]}) is None


def test_a_batch_job_that_failed_is_not_waited_for(stubbed: Any) -> None:
    stubbed("batch").add_response("describe_jobs", job("FAILED"), {"jobs": ["J"]})

    with pytest.raises(Exception, match="terminal failure state"):
        aws.AWSClientWait("batch", "JobComplete").run(waiter_kwargs={"jobs": ["J"]})


def test_waiters_of_boto_and_of_users(stubbed: Any) -> None:
    stub = stubbed("s3")
    stub.add_response("head_bucket", {"ResponseMetadata": {"HTTPStatusCode": 200}}, {"Bucket": "b"})
    stub.add_response("head_bucket", {"ResponseMetadata": {"HTTPStatusCode": 200}}, {"Bucket": "c"})
    aws.AWSClientWait("s3", "bucket_exists").run(waiter_kwargs={"Bucket": "b"})
    own = {
        "version": 2,
        "waiters": {
            "Mine": {
                "operation": "HeadBucket",
                "delay": 1,
                "maxAttempts": 1,
                "acceptors": [{"matcher": "status", "expected": 200, "state": "success"}],
            }
        },
    }
    aws.AWSClientWait("s3", "Mine", own).run(waiter_kwargs={"Bucket": "c"})
    with pytest.raises(ValueError, match="Unable to load waiter 'nowhere' for AWS client 's3'"):
        aws.AWSClientWait("s3", "nowhere").run()


def test_functions_are_created_called_listed_and_deleted(stubbed: Any, tmp_path: Path) -> None:
    import io

    archive = tmp_path / "f.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("f.py", "")
    stub = stubbed("lambda")
    stub.add_response("create_function", {"FunctionName": "f"})
    stub.add_response(
        "invoke",
        {"StatusCode": 200, "Payload": io.BytesIO(b"1")},
        {
            "FunctionName": "f",
            "InvocationType": "RequestResponse",
            "LogType": "None",
            "ClientContext": "eyJjdXN0b20iOiBudWxsLCAiZW52IjogbnVsbCwgImNsaWVudCI6IG51bGx9",
            "Payload": '{"a": 1}',
            "Qualifier": "$LATEST",
        },
    )
    stub.add_response(
        "list_functions",
        {"Functions": []},
        {"MasterRegion": "ALL", "FunctionVersion": "ALL", "MaxItems": 50, "Marker": "m"},
    )
    stub.add_response("delete_function", {}, {"FunctionName": "f", "Qualifier": "2"})

    made = aws.LambdaCreate(
        "f",
        "python3.12",
        "arn:aws:iam::123456789012:role/r",
        "f.h",
        zip_file=str(archive),
        subnet_ids=["s"],
        layers=["l"],
    )
    assert made.run()["FunctionName"] == "f"
    assert aws.LambdaInvoke("f").run(payload={"a": 1})["StatusCode"] == 200
    assert aws.LambdaList(marker="m").run()["Functions"] == []
    aws.LambdaDelete("f", qualifier="2").run()


def test_state_machine_is_started(stubbed: Any) -> None:
    stub = stubbed("stepfunctions")
    answer = {"executionArn": "arn:x", "startDate": datetime(2026, 1, 1, tzinfo=UTC)}
    stub.add_response("start_execution", answer, {"stateMachineArn": "arn", "name": "n", "input": "{}"})

    assert aws.StepActivate("arn", "n").run()["executionArn"] == "arn:x"


def test_credentials_of_the_secret_reach_a_client_that_a_test_puts_there(monkeypatch: pytest.MonkeyPatch) -> None:
    own = MagicMock()
    monkeypatch.setattr("prefect.utilities.aws.boto3", own)
    secret = {"ACCESS_KEY": "42", "SECRET_ACCESS_KEY": "99", "SESSION_TOKEN": "1"}
    with context(secrets={"AWS_CREDENTIALS": secret}):
        aws.LambdaList(boto_kwargs={"region_name": "us-west-2"}).run()
        aws.S3Upload("b").run("x", credentials={"ACCESS_KEY": "a", "SECRET_ACCESS_KEY": "b"})

    first, second = own.client.call_args_list
    assert first.args == ("lambda",)
    assert first.kwargs == {
        "aws_access_key_id": "42",
        "aws_secret_access_key": "99",
        "aws_session_token": "1",
        "region_name": "us-west-2",
    }
    assert second.kwargs["aws_access_key_id"] == "a"
    monkeypatch.undo()
    assert aws.LambdaList(boto_kwargs={"region_name": "us-west-2"}).aws("lambda").meta.region_name == "us-west-2"
