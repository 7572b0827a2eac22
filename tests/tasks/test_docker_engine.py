"""Tasks for Docker with an engine that the tests start; no registry is asked for anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from prefect import Flow
from prefect.engine.signals import FAIL
from prefect.tasks import docker
from support.engines import Engine, NoEngine, borrowed_volumes, docker_engine
from support.road import free_port

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    try:
        with docker_engine() as engine:
            yield engine
    except NoEngine as why:
        pytest.skip(str(why))


def create(engine: Engine, command: Any, **further: Any) -> str:
    host = {"binds": borrowed_volumes(), "network_mode": "host"}
    made: str = docker.CreateContainer("probe", command=command, host_config=host, docker_server_url=engine.url).run(
        **further
    )
    return made


def test_a_container_from_its_making_to_its_end(engine: Engine) -> None:
    where = {"docker_server_url": engine.url}
    with Flow("docker") as flow:
        made = docker.CreateContainer("probe", container_name="one", **where)(
            command=["/usr/bin/printf", "%s", "a b; $HOME"],
            environment={"A": "b"},
            host_config={"binds": borrowed_volumes(), "network_mode": "host"},
        )
        started = docker.StartContainer(**where)(made)
        waited = docker.WaitOnContainer(**where)(made, upstream_tasks=[started])
        logs = docker.GetContainerLogs(**where)(made, upstream_tasks=[waited])
        listed = docker.ListContainers(all_containers=True, filters={"name": "one"}, **where)(upstream_tasks=[waited])
        docker.RemoveContainer(**where)(made, upstream_tasks=[logs, listed])
    state = flow.run()

    assert state.is_successful()
    assert state.result[logs].result == "a b; $HOME"
    assert state.result[waited].result["StatusCode"] == 0
    (found,) = state.result[listed].result
    assert (found["Id"], found["Names"]) == (state.result[made].result, ["/one"])
    assert docker.ListContainers(all_containers=True, **where).run() == []


def test_a_container_that_fails_fails_the_task_that_waits(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    where = {"docker_server_url": engine.url}
    container = create(engine, ["/bin/sh", "-c", "echo sad; exit 3"])
    docker.StartContainer(container, **where).run()
    with pytest.raises(FAIL, match="failed with exit code 3"):
        docker.WaitOnContainer(container, **where).run()
    assert "sad" in caplog.text
    assert docker.WaitOnContainer(container, raise_on_exit_code=False, **where).run()["StatusCode"] == 3
    docker.RemoveContainer(container, **where).run()


def test_a_container_that_runs_is_stopped(engine: Engine) -> None:
    where = {"docker_server_url": engine.url}
    container = create(engine, ["/usr/bin/sleep", "600"])
    docker.StartContainer(container, **where).run()
    assert [found["Id"] for found in docker.ListContainers(**where).run()] == [container]
    docker.StopContainer(container, extra_docker_kwargs={"timeout": 0}, **where).run()
    assert docker.ListContainers(**where).run() == []
    docker.RemoveContainer(container, **where).run()


def test_images_are_built_named_listed_and_removed(engine: Engine, tmp_path: Path) -> None:
    where = {"docker_server_url": engine.url}
    (tmp_path / "Dockerfile").write_text("FROM probe\nCOPY word /word\n")
    (tmp_path / "word").write_text("hello")
    said = docker.BuildImage(str(tmp_path), tag="built:1", **where).run()
    assert "Successfully tagged built:1" in str(said)
    assert docker.TagImage("built:1", "shop/built", "2", **where).run() is True
    names = [name for image in docker.ListImages(**where).run() for name in image["RepoTags"] or ()]
    assert {"built:1", "shop/built:2"} <= set(names)
    docker.RemoveImage("shop/built:2", **where).run()
    docker.RemoveImage("built:1", force=True, **where).run()
    assert docker.ListImages("built", **where).run() == []

    (tmp_path / "Dockerfile").write_text("FROM probe\nCOPY none /none\n")
    with pytest.raises(Exception, match="none"):
        docker.BuildImage(str(tmp_path), **where).run()


def test_what_the_engine_refuses_is_told(engine: Engine) -> None:
    where = {"docker_server_url": engine.url}
    registry = f"127.0.0.1:{free_port()}/image"
    docker.TagImage("probe", registry, **where).run()
    for refused in (
        lambda: docker.PullImage(registry, tag="1", **where).run(),
        lambda: docker.PullImage(registry, tag="1", stream_logs=True, **where).run(),
        lambda: docker.PushImage(registry, **where).run(),
    ):
        with pytest.raises(Exception, match="refused"):
            refused()
    with pytest.raises(Exception, match="No such container: none"):
        docker.StartContainer("none", **where).run()
    with pytest.raises(Exception, match="No such image: none"):
        docker.CreateContainer("none", **where).run()
    docker.RemoveImage(registry, **where).run()
