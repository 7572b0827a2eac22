"""``prefect run --path/--module``: real processes, no server."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.commands import told

ONE = """
import prefect
from prefect import Flow, Parameter, task

@task(log_stdout=True)
def show(x):
    print("value", repr(x))

@task
def show_context():
    print("who:", prefect.context.get("who"), flush=True)

with Flow("one") as flow:
    show(Parameter("a", default=1))
    show_context()
again = flow
"""

TWO = 'from prefect import Flow\nf1 = Flow("f1")\nf2 = Flow("f2")\n'

FAILING = """
from prefect import Flow, Parameter, task

@task
def boom(n):
    raise ValueError("no")

with Flow("boom") as flow:
    boom(Parameter("n"))
"""


@pytest.fixture(autouse=True)
def scripts(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(ONE)
    (tmp_path / "two.py").write_text(TWO)
    (tmp_path / "none.py").write_text("x = 1\n")
    (tmp_path / "bad.py").write_text("\nimport nowhere_to_be_found\n")
    (tmp_path / "fail.py").write_text(FAILING)
    (tmp_path / "exits.py").write_text("import sys\nsys.exit(3)\n")
    (tmp_path / "not_python.py").write_text("def f(:\n")


def test_run_of_a_file_shows_its_values_its_logs_and_how_it_ended(prefect) -> None:
    done = prefect("run", "--path", "flow.py", "--param", "a=2", "--context", 'who="me"')

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[:5] == [
        "Retrieving local flow... Done",
        "Configured local flow run",
        "└── Parameters: {'a': 2}",
        "└── Context: {'who': 'me'}",
        "Running flow locally...",
    ]
    assert re.fullmatch(r"└── \d\d:\d\d:\d\d \| INFO    \| Beginning Flow run for 'one'", lines[5])
    assert any(line.endswith("| INFO    | 2") for line in lines)
    assert "who: me" in lines
    assert lines[-1] == "Flow run succeeded!"
    assert done.stderr == ""


def test_module_by_name_and_flow_by_dotted_path(prefect) -> None:
    for module in ("prefect.hello_world", "prefect.hello_world.hello_flow"):
        done = prefect("run", "--module", module, "--param", "name=Marvin")

        assert done.returncode == 0, done.stderr
        assert "Hello Marvin" in done.stdout


def test_module_of_the_current_folder_is_found(prefect) -> None:
    done = prefect("run", "--module", "two", "--name", "f2")

    assert "Beginning Flow run for 'f2'" in done.stdout
    assert done.returncode == 0


def test_quiet_hides_everything_but_the_logs_and_no_logs_hides_those(prefect) -> None:
    quiet = prefect("run", "--path", "two.py", "--name", "f1", "--quiet")
    silent = prefect("run", "--path", "two.py", "--name", "f1", "--quiet", "--no-logs")
    without_logs = prefect("run", "--path", "two.py", "--name", "f1", "--no-logs")

    assert all(line.startswith("└── ") for line in quiet.stdout.splitlines())
    assert "Beginning Flow run" in quiet.stdout
    assert silent.stdout == ""
    assert without_logs.stdout.splitlines() == [
        "Retrieving local flow... Done",
        "Running flow locally...",
        "Flow run succeeded!",
    ]


@pytest.mark.parametrize(("level", "is_shown"), [("DEBUG", True), ("debug", True), ("INFO", False)])
def test_log_level_chooses_what_is_shown(prefect, level: str, is_shown: bool) -> None:
    done = prefect("run", "--path", "two.py", "--name", "f1", "--log-level", level)

    assert ("| DEBUG   | " in done.stdout) is is_shown


def test_failed_run_shows_the_cause_and_ends_with_1(prefect) -> None:
    done = prefect("run", "--path", "fail.py", "--param", "n=1")

    assert done.returncode == 1
    assert "ValueError: no" in done.stdout
    assert done.stdout.splitlines()[-1] == "Flow run failed!"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "did not receive the following required parameters: n"),
        (["--param", "n=1", "--param", "other=2"], "received the following unexpected parameters: other"),
    ],
)
def test_wrong_parameters_are_named(prefect, arguments: list[str], reason: str) -> None:
    done = prefect("run", "--path", "fail.py", *arguments)

    assert done.returncode == 1
    assert reason in done.stderr
    assert "hint: " in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "Running flow" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--path", "missing.py"], "File does not exist: '{folder}/missing.py'"),
        (["--path", "."], "Expected a Python file, found a directory: '{folder}'"),
        (["--path", "none.py"], "Found no flows at none.py."),
        (["--path", "two.py"], "Found multiple flows at 'two.py': 'f1', 'f2'\n\nSpecify a flow name to run."),
        (["--path", "two.py", "--name", "f9"], "Did not find 'f9' in flows at two.py. Found 'f1', 'f2'"),
        (["--path", "exits.py"], "Script 'exits.py' exited (code 3) before its flows were read."),
        (["--module", "nowhere"], "No module named 'nowhere'"),
        (["--module", "json"], "Found no flows at json."),
        (
            ["--module", "json.dumps"],
            "Invalid object of type 'function' found at 'json.dumps'. Expected Module or Flow.",
        ),
        (["--module", "two.f9"], "Module 'two' has no attribute 'f9'"),
    ],
)
def test_flow_that_cannot_be_found_is_told(prefect, tmp_path: Path, arguments: list[str], text: str) -> None:
    done = prefect("run", *arguments)

    assert done.returncode == 1
    assert done.stdout == "Retrieving local flow... Error\n"
    assert told(done.stderr) == f"{text.format(folder=tmp_path)}\n"


@pytest.mark.parametrize(
    ("script", "where", "what"),
    [
        ("bad.py", 'File "bad.py", line 2, in <module>', "ModuleNotFoundError: No module named 'nowhere_to_be_found'"),
        ("not_python.py", 'File "not_python.py", line 1', "SyntaxError: invalid syntax"),
    ],
)
def test_script_that_does_not_load_shows_its_own_traceback_only(prefect, script: str, where: str, what: str) -> None:
    done = prefect("run", "--path", script)

    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert done.stdout == "Retrieving local flow... Error\n"
    assert where in done.stderr
    assert f"  {what}" in lines
    assert "prefect/cli" not in done.stderr


def test_import_that_fails_inside_a_module_is_not_taken_for_a_missing_module(prefect) -> None:
    done = prefect("run", "--module", "bad")

    assert done.returncode == 1
    assert "ModuleNotFoundError: No module named 'nowhere_to_be_found'" in done.stderr
    assert "bad.py" in done.stderr


def test_run_and_register_in_a_script_do_nothing_but_warn(prefect, tmp_path: Path) -> None:
    (tmp_path / "runs.py").write_text(ONE + "print('before')\nflow.run()\nprint(__name__)\n")

    done = prefect("run", "--path", "runs.py", "--no-logs")

    assert done.returncode == 0
    assert done.stdout.startswith("Retrieving local flow...before\n<flow>\n Done\n")
    assert "UserWarning" in done.stderr


def test_script_imports_its_neighbours_when_it_loads_and_when_it_runs(prefect, tmp_path: Path) -> None:
    folder = tmp_path / "inner"
    folder.mkdir()
    (folder / "early.py").write_text("A = 1\n")
    (folder / "late.py").write_text("B = 2\n")
    (folder / "flow.py").write_text(
        "import early\nfrom prefect import Flow, task\n@task\ndef t():\n    import late\n    return late.B\n"
        "with Flow('neighbours') as flow:\n    t()\n"
    )

    done = prefect("run", "--path", "inner/flow.py")

    assert done.returncode == 0, done.stdout


def test_param_file_gives_parameters_and_the_command_line_wins(prefect, tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text('{"a": 3}')

    from_file = prefect("run", "--path", "flow.py", "--param-file", "p.json")
    both = prefect("run", "--path", "flow.py", "--param-file", "p.json", "--param", "a=4")

    assert "└── Parameters: {'a': 3}" in from_file.stdout
    assert both.stdout.startswith(
        "The following parameters were specified by file and CLI, the CLI value will be used: {'a'}\n"
    )
    assert "└── Parameters: {'a': 4}" in both.stdout


def test_lines_appear_as_they_are_printed_when_stdout_is_a_pipe(tmp_path: Path) -> None:
    import subprocess

    from support.commands import PREFECT, clean_environment

    (tmp_path / "waits.py").write_text(
        "import sys\nfrom prefect import Flow, task\n@task\ndef wait():\n    print('waiting')\n"
        "    assert sys.stdin.readline() == 'go\\n'\nwith Flow('waits') as flow:\n    wait()\n"
    )
    with subprocess.Popen(
        [*PREFECT, "run", "--path", "waits.py"],
        env=clean_environment(tmp_path),
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        seen = []
        while "waiting\n" not in seen:  # would never come if the output waited in a buffer
            seen.append(process.stdout.readline())
        process.stdin.write("go\n")
        process.stdin.close()
        rest = process.stdout.read()
    assert process.returncode == 0
    assert rest.endswith("Flow run succeeded!\n")
