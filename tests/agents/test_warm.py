"""A flow run that was forked is in a process like that of one with an interpreter of its own."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from prefect.agent.local import warm
from prefect.agent.local.agent import LocalAgent
from prefect.agent.local.warm import NeedsInterpreter, WarmStarter
from prefect.backend import FlowRunView
from prefect.backend.forked import Origin
from prefect.client import Client
from prefect.run_configs import LocalRun
from prefect.storage import Local
from prefect.storage.loading import extract_flow_from_file
from support.agents import AgentProcess, running_agent
from support.processes import marked
from support.servers import ServerProcess

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not warm.is_possible(), reason="processes are forked on Linux only"),
]

SECONDS = 60.0

FLOWS = textwrap.dedent(
    """
    import atexit, gc, json, os, signal, sys, threading, time
    import prefect
    from prefect import Flow, Parameter, context, task
    from prefect.utilities.logging import get_logger

    def told():
        logger = get_logger()
        main = sys.modules["__main__"]
        return {
            "argv": sys.argv[1:],
            "program": os.path.basename(sys.argv[0]),
            "orig_argv": sys.orig_argv[1:],
            "main": [main.__name__, main.__spec__.name, os.path.basename(main.__file__)],
            "path": sys.path,
            "cwd": os.getcwd(),
            "environ": {k: v for k, v in os.environ.items() if "RUN" not in k},
            "signals": {number.name: str(signal.getsignal(number)) for number in signal.Signals},
            "mask": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
            "own session": os.getsid(0) == os.getpid() == os.getpgid(0),
            "fds": [os.readlink(f"/proc/self/fd/{fd}").split(":")[0] for fd in (0, 1, 2)],
            "streams": [
                [s.name, s.mode, s.encoding, s.errors, s.line_buffering] for s in (sys.stdin, sys.stdout, sys.stderr)
            ],
            "flags": str(sys.flags),
            "umask": [os.umask(0o22), os.umask(0o22)][0],
            "gc": [gc.isenabled(), gc.get_threshold()],
            "main thread": threading.current_thread() is threading.main_thread(),
            "log level": logger.level,
            "handlers": [type(h).__name__ for h in logger.handlers],
            "click": "click" in sys.modules,
            "modules": sorted(sys.modules),
            "api": prefect.config.cloud.api,
            "own setting": prefect.context.get("own_setting"),
            "secrets": dict(prefect.context.get("secrets") or {}),
            "warnings": len(sys.warnoptions),
        }

    @task
    def tell(path):
        with open(path + ".part", "w") as file:
            json.dump(told(), file)
        os.rename(path + ".part", path)
        atexit.register(lambda: open(path + ".end", "w").close())

    @task
    def slow(path):
        with open(path, "w") as file:
            file.write(str(os.getpid()))
        while not os.path.exists(path + ".go"):
            time.sleep(0.02)

    @task
    def ends(path):
        os._exit(7)

    @task
    def imports(path):
        import colorsys, json as loaded, base64
        with open(path + ".part", "w") as file:
            file.write(repr([base64.__file__, colorsys.__file__]))
        os.rename(path + ".part", path)

    for name, work in (("tells", tell), ("slow", slow), ("ends", ends), ("imports", imports)):
        with Flow(name) as flow:
            work(Parameter("path"))
        globals()[name] = flow
    """
)


@pytest.fixture(scope="module")
def script(server: ServerProcess) -> Path:
    path = server.folder / "warm_flows.py"
    path.write_text(FLOWS)
    Client().create_project("warm")
    return path


@pytest.fixture(scope="module")
def registered(server: ServerProcess, script: Path) -> Callable[[str], str]:
    known: dict[str, str] = {}

    def register(name: str) -> str:
        if name not in known:
            flow = extract_flow_from_file(file_path=str(script), flow_name=name)
            flow.storage = Local(path=str(script), stored_as_script=True)
            flow.result, flow.run_config = flow.storage.result, LocalRun()
            known[name] = Client().register(flow, "warm", no_url=True)
        return known[name]

    return register


@pytest.fixture(scope="module")
def agents(server: ServerProcess, script: Path) -> Iterator[dict[str, AgentProcess]]:
    shared = ("--env", "FROM_AGENT=1", "--import-path", str(server.folder))
    with (
        running_agent(server, server.folder, "--label", "fresh", *shared) as fresh,
        running_agent(server, server.folder, "--label", "warm", "--warm", *shared) as forking,
    ):
        yield {"fresh": fresh, "warm": forking}


def wait_for(what: str, probe: Callable[[], Any]) -> Any:
    """Another process gives no event to wait for."""
    end = time.monotonic() + SECONDS
    while not (found := probe()):
        assert time.monotonic() < end, f"not in time: {what}"
        time.sleep(0.02)
    return found


def state_of(client: Client, run_id: str) -> str:
    return type(client.get_flow_run_state(run_id)).__name__


LOADED_BEFORE = """
import json, sys
import prefect.cli
from importlib import import_module
from prefect.backend.warm_parent import LOADED
for name in LOADED: import_module(name)
print(json.dumps(list(sys.modules)))
"""


def evaluate(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "with variables of its own": {"env": {"OWN": "ä", "PREFECT__LOGGING__LEVEL": "DEBUG"}},
    "with settings of its own": {"env": {"PREFECT__CONTEXT__OWN_SETTING": "5", "PREFECT__CONTEXT__SECRETS__Key": "v"}},
    "in a directory of its own": {"working_dir": "{folder}/work"},
    "with a path of its own": {"env": {"PYTHONPATH": "{folder}/lib:relative"}, "working_dir": "{folder}/work"},
}


@pytest.mark.parametrize("case", CASES)
def test_a_forked_run_finds_what_one_with_an_interpreter_finds(agents, client, registered, tmp_path, case):
    for name in ("work", "lib"):
        (tmp_path / name).mkdir()
    given = json.loads(json.dumps(CASES[case]).replace("{folder}", str(tmp_path)))
    found = {}
    for label in ("fresh", "warm"):
        path = tmp_path / label
        client.create_flow_run(
            flow_id=registered("tells"),
            parameters={"path": str(path)},
            labels=[label],
            run_config=LocalRun(labels=[label], **given),
        )
        wait_for("the run", path.exists)
        wait_for("its end", Path(f"{path}.end").exists)  # what a flow has registered for its end is done
        found[label] = json.loads(path.read_text())
        for name in ("PREFECT__CLOUD__AGENT__LABELS", *marked(tmp_path)):
            found[label]["environ"].pop(name)

    modules = {label: set(told.pop("modules")) for label, told in found.items()}
    of_flow = modules["warm"] - set(json.loads(evaluate(LOADED_BEFORE)))
    # What a run loads of itself was loaded before; what is left is of this flow: its storage's and its own.
    assert {name for name in of_flow if name.partition(".")[0] == "prefect"} <= {"prefect.storage.local"}
    assert not of_flow - modules["fresh"]
    for name in found["fresh"]:
        assert found["warm"][name] == found["fresh"][name], name
    assert found["warm"] == found["fresh"]
    assert "interpreter of its own" not in agents["warm"].log


FRESH = "import sys; from prefect.backend.execution import *; execute_flow_run_in_subprocess(sys.argv[1])"


@pytest.mark.parametrize("program", ["script", "module"])
def test_a_run_that_is_executed_here_is_forked_and_finds_what_one_with_an_interpreter_finds(
    server, client, registered, tmp_path, program
):
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "PYTEST_"))}
    where = {"env": {**environ, **server.settings, "PYTHONPATH": str(tmp_path)}, "cwd": tmp_path, "check": True}
    paths = {name: tmp_path / name for name in ("forked", "fresh")}
    own = [str(Path(sys.executable).with_name("prefect"))] if program == "script" else [sys.executable, "-m", "prefect"]
    flow_id = registered("tells")

    done = subprocess.run(
        [*own, "run", "--id", flow_id, "--param", f"path={paths['forked']}", "--execute"],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        **where,
    )
    run_id = client.create_flow_run(flow_id=flow_id, parameters={"path": str(paths["fresh"])}, labels=["nobody"])
    subprocess.run(
        [sys.executable, "-c", FRESH, run_id], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, **where
    )

    assert done.stdout.splitlines()[-1] == "Flow run succeeded!"
    assert all(Path(f"{path}.end").exists() for path in paths.values())
    forked, fresh = [json.loads(path.read_text()) for path in paths.values()]
    assert (forked.pop("click"), fresh.pop("click")) == (True, False)
    for found in (forked, fresh):
        del found["modules"]
        # The command has its own format of logs.
        found["environ"] = {k: v for k, v in found["environ"].items() if not k.startswith("PREFECT__LOGGING__")}
    for name in fresh:
        assert forked[name] == fresh[name], name


def test_a_command_that_cannot_fork_the_same_starts_an_interpreter(server, registered, tmp_path):
    (tmp_path / "click.py").write_text("x = 1\n")  # nobody's, for a run
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "PYTEST_"))}
    words = ["run", "--id", registered("tells"), "--param", f"path={tmp_path}/told", "--execute", "--quiet"]
    subprocess.run(
        [str(Path(sys.executable).with_name("prefect")), *words],
        env={**environ, **server.settings},
        cwd=tmp_path,
        check=True,
        stdout=subprocess.DEVNULL,
    )

    assert json.loads((tmp_path / "told").read_text())["click"] is False


def test_how_a_forked_run_ended_is_told(agents, client, registered, tmp_path):
    run_id = client.create_flow_run(flow_id=registered("ends"), parameters={"path": ""}, labels=["warm"])

    agents["warm"].wait_for(f"Flow run {run_id}: The process of this flow run ended with exit code 7")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"env": {"PYTHONHASHSEED": "1"}}, "its environment has another PYTHONHASHSEED"),
        ({"env": {"HOME": "/nowhere"}}, "its environment has another HOME"),
        ({"working_dir": "{folder}"}, "it has a base64 of its own"),
        ({"env": {"PYTHONPATH": "{folder}"}}, "it has a base64 of its own"),
    ],
    ids=["an interpreter's variable", "a home", "a module in its directory", "a module on its path"],
)
def test_what_only_an_interpreter_can_give_gets_one(agents, client, registered, tmp_path, given, why):
    (tmp_path / "base64.py").write_text(Path(base64.__file__).read_text())
    given = json.loads(json.dumps(given).replace("{folder}", str(tmp_path)))
    path = tmp_path / "told"

    run_id = client.create_flow_run(
        flow_id=registered("imports"),
        parameters={"path": str(path)},
        labels=["warm"],
        run_config=LocalRun(labels=["warm"], **given),
    )

    wait_for("the run", path.exists)
    agents["warm"].wait_for(f"Flow run {run_id} gets an interpreter of its own: {why}")
    wait_for("its end", lambda: state_of(client, run_id) == "Success")
    assert (str(tmp_path / "base64.py") in path.read_text()) is ("base64" in why)


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_runs_go_on_without_the_process_they_were_forked_from_and_the_next_gets_another(
    server, client, registered, tmp_path
):
    with running_agent(server, tmp_path, "--warm", "--label", "killed") as agent:
        paths = [tmp_path / "first", tmp_path / "second"]
        ids = []
        for path in paths:
            ids.append(
                client.create_flow_run(flow_id=registered("slow"), parameters={"path": str(path)}, labels=["killed"])
            )
            wait_for("the start", lambda path=path: path.exists() and path.read_text())
            for thread in Path(f"/proc/{agent.process.pid}/task").iterdir():
                for child in (thread / "children").read_text().split():
                    os.kill(int(child), signal.SIGKILL)

        assert children_of(os.getpid())
        for path in paths:
            Path(f"{path}.go").touch()
        for run_id in ids:
            wait_for("the end", lambda run_id=run_id: state_of(client, run_id) == "Success")
            assert [type(s).__name__ for s in FlowRunView.from_flow_run_id(run_id).states].count("Running") == 1


def test_a_directory_that_cannot_be_entered_is_an_error_of_the_start(monkeypatch):
    starter = WarmStarter(subprocess.DEVNULL, dict(os.environ))
    try:
        with pytest.raises(OSError, match="/no/such/place"):
            starter.start(dict(os.environ), "/no/such/place")
    finally:
        starter.stop()


def test_one_that_does_not_answer_is_ended_and_the_run_gets_an_interpreter(monkeypatch):
    monkeypatch.setattr(warm, "COMMAND", ("-c", "import sys; sys.stdin.read(); import time; time.sleep(1000)"))
    monkeypatch.setattr(warm, "ANSWER_SECONDS", 0.1)
    starter = WarmStarter(subprocess.DEVNULL, dict(os.environ))
    try:
        with pytest.raises(NeedsInterpreter, match="does not answer"):
            starter.start(dict(os.environ), None)
        assert starter._parent is not None
        starter._parent.join(SECONDS)
        assert starter._parent.has_ended
    finally:
        starter.stop()


def test_one_that_takes_no_request_is_ended_and_the_run_gets_an_interpreter(monkeypatch):
    monkeypatch.setattr(warm, "COMMAND", ("-c", "import time; time.sleep(1000)"))
    monkeypatch.setattr(warm, "ANSWER_SECONDS", 1)
    starter = WarmStarter(subprocess.DEVNULL, dict(os.environ))
    try:
        with pytest.raises(NeedsInterpreter, match="takes no request"):
            starter.start({"LARGE": "x" * 10_000_000}, None)
    finally:
        starter.stop()


def test_one_that_ends_at_once_leaves_the_run_to_an_interpreter(monkeypatch):
    monkeypatch.setattr(warm, "COMMAND", ("-c", "pass"))
    starter = WarmStarter(subprocess.DEVNULL, dict(os.environ))
    try:
        with pytest.raises(NeedsInterpreter):
            starter.start(dict(os.environ), None)
    finally:
        starter.stop()


def test_code_that_was_replaced_is_loaded_anew(tmp_path, monkeypatch):
    """A parent whose files have changed forks no more; it stays until its processes have ended."""
    answers = tmp_path / "answers"
    code = f"""
