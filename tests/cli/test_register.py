"""``prefect register`` and ``prefect build``, on a real server."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.commands import PREFECT, clean_environment, told

pytestmark = pytest.mark.process

TWO = """
from prefect import Flow, task

@task
def t():
    return 1

with Flow("{0}-a") as a:
    t()
with Flow("{0}-b") as b:
    t()
"""
BAR = r"=+ {} =+"


@pytest.fixture
def project(served, request: pytest.FixtureRequest) -> str:
    name = re.sub(r"\W+", "-", request.node.name)
    assert served("create", "project", name).returncode == 0
    return name


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    path = tmp_path / "flows.py"
    path.write_text(TWO.format("x"))
    return path


def test_flows_are_registered_then_skipped_then_forced(served, project: str, flows: Path) -> None:
    first = served("register", "--project", project, "--path", "flows.py")
    again = served("register", "--project", project, "--path", "flows.py")
    forced = served("register", "--project", project, "--path", "flows.py", "--force", "--name", "x-b")

    assert first.returncode == 0, first.stdout + first.stderr
    lines = first.stdout.splitlines()
    assert lines[:4] == [
        "Collecting flows...",
        "Processing 'flows.py':",
        "  Building `Local` storage...",
        "  Registering 'x-a'... Done",
    ]
    assert re.fullmatch(r"  └── ID: [0-9a-f-]{36}", lines[4])
    assert lines[5] == "  └── Version: 1"
    assert re.fullmatch(BAR.format("2 registered"), lines[-1])
    assert again.stdout.count(" Skipped (metadata unchanged)\n") == 2
    assert re.fullmatch(BAR.format("0 registered, 2 skipped"), again.stdout.splitlines()[-1])
    assert "  Registering 'x-b'... Done\n" in forced.stdout
    assert "  └── Version: 2\n" in forced.stdout
    assert "x-a" not in forced.stdout


def test_each_of_those_who_register_at_once_prints_the_version_that_is_its_own(
    server, project: str, flows: Path, tmp_path: Path
) -> None:
    command = [*PREFECT, "register", "--project", project, "--path", "flows.py", "--force", "--name", "x-a"]
    env = clean_environment(tmp_path) | server.settings
    given = {"cwd": tmp_path, "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    processes = [subprocess.Popen(command, env=env, text=True, **given) for _ in range(4)]
    printed = [process.communicate(timeout=240)[0] for process in processes]

    versions = {  # by the id that was printed beside it
        re.findall(r"ID: ([0-9a-f-]{36})", text)[0]: int(re.findall(r"Version: (\d+)", text)[0]) for text in printed
    }
    assert sorted(versions.values()) == [1, 2, 3, 4]
    assert len(versions) == 4


def test_module_folder_glob_and_built_file_are_sources(served, project: str, flows: Path, tmp_path: Path) -> None:
    (tmp_path / "deep" / "deeper").mkdir(parents=True)
    (tmp_path / "deep" / "one.py").write_text(TWO.format("one"))
    (tmp_path / "deep" / "none.py").write_text("x = 1\n")
    (tmp_path / "deep" / "deeper" / "two.py").write_text(TWO.format("two"))

    built = served("build", "--path", "flows.py", "--output", "built.json", "--label", "made")
    done = served(
        "register",
        "--project",
        project,
        *("--path", "deep", "--path", "deep/**/two.py", "--module", "prefect.hello_world", "--json", "built.json"),
    )

    assert built.returncode == 0, built.stdout
    assert done.returncode == 0, done.stdout
    sources = [line for line in done.stdout.splitlines() if line.startswith("Processing")]
    assert sources == [
        "Processing 'deep/one.py':",
        "Processing 'deep/deeper/two.py':",
        "Processing 'prefect.hello_world':",
        "Processing 'built.json':",
    ]
    assert "  Building `Module` storage...\n" in done.stdout
    assert re.fullmatch(BAR.format("7 registered"), done.stdout.splitlines()[-1])


def test_labels_are_added_and_storage_points_to_the_script(served, project: str, flows: Path) -> None:
    served("register", "--project", project, "--path", "flows.py", "--label", "b", "--label", "a", "--name", "x-a")
    run_id = served("run", "--name", "x-a", "--project", project, "--quiet").stdout.strip()

    shown = json.loads(served("describe", "flows", "--name", "x-a", "--project", project).stdout)
    assert shown["storage"]["type"] == "Local"
    assert shown["storage"]["path"] == str(flows)
    assert shown["storage"]["stored_as_script"] is True
    runs = served("get", "flow-runs", "--project", project).stdout
    assert run_id in runs
    block = served("run", "--name", "x-a", "--project", project).stdout
    labels = re.search(r"└── Labels: (\[.*\])", block)
    assert labels
    assert {"a", "b"} < set(json.loads(labels[1].replace("'", '"')))  # and the name of this host


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--project", "nowhere", "--path", "flows.py"], "Project 'nowhere' does not exist\n"),
        (["--project", "{project}", "--path", "missing.py"], "Path 'missing.py' doesn't exist\n"),
        (["--project", "{project}", "--path", "*.nothing"], "Path '*.nothing' doesn't exist\n"),
        (
            ["--project", "{project}", "--path", "flows.py", "--name", "x-a", "--name", "z", "--name", "y"],
            "Failed to find the following flows:\n- y\n- z\n",
        ),
        (["--project", "{project}", "--module", "nowhere"], "No module named 'nowhere'\n"),
        (
            ["--project", "{project}", "--json", "flows.py"],
            "'flows.py' is not a valid Prefect flows `json` file.\nExpecting value: line 2 column 1 (char 1)\n",
        ),
        (
            ["--project", "{project}", "--json", "missing.json"],
            "Path 'missing.json' doesn't exist\n",
        ),
    ],
)
def test_sources_that_are_not_there_are_told(
    served, project: str, flows: Path, arguments: list[str], text: str
) -> None:
    done = served("register", *(argument.format(project=project) for argument in arguments))

    assert (told(done.stderr), done.returncode) == (text, 1)
    assert done.stdout in ("", "Collecting flows...\n")


def test_missing_project_option_is_an_error(served, flows: Path) -> None:
    done = served("register", "--path", "flows.py")

    assert (told(done.stderr), done.returncode) == ("Error: Missing required option '--project'\n", 1)


def test_script_that_does_not_load_stops_all_with_its_traceback(
    served, project: str, flows: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.py").write_text("import nowhere_to_be_found\n")

    done = served("register", "--project", project, "--path", "flows.py", "--path", "bad.py")

    assert done.returncode == 1
    assert "Error loading 'bad.py':\n  Traceback (most recent call last):\n" in done.stdout
    assert "ModuleNotFoundError: No module named 'nowhere_to_be_found'" in done.stdout
    assert "Registering" not in done.stdout


def test_flow_that_cannot_be_stored_does_not_stop_the_others(served, project: str, flows: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(
        TWO.format("broken")
        + "from prefect.storage import Local\nclass Full(Local):\n    def build(self):\n"
        + "        raise OSError('the disk is full')\na.storage = b.storage = Full()\n"
    )

    done = served("register", "--project", project, "--path", "broken.py", "--path", "flows.py")

    assert done.returncode == 1
    assert "    Error building storage:\n      Traceback" in done.stdout
    assert "      OSError: the disk is full\n" in done.stdout
    assert "  Registering 'broken-a'... Error\n  Registering 'broken-b'... Error\n" in done.stdout
    assert re.fullmatch(BAR.format("2 registered, 2 errored"), done.stdout.splitlines()[-1])


def test_build_writes_sorted_json_and_update_keeps_other_flows(prefect, flows: Path, tmp_path: Path) -> None:
    whole = prefect("build", "--path", "flows.py")
    (tmp_path / "more.py").write_text(TWO.format("y"))
    prefect("build", "--path", "more.py", "--name", "y-a", "--update")
    text = (tmp_path / "flows.json").read_text()
    names = [flow["name"] for flow in json.loads(text)["flows"]]
    replaced = prefect("build", "--path", "more.py", "--name", "y-a")

    assert whole.stdout.splitlines()[-2] == "Writing output to 'flows.json'"
    assert re.fullmatch(BAR.format("2 built"), whole.stdout.splitlines()[-1])
    assert names == ["x-a", "x-b", "y-a"]
    assert text == json.dumps(json.loads(text), sort_keys=True)
    assert json.loads(text)["version"] == 1
    assert replaced.returncode == 0
    assert [flow["name"] for flow in json.loads((tmp_path / "flows.json").read_text())["flows"]] == ["y-a"]


def test_build_refuses_to_update_what_it_did_not_write(prefect, flows: Path, tmp_path: Path) -> None:
    (tmp_path / "flows.json").write_text('{"version": 7}')

    done = prefect("build", "--path", "flows.py", "--update")

    assert done.returncode == 1
    assert "'flows.json' is version 7, only version 1 is supported" in done.stderr
    assert (tmp_path / "flows.json").read_text() == '{"version": 7}'


@pytest.fixture
def watching(server, project: str, flows: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*PREFECT, "register", "--project", project, "--path", "flows.py", "--watch"],
        env=clean_environment(tmp_path) | server.settings,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        yield process
        process.kill()


def test_watch_registers_again_what_changes(watching: subprocess.Popen[str], flows: Path) -> None:
    assert watching.stdout is not None

    def until_bar() -> str:
        seen = ""
        while not re.search(BAR.format(".*"), seen):
            line = watching.stdout.readline()
            assert line, f"ended: {seen}"
            seen += line
        return seen

    assert "  Registering 'x-a'... Done\n" in until_bar()
    flows.write_text(TWO.format("changed"))
    assert "  Registering 'changed-a'... Done\n" in until_bar()
    watching.send_signal(signal.SIGINT)
    assert watching.wait(20) == 0
