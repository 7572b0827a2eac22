"""What Docker storage asks of the daemon, and what is tried with the flows in the image."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from prefect import Flow, task
from prefect.storage import Docker, Local, _healthcheck
from prefect.utilities.storage import flow_to_bytes_pickle

docker = pytest.importorskip("docker")


class Daemon:
    """The client of a daemon that does what it is told, and notes it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.context: list[str] = []
        self.text = ""
        self.says: Any = [b'{"stream":"Step 1\\n"}\r\n{"stream":" ---> two\\n"}']
        self.pushes: list[dict[str, str]] = []
        self.names: list[str] = ["one"]

    def __call__(self, **options: Any) -> Daemon:
        self.asked.append(("client", options))
        return self

    def pull(self, image: str, **options: Any) -> Any:
        self.asked.append(("pull", image))
        return self.pushes

    def build(self, *, path: str, dockerfile: str, tag: str, **options: Any) -> Any:
        self.asked.append(("build", (tag, options)))
        self.context = sorted(os.listdir(path))
        self.text = Path(dockerfile).read_text()
        return self.says

    def images(self, name: str) -> list[str]:
        return self.names

    def push(self, image: str, *, tag: str, **options: Any) -> Any:
        self.asked.append(("push", (image, tag)))
        return self.pushes

    def remove_image(self, image: str, force: bool) -> None:
        self.asked.append(("remove", image))


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Daemon:
    made = Daemon()
    monkeypatch.setattr(docker, "APIClient", made)
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return made


def storage(**given: Any) -> Docker:
    made = Docker(image_name="i", image_tag="t", **given)
    made.add_flow(Flow("a flow"))
    return made


def test_an_image_is_built_pushed_and_removed_here(daemon: Daemon, capsys: pytest.CaptureFixture[str]) -> None:
    daemon.pushes = [{"status": "Pushing"}, {"status": "Pushing", "progress": "[=>  ]"}]
    storage(registry_url="reg/", base_image="b/c:1").build()
    assert [what for what in daemon.asked if what[0] != "client"] == [
        ("pull", "b/c:1"),
        ("build", ("reg/i:t", {"rm": True, "forcerm": True})),
        ("push", ("reg/i", "t")),
        ("remove", "reg/i:t"),
    ]
    assert daemon.asked[0] == ("client", {"base_url": "unix://var/run/docker.sock", "version": "auto", "tls": False})
    assert capsys.readouterr().out.split("\n") == ["Pushing [=>  ]\r", "Step 1", " ---> two", "Pushing [=>  ]\r", ""]


def test_the_context_of_a_dockerfile_of_ones_own_is_the_folder_at_hand(daemon: Daemon) -> None:
    Path("requirements.txt").write_text("x")
    Path("Own").write_text("FROM mine:1\nCOPY requirements.txt /")
    storage(dockerfile="Own").build(push=False)
    assert {"Own", "requirements.txt"} < set(daemon.context)
    lines = daemon.text.splitlines()
    assert lines[:2] == ["FROM mine:1", "COPY requirements.txt /"]
    (copied,) = (line.split()[1] for line in lines if line.endswith(" /opt/prefect/flows/a-flow.prefect"))
    folder, name = copied.split("/")
    assert folder in daemon.context
    assert name == "a-flow.flow"
    assert sorted(os.listdir()) == ["Own", "requirements.txt"]


@pytest.mark.parametrize(
    ("says", "names"), [([{"error": "no such file\n"}], ["one"]), ([], []), ([b'{"error": "bad"}'], [])]
)
def test_a_build_that_fails_is_an_error(daemon: Daemon, says: Any, names: list[str]) -> None:
    daemon.says, daemon.names = says, names
    with pytest.raises(ValueError, match="Your docker image failed to build!"):
        storage(base_image="b").build(push=False)


@pytest.mark.parametrize("given", [{"registry_url": "r"}, {"base_image": "b/c"}], ids=["push", "pull"])
def test_a_transfer_that_fails_is_an_error(daemon: Daemon, given: Any) -> None:
    daemon.pushes = [{"error": "denied"}]
    with pytest.raises(InterruptedError, match="denied"):
        storage(**given).build()


def test_the_daemon_of_the_environment_is_asked(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://host:1")
    assert Docker().base_url == "tcp://host:1"
    assert Docker(base_url="tcp://other:2").base_url == "tcp://other:2"


def check(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, _healthcheck.__file__, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL
    )


@pytest.mark.parametrize("kind", ["pickled", "script"])
def test_the_check_in_the_image_loads_the_flows(kind: str, tmp_path: Path) -> None:
    @task(max_retries=1, retry_delay=timedelta(1))
    def second(x: int) -> int:
        return x

    with Flow("f") as flow:
        second(task(lambda: 1, name="first")())
    if kind == "pickled":
        path, line = tmp_path / "f.flow", "Cloudpickle serialization check: OK"
        path.write_bytes(flow_to_bytes_pickle(flow))
    else:
        path, line = tmp_path / "f.py", "Flow import from script check: OK"
        path.write_text("from prefect import Flow\nf = Flow('f')\n")
    told = check(json.dumps([str(path)]), str(sys.version_info[:2]))
    assert told.stdout.splitlines() == [
        "Beginning health checks...",
        "System Version check: OK",
        line,
        "Result check: OK",
        "All health checks passed.",
    ]
    assert ("has retry settings but" in told.stderr) is (kind == "pickled")
    assert told.returncode == 0


def test_the_check_in_the_image_fails_or_warns(tmp_path: Path) -> None:
    path = tmp_path / "f.flow"
    path.write_bytes(b"nothing pickled")
    told = check(json.dumps([str(path)]), "(3, 4)")
    assert told.returncode == 1
    assert "your Flow was serialized using (3, 4)" in told.stderr
    assert "FlowStorageError" in told.stderr


def test_storing_warns_of_values_that_cannot_be_read_back(tmp_path: Path) -> None:
    with Flow("f") as flow:
        task(lambda: 1, name="cached", cache_for=timedelta(1))()
    made = Local(directory=str(tmp_path))
    made.add_flow(flow)
    with pytest.warns(UserWarning, match="<Task: cached> has cache settings but does not have a result type"):
        made.build()
