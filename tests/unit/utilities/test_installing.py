"""The hint for a missing package can be followed: it names the package as it was installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from prefect.utilities import installing
from prefect.utilities.importtools import MissingPackage, import_needed
from prefect.utilities.installing import _Installed, install_command

REQUIRES = (
    "click>=8.1",
    "docker>=7.1 ; extra == 'docker'",
    "proctor[docker] ; extra == 'compat'",
    "toml ; extra == 'compat'",
)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch):
    """Say how the package was installed."""

    def say(origin: dict | None, by: str = "pip") -> None:
        monkeypatch.setattr(installing, "_read", lambda: _Installed(origin, by, REQUIRES))

    return say


def test_from_an_index(installed) -> None:
    installed(None)
    assert install_command("'proctor[docker]'") == "pip install 'proctor[docker]'"
    assert install_command("PyGithub") == "pip install PyGithub"


def test_from_a_clone_that_is_edited(installed, tmp_path: Path) -> None:
    installed({"url": tmp_path.as_uri(), "dir_info": {"editable": True}})
    assert install_command("proctor[docker]") == f"pip install -e '{tmp_path}[docker]'"


def test_from_a_folder_or_a_file(installed, tmp_path: Path) -> None:
    folder = tmp_path / "with blank"
    folder.mkdir()
    installed({"url": folder.as_uri(), "dir_info": {}}, by="uv")
    assert install_command("proctor[docker]") == f"uv pip install 'proctor[docker] @ {folder.as_uri()}'"


def test_from_a_file_that_is_there_no_more(installed) -> None:
    installed({"url": "file:///no/such/proctor-1.whl", "archive_info": {}})
    assert install_command("proctor[docker]") == "pip install 'docker>=7.1'"
    assert install_command("proctor[compat]") == "pip install 'docker>=7.1' toml"


def test_from_a_repository(installed) -> None:
    installed({"url": "https://git.example/p.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}})
    assert install_command("proctor[docker]") == "pip install 'proctor[docker] @ git+https://git.example/p.git@abc'"


def test_in_an_environment_of_pipx(installed, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(None)
    monkeypatch.setattr(sys, "prefix", "/home/me/.local/pipx/venvs/proctor")
    assert install_command("proctor[docker]") == "pipx inject proctor 'docker>=7.1'"


def test_pip_understands_what_is_said_of_this_installation() -> None:
    pytest.importorskip("hatchling", reason="what builds the package is not here, and nothing is downloaded for a test")
    words = install_command("proctor[rss]").split()
    program = [sys.executable, "-m", "pip"] if words[0] == "pip" else [words[0], "pip"]
    if shutil.which(program[0]) is None or subprocess.run([*program, "--version"], capture_output=True).returncode:
        pytest.skip(f"{words[0]} is not here")
    import shlex

    asked = shlex.split(install_command("proctor[rss]"))[2 if words[0] == "pip" else 3 :]
    done = subprocess.run(
        [*program, "install", "--dry-run", "--no-deps", "--no-build-isolation", "--quiet", *asked],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr


HINTS = {
    "DaskExecutor": (
        "distributed",
        "from prefect import Flow, executors\nFlow('f', executor=executors.DaskExecutor(address='tcp://x:1')).run()",
        "dask",
    ),
    "DaskExecutor-of-its-own": (
        "distributed",
        "from prefect import Flow, executors\nFlow('f', executor=executors.DaskExecutor()).run()",
        "dask",
    ),
    "GCS": ("google", "from prefect.storage import GCS\nGCS('b')._upload('k', b'')", "gcp"),
    "GCSResult": ("google", "from prefect.engine.results import GCSResult\nGCSResult('b').read('x')", "gcp"),
    "S3": ("boto3", "from prefect.storage import S3\nS3('b')._upload('k', b'')", "aws"),
    "Graphviz": ("graphviz", "from prefect import Flow\nFlow('f').visualize()", "viz"),
    "Git": ("dulwich", "from prefect.utilities.git import TemporaryGitRepo\nTemporaryGitRepo('u').__enter__()", "git"),
    "Kubernetes": (
        "kubernetes",
        "from prefect.utilities.kubernetes import get_kubernetes_client\nget_kubernetes_client('job')",
        "kubernetes",
    ),
    "DockerAgent": ("docker", "from prefect.agent.docker import DockerAgent\nDockerAgent()", "docker"),
}


@pytest.mark.parametrize("what", HINTS)
def test_whatever_needs_a_missing_package_says_how_to_install_it(what: str, tmp_path: Path) -> None:
    package, script, extra = HINTS[what]
    missing = f"import sys\nsys.modules[{package!r}] = None\n"

    done = subprocess.run(
        [sys.executable, "-c", missing + script], capture_output=True, text=True, cwd=tmp_path, timeout=120, check=False
    )

    assert done.returncode != 0 or "ERROR" in done.stdout + done.stderr
    assert install_command(f"proctor[{extra}]") in done.stdout + done.stderr


def test_a_missing_package_is_an_import_error_with_a_code() -> None:
    with pytest.raises(MissingPackage, match="pip install no_such_package") as raised:
        import_needed("no_such_package", by="A test")
    assert isinstance(raised.value, ImportError)
    assert raised.value.name == "no_such_package"


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("import prefect.tasks.postgress", ["Did you mean prefect.tasks.postgres?", "airbyte", "zendesk"]),
        ("from prefect.tasks.slack import SlackTask", ["prefect.tasks has: airbyte"]),
        ("import prefect.tasks.aws.s4", ["Did you mean prefect.tasks.aws.s3?", "batch"]),
        ("import prefect.tasks.shell.more", []),
    ],
)
def test_a_module_of_the_library_that_there_is_not(statement: str, words: list[str]) -> None:
    with pytest.raises(ModuleNotFoundError) as raised:
        exec(statement, {})
    for word in words:
        assert word in str(raised.value)
    assert "__" not in str(raised.value) or not words


def test_other_modules_are_looked_for_as_ever() -> None:
    import importlib.util

    assert importlib.util.find_spec("no_such_module_at_all") is None
    with pytest.raises(ModuleNotFoundError, match=r"^No module named 'prefect\.no_such'$"):
        importlib.import_module("prefect.no_such")