import json, os, socket, time
with open({str(answers)!r}, "a") as file: file.write("began\\n")
first = open({str(answers)!r}).read().count("began") == 1
channel = socket.socket(fileno=int(os.environ["PREFECT_WARM_PARENT"]))
lines = channel.makefile("rb")
for number, line in enumerate(lines):
    asked = json.loads(line)
    if first and number:
        said = dict(id=asked["id"], outdated=True)
    else:
        said = dict(id=asked["id"], pid=os.getpid())
    channel.sendall(json.dumps(said).encode() + b"\\n")
    if first and number:
        while not os.path.exists({str(tmp_path / "go")!r}): time.sleep(0.01)
        channel.sendall(json.dumps(dict(pid=os.getpid(), status=3)).encode() + b"\\n")
"""
    monkeypatch.setattr(warm, "COMMAND", ("-c", code))
    starter = WarmStarter(subprocess.DEVNULL, dict(os.environ))
    try:
        first = starter.start({}, None)
        second = starter.start({}, None)

        assert second.pid != first.pid
        (tmp_path / "go").touch()
        assert first.wait() == 3
    finally:
        starter.stop()


def test_a_changed_file_makes_what_was_loaded_outdated(tmp_path, monkeypatch):
    path = tmp_path / "loaded_for_runs.py"
    path.write_text("x = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    __import__("loaded_for_runs")
    origin = Origin()
    origin.note_files()
    assert not origin.is_outdated()

    path.write_text("x = 22\n")

    assert origin.is_outdated()
    del sys.modules["loaded_for_runs"]


def test_where_nothing_can_be_forked_each_run_gets_an_interpreter(monkeypatch, caplog):
    monkeypatch.setattr("prefect.agent.local.agent.is_possible", lambda: False)

    agent = LocalAgent(warm=True)

    assert agent._warm is None
