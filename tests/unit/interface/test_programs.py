"""Which programs the package starts, and that nothing of a caller's reaches one as an option."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import prefect
from prefect.utilities.git import TemporaryGitRepo

ROOT = Path(prefect.__file__).parent
STARTS = {
    "Popen",
    "run",
    "call",
    "check_call",
    "check_output",
    "getoutput",
    "system",
    "popen",
    "execv",
    "execve",
    "execvp",
}
STARTS |= {"create_subprocess_exec", "create_subprocess_shell", "spawnv", "posix_spawn", "startfile"}
MODULES = {"subprocess", "os", "asyncio"}

#: Where a program is started, and why nothing that a caller gives can be an option of it. Look before you add a line.
KNOWN = {
    "agent/local/agent.py": "python -m prefect execute flow-run; all else is in the environment",
    "agent/local/warm.py": "the same",
    "backend/execution.py": "the same",
    "cli/config.py": "the editor that the user named, with the full path of a file of our own",
    "cli/server.py": "python -m prefect with the words of this command itself",
    "engine/cloud/watcher.py": "python -m, with the id of the run, JSON and numbers",
    "engine/heartbeat.py": "the command is the package's own",
    "engine/cloud/heartbeat.py": "python -m prefect heartbeat, with the id behind its option",
    "engine/timeouts.py": "python -c with a text of the package",
    "executors/processes.py": "python -m with numbers of descriptors",
    "server/actions/unpacking.py": "python -m with a version from the settings of the server; the flow is its input",
    "server/store/backup.py": "pg_dump: each value is joined to its option by =",
    "tasks/shell.py": "a shell that the flow's author chose, with the full path of a file",
    "utilities/debug.py": "python -c with a text of the package",
}


def test_programs_are_started_in_known_places_alone():
    found = set()
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            called = node.func
            is_start = (
                isinstance(called, ast.Attribute)
                and called.attr in STARTS
                and isinstance(called.value, ast.Name)
                and called.value.id in MODULES
            ) or (isinstance(called, ast.Name) and called.id in {"Popen", "check_output", "check_call"})
            is_start = is_start and not (isinstance(called, ast.Attribute) and ast.unparse(called) == "asyncio.run")
            shell = [keyword for keyword in node.keywords if keyword.arg == "shell" and is_start]
            assert not shell, f"{path} starts a shell"
            if is_start:
                found.add(path.relative_to(ROOT).as_posix())

    assert found <= KNOWN.keys()


@pytest.mark.parametrize(
    "given",
    [
        {"git_clone_url": "--upload-pack=touch /tmp/x"},
        {"git_clone_url": "ssh://-oProxyCommand=touch/x"},
        {"git_clone_url": "https://host/x.git", "branch_name": "--upload-pack=x"},
        {"git_clone_url": "https://host/x.git", "tag": "-x"},
        {"git_clone_url": "https://host/x.git", "commit": "-x"},
    ],
)
def test_a_repository_or_branch_that_would_be_an_option_is_refused(given):
    with pytest.raises(ValueError, match="must not begin with '-'"):
        TemporaryGitRepo(**given)


def test_a_picture_whose_name_would_be_an_option_is_refused(tmp_path):
    from prefect.core.visualize import _show

    class Graph:
        def render(self, *_: object, **__: object) -> None:
            raise AssertionError("was drawn")

    for name in ("-oevil", str(tmp_path / "-oevil")):
        with pytest.raises(ValueError, match="must not begin with '-'"):
            _show(Graph(), name, "png")
