"""``prefect run``: options that exclude each other, and start-up cost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from prefect.cli import cli
from support.commands import told


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "Received no options to look up the flow."),
        (["--param", "a=1"], "Received no options to look up the flow."),
        (
            ["--id", "x", "--name", "y"],
            "Received too many options to look up the flow; cannot specifiy both `--name` and `--id`",
        ),
        (["--id", "x", "--path", "y"], "Received too many options to look up the flow: --id, --path"),
        (["--project", "x", "--module", "y", "--name", "z"], "to look up the flow: --project, --module"),
    ],
)
def test_lookup_must_be_one(arguments: list[str], text: str) -> None:
    done = CliRunner().invoke(cli, ["run", *arguments])

    assert done.exit_code == 1
    assert done.stderr.startswith("Error: ")
    assert text in done.stderr
    assert "    --project and --name\n" in done.stderr
    assert done.stdout == ""


def test_schedule_is_for_local_runs_only() -> None:
    done = CliRunner().invoke(cli, ["run", "--schedule", "--name", "x"])

    assert (done.exit_code, told(done.stderr)) == (1, "Error: `--schedule` can only be specified for local flow runs\n")


def test_values_are_checked_before_the_flow_is_looked_up(tmp_path: Path) -> None:
    broken = ["--context", "c=[1", "--param-file", str(tmp_path / "missing.json"), "--param", "p={", "--schedule"]

    context = CliRunner().invoke(cli, ["run", "--name", "x", *broken])
    file = CliRunner().invoke(cli, ["run", "--name", "x", *broken[2:]])
    parameter = CliRunner().invoke(cli, ["run", "--name", "x", *broken[4:]])

    assert context.stderr.startswith("Failed to parse JSON for context 'c' with value\n\n\t[1\n\nJSON Error: ")
    assert file.stderr.startswith("Parameter file does not exist: ")
    assert parameter.stderr.startswith("Failed to parse JSON for parameter 'p' with value")
    assert [done.exit_code for done in (context, file, parameter)] == [1, 1, 1]


@pytest.mark.parametrize(
    "arguments",
    [["run", "--nonsense"], ["run", "--log-level", "LOUD", "--name", "x"], ["nonsense"], ["get", "nonsense"]],
)
def test_misuse_of_options_ends_with_2(arguments: list[str]) -> None:
    done = CliRunner().invoke(cli, arguments)

    assert done.exit_code == 2
    assert "Error: " in done.stderr


@pytest.mark.parametrize("group", [[], ["get"], ["agent"], ["agent", "local"], ["server"], ["server", "database"]])
def test_group_without_a_command_prints_its_help_and_is_no_error(group: list[str]) -> None:
    done = CliRunner().invoke(cli, group)

    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == CliRunner().invoke(cli, [*group, "--help"]).stdout


def test_every_command_of_the_listing_loads_and_has_help() -> None:
    listing = CliRunner().invoke(cli, ["--help"])
    from prefect.cli.group import COMMANDS

    for name in COMMANDS:
        assert f"  {name} " in listing.stdout
        done = CliRunner().invoke(cli, [name, "-h"], env={"PREFECT__BACKEND": "cloud"})
        assert done.exit_code == 0, (name, done.output)


@pytest.mark.parametrize("arguments", [["--help"], ["version"], ["run", "--help"]])
def test_help_and_version_load_next_to_nothing(arguments: list[str]) -> None:
    script = (
        "import sys\n"
        f"sys.argv = ['prefect', *{arguments!r}]\n"
        "from prefect.cli import cli\n"
        "try:\n    cli(prog_name='prefect')\n"
        "finally:\n    print(*sorted(sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)

    loaded = set(done.stderr.split())
    assert not loaded & {"dask", "pendulum", "urllib3", "yaml", "sqlalchemy", "asyncio", "cloudpickle", "prefect.core"}


def test_execute_flow_run_loads_no_click() -> None:
    script = (
        "import sys\n"
        "sys.argv = ['prefect', 'execute', 'flow-run']\n"
        "from prefect.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit as error:\n    assert error.code == 1\n"
        "print(any(name.startswith('click') for name in sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.splitlines() == ["False"]
    assert "Not currently executing a flow within a Cloud context." in done.stderr
