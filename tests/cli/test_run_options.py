"""``prefect run``: options that exclude each other, and start-up cost."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from prefect.cli import cli
from prefect.cli.times import start_time
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


@pytest.mark.parametrize("item", ["a", "=a", " =1", ""])
@pytest.mark.parametrize(
    "words", [["run", "--name", "x", "--param"], ["run", "--path", "x", "--context"], ["retry", "@last", "-p"]]
)
def test_what_is_no_key_and_value_is_refused(words: list[str], item: str) -> None:
    done = CliRunner().invoke(cli, [*words, item])

    assert (done.exit_code, "as key=value" in done.stderr) == (2, True)


@pytest.mark.parametrize("option", [["--start", "2h"], ["--wait-for-agent"], ["--json"], ["-o", "csv"]])
def test_what_only_a_backend_can_do_is_refused_without_one(option: list[str]) -> None:
    done = CliRunner().invoke(cli, ["run", "--path", "flow.py", *option])

    assert (done.exit_code, "for runs of a registered flow" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("now", 0),
        ("in 10 minutes", 600),
        ("IN  1 Hour and 30 min", 5400),
        ("in an hour", 3600),
        ("in a day, 2 hours", 93600),
        ("90s", 90),
        ("+2h", 7200),
        ("1w", 604800),
        ("2026-11-27T12:00:05", 5),
        ("2026-11-27T14:00+01:00", 3600),
        ("2026-11-28", 43200),
    ],
)
def test_a_start_is_read(text: str, seconds: int) -> None:
    now = datetime(2026, 11, 27, 12, tzinfo=UTC)

    assert datetime.fromisoformat(start_time(text, now, "--start")) == now + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "soon", "in", "in 10", "10 parsecs", "in 999999999 weeks", "minutes", "2026-13-01"]
)
def test_a_start_that_cannot_be_meant_is_told(text: str) -> None:
    done = CliRunner().invoke(cli, ["run", "--name", "x", "--start", text])

    assert (done.exit_code, "how long from now such as 'in 10 minutes'" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["regsiter"], "'register'"),
        (["get", "flow-run"], "'flow-runs'"),
        (["server", "databse"], "'database'"),
        (["help", "agnet"], "'agent'"),
        (["help", "get", "flos"], "'flows'"),
        (["agent", "local", "strat"], "'start'"),
        (["run", "--nmae", "x"], "'--name'"),
        (["logs", "x", "--folow"], "'--follow'"),
        (["--versoin"], "'--version'"),
    ],
)
def test_what_was_meant_is_suggested(words: list[str], meant: str) -> None:
    done = CliRunner().invoke(cli, words)

    assert done.exit_code == 2
    assert "id you mean" in done.stderr
    assert meant in done.stderr


def test_what_is_like_nothing_is_not_suggested() -> None:
    assert "mean" not in CliRunner().invoke(cli, ["xyzzy"]).stderr


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_version_is_an_option_too(option: str) -> None:
    assert CliRunner().invoke(cli, [option]).stdout == CliRunner().invoke(cli, ["version"]).stdout


@pytest.mark.parametrize("words", [[], ["get"], ["get", "flow-runs"], ["server", "database"]])
def test_help_is_a_command_too(words: list[str]) -> None:
    assert CliRunner().invoke(cli, ["help", *words]).stdout == CliRunner().invoke(cli, [*words, "--help"]).stdout
    assert CliRunner().invoke(cli, ["help", "version", "x"]).exit_code == 2


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
