"""Tasks for Docker: the vendor's client against a fake that speaks the Engine API (1.41)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from prefect import Flow
from prefect.engine.signals import FAIL
from prefect.tasks import docker
from support.fake_service import FakeService
from support.road import free_port


@pytest.fixture
def fake() -> Iterator[FakeService]:
    with FakeService() as engine:
        engine.on("GET /version", {"ApiVersion": "1.41", "MinAPIVersion": "1.12", "Version": "20.10"})
        yield engine


def url(fake: FakeService) -> dict[str, str]:
    return {"docker_server_url": fake.url.replace("http://", "tcp://")}


def lines(*messages: Any) -> tuple[int, bytes, dict[str, str]]:
    content = "".join(json.dumps(message) + "\r\n" for message in messages).encode()
    return 200, content, {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}


def test_container_is_made_started_waited_for_and_removed(fake: FakeService) -> None:
    fake.on("POST .*/containers/create", (201, {"Id": "abc", "Warnings": []}))
    fake.on("POST .*/wait", {"StatusCode": 0}).on("(POST|DELETE)", (204, b""))
    with Flow("docker") as flow:
        made = docker.CreateContainer("img", command=["a", "b; c"], **url(fake))(
            host_config={"binds": ["/a:/b"]}, environment={"A": "b"}
        )
        started = docker.StartContainer(**url(fake))(container_id=made)
        waited = docker.WaitOnContainer(**url(fake))(container_id=made, upstream_tasks=[started])
        docker.RemoveContainer(**url(fake))(container_id=made, upstream_tasks=[waited])

    state = flow.run()

    assert state.is_successful()
    assert (state.result[made].result, state.result[waited].result["StatusCode"]) == ("abc", 0)
    asked = {
        f"{request.method} {request.path.split('/', 2)[2]}": request for request in fake.asked if "v1." in request.path
    }
    assert list(asked) == [
        "POST containers/create",
        "POST containers/abc/start",
        "POST containers/abc/wait",
        "DELETE containers/abc",
    ]
    body = asked["POST containers/create"].json
    assert (body["Image"], body["Cmd"], body["Env"]) == ("img", ["a", "b; c"], ["A=b"])
    assert body["HostConfig"]["Binds"] == ["/a:/b"]


def test_a_container_that_failed_fails_the_task(fake: FakeService) -> None:
    fake.on("POST .*/wait", {"StatusCode": 3}).on("GET .*/json", {"Config": {"Tty": True}}).on(
        "GET .*/logs", (200, b"why\n")
    )

    with pytest.raises(FAIL, match="abc failed with exit code 3: None"):
        docker.WaitOnContainer("abc", **url(fake)).run()
    assert docker.WaitOnContainer("abc", **url(fake)).run(raise_on_exit_code=False) == {"StatusCode": 3}
    assert docker.GetContainerLogs("abc", **url(fake)).run() == "why\n"


def test_lists_and_names(fake: FakeService) -> None:
    fake.on("GET .*/containers/json", [{"Id": "abc"}]).on("GET .*/images/json", [{"Id": "i"}])
    fake.on("POST .*/tag", (201, b"")).on("DELETE", [{"Deleted": "i"}]).on("POST .*/stop", (204, b""))

    assert docker.ListContainers(True, {"status": "exited"}, **url(fake)).run() == [{"Id": "abc"}]
    assert docker.ListImages("img", **url(fake)).run() == [{"Id": "i"}]
    assert docker.TagImage("i", "new", "t", **url(fake)).run() is True
    docker.RemoveImage("i", force=True, **url(fake)).run()
    docker.StopContainer("abc", **url(fake)).run()
    listed = next(asked for asked in fake.asked if asked.path.endswith("/containers/json"))
    assert listed.query["all"] == ["1"]
    assert json.loads(listed.query["filters"][0]) == {"status": ["exited"]}


def test_images_are_pulled_pushed_and_built(fake: FakeService, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    fake.on("POST .*/images/create", lines({"status": "Pulling"}, {"status": "Done"}))
    fake.on("POST .*/push", lines({"status": "Pushed"})).on(
        "POST .*/build", lines({"stream": "Step 1"}, {"aux": {"ID": "i"}})
    )

    assert "Done" in docker.PullImage("img", "t", **url(fake)).run()
    assert docker.PullImage("img", **url(fake)).run(stream_logs=True) == "{'status': 'Pulling'}\n{'status': 'Done'}"
    assert "Pushed" in docker.PushImage("img", "t", **url(fake)).run()
    built = docker.BuildImage(str(tmp_path), tag="new", **url(fake)).run(stream_logs=True)
    assert built == [{"stream": "Step 1"}, {"aux": {"ID": "i"}}]


@pytest.mark.parametrize("stream_logs", [True, False])
def test_an_error_inside_of_an_answer_fails_the_task(fake: FakeService, tmp_path: Path, stream_logs: bool) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    fake.on("POST", lines({"status": "Pulling"}, {"error": "no such image"}))

    with pytest.raises(RuntimeError, match="PullImage: no such image"):
        docker.PullImage("img", **url(fake)).run(stream_logs=stream_logs)
    with pytest.raises(RuntimeError, match="BuildImage: no such image"):
        docker.BuildImage(str(tmp_path), **url(fake)).run(stream_logs=stream_logs)


def test_an_engine_that_is_away_is_told() -> None:
    with pytest.raises(Exception, match="Error while fetching server API version"):
        docker.ListImages(docker_server_url=f"tcp://127.0.0.1:{free_port()}").run()


def test_a_name_cannot_lead_to_something_else_of_the_engine(fake: FakeService) -> None:
    for call in (
        lambda: docker.RemoveContainer("../images/img", **url(fake)).run(),
        lambda: docker.StopContainer("..", **url(fake)).run(),
        lambda: docker.RemoveImage("../containers/abc", **url(fake)).run(),
        lambda: docker.PushImage("registry/../../x", "t", **url(fake)).run(),
    ):
        with pytest.raises(ValueError, match="cannot be part of an address"):
            call()
    assert fake.asked == []
