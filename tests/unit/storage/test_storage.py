"""Storages: places of flows, their JSON form, and getting flows back."""

from __future__ import annotations

import json
import re
import sys
import warnings
from datetime import timedelta

import pytest

from prefect._version import __version__
from prefect.core.flow import Flow
from prefect.core.function import FunctionTask
from prefect.core.task import Task
from prefect.exceptions import FlowStorageError
from prefect.model import codec
from prefect.storage import (
    GCS,
    S3,
    Azure,
    Bitbucket,
    CodeCommit,
    Docker,
    Git,
    GitHub,
    GitLab,
    Local,
    Module,
    Webhook,
)
from prefect.storage.loading import (
    extract_flow_from_file,
    extract_flow_from_module,
    flow_from_bytes_pickle,
    flow_to_bytes_pickle,
)
from prefect.utilities.configuration import set_temporary_config
from prefect.utilities.context import context
from prefect.utilities.installing import install_command

TWO_FLOWS = "from prefect import Flow\na = Flow('a')\nb = Flow('b')\n"


@pytest.fixture(autouse=True)
def home(tmp_path):
    with set_temporary_config({"home_dir": str(tmp_path / "home")}):
        yield tmp_path / "home"


@pytest.fixture
def flow():
    return Flow("my flow", tasks=[Task(name="a")])


# ----- local


def test_a_pickled_flow_comes_back_from_its_dated_file(flow, home):
    storage = Local()

    place = storage.add_flow(flow)

    assert place.startswith(f"{home}/flows/my-flow/")
    assert storage.get_flow("my flow").name == "my flow"
    assert "my flow" in storage
    assert repr(storage) == "<Storage: Local>"


def test_a_flow_can_be_added_once_only(flow):
    storage = Local()
    storage.add_flow(flow)

    with pytest.raises(ValueError, match='Name conflict: Flow with the name "my flow" is already present'):
        storage.add_flow(flow)


def test_an_unknown_flow_is_refused():
    with pytest.raises(ValueError, match="Flow is not contained in this Storage"):
        Local().get_flow("x")


def test_a_script_needs_a_path(flow):
    with pytest.raises(ValueError, match="A `path` must be provided"):
        Local(stored_as_script=True).add_flow(flow)


def test_a_script_is_run_when_its_flow_is_loaded(tmp_path):
    path = tmp_path / "flows.py"
    path.write_text(TWO_FLOWS)
    storage = Local(path=str(path), stored_as_script=True)
    storage.add_flow(Flow("b"))

    assert storage.get_flow("b").name == "b"


def test_a_script_that_is_gone_is_named(tmp_path, flow):
    storage = Local(path=str(tmp_path / "gone.py"), stored_as_script=True)
    storage.add_flow(flow)

    with pytest.raises(FileNotFoundError, match=r"gone\.py"):
        storage.get_flow("my flow")


def test_the_hosts_name_is_a_label_unless_unwanted():
    without = Local(labels=["x"], add_default_labels=False)
    assert (without.labels, without.default_labels) == (["x"], [])
    assert len(Local(labels=["x"]).labels) == 2


def test_values_lie_below_the_home_directory_unless_told_otherwise(home, tmp_path):
    assert Local().result.dir == str(home / "results")
    assert Local(directory=str(tmp_path / "own")).result.dir == str(tmp_path / "own")


# ----- JSON


@pytest.mark.parametrize(
    "storage",
    [
        Module("a.b"),
        S3("b", key="k", client_options={"x": 1}),
        GCS("b", project="p", stored_as_script=True),
        Azure("c", connection_string_secret="s", blob_name="n"),
        Git("p.py", repo="a/b", branch_name="main"),
        GitHub(repo="a/b", path="p.py", ref="main"),
        GitLab("a/b", path="p.py"),
        Bitbucket("P", "r", workspace="w", path="p.py"),
        CodeCommit("r", path="p.py", commit="c"),
        Docker(registry_url="r", image_name="n", image_tag="t"),
        Webhook({"url": "http://x"}, "POST", {"url": "http://x"}, "GET"),
    ],
    ids=lambda storage: type(storage).__name__,
)
def test_a_storage_survives_its_journey(storage, flow):
    storage.secrets = ["A"]
    storage.add_flow(flow)
    data = json.loads(json.dumps(storage.serialize()))

    loaded = codec.load("storage", data)

    assert type(loaded) is type(storage)
    assert loaded.flows == storage.flows
    assert loaded.serialize() == data
    assert data["secrets"] == ["A"]


def test_a_local_storage_of_another_machine_creates_nothing_here(tmp_path):
    data = Local(directory=str(tmp_path / "d")).serialize() | {"directory": str(tmp_path / "elsewhere")}

    loaded = codec.load("storage", data)

    assert loaded.directory == str(tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()


# ----- pickles


def test_a_pickle_says_the_versions_it_was_made_with(flow):
    content = json.loads(flow_to_bytes_pickle(flow))

    assert set(content["versions"]) == {"cloudpickle", "prefect", "python"}


def test_tasks_that_read_values_back_are_warned_of_when_nothing_keeps_them():
    def add(a, b):
        return a + b

    again = FunctionTask(add, name="again", max_retries=1, retry_delay=timedelta(seconds=1))
    kept = FunctionTask(add, name="kept", cache_for=timedelta(days=1))
    one = FunctionTask(lambda: 1, name="one")
    flow = Flow("unkept")
    for task in (again, kept):
        flow.set_dependencies(task, keyword_tasks={"a": one, "b": 1})
    storage = Module("m")
    storage.add_flow(flow)

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        storage.build()

    assert sorted(str(warning.message).partition(". ")[0] for warning in seen) == [
        "Task <Task: again> has retry settings but some upstream dependencies do not have result types",
        "Task <Task: kept> has cache settings but does not have a result type",
        "Task <Task: kept> has cache settings but some upstream dependencies do not have result types",
    ]


@pytest.mark.parametrize(
    ("options", "image"),
    [
        ({}, f"proctor:{__version__}"),
        ({"prefect_version": "1.4.1"}, f"prefecthq/prefect:1.4.1-python{sys.version_info[0]}.{sys.version_info[1]}"),
        ({"base_image": "mine:1"}, "mine:1"),
    ],
)
def test_an_image_is_built_on_that_of_the_version(options, image):
    assert Docker(**options).base_image == image


def test_an_image_is_built_on_the_configured_one():
    with set_temporary_config({"cloud.agent.image": "registry.example/flows:{version}"}):
        assert Docker(prefect_version="1.6.0").base_image == "registry.example/flows:1.6.0"


@pytest.mark.parametrize(
    ("storage", "module", "install"),
    [
        (GitHub("o/r", "f.py"), "github", "PyGithub"),
        (GitLab("o/r", path="f.py"), "gitlab", "python-gitlab"),
        (Bitbucket("p", "r", path="f.py"), "atlassian", "atlassian-python-api"),
        (Bitbucket("p", "r", workspace="w", path="f.py"), "atlassian.bitbucket", "atlassian-python-api"),
        (CodeCommit("r", path="f.py"), "boto3", "'proctor[aws]'"),
        (Webhook({}, "POST", {}, "GET"), "requests", "requests"),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "flows") else None,
)
def test_a_missing_package_is_told_with_what_brings_it(storage, module, install, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    storage.flows = {"x": "f.py"}

    with pytest.raises(ImportError, match=re.escape(install_command(install))):
        storage.get_flow("x")


def test_another_version_of_the_package_is_warned_of(flow):
    content = json.loads(flow_to_bytes_pickle(flow))
    content["versions"]["prefect"] = "0.9"

    with pytest.warns(UserWarning, match=r"built using Prefect '0\.9'"):
        assert flow_from_bytes_pickle(json.dumps(content).encode()).name == "my flow"


def test_a_broken_pickle_names_versions_that_differ(flow):
    content = json.loads(flow_to_bytes_pickle(flow))
    content["flow"] = "eHg="
    content["versions"]["python"] = "2.7"

    with pytest.raises(FlowStorageError) as caught:
        flow_from_bytes_pickle(json.dumps(content).encode())

    assert "An error occurred while unpickling the flow:" in str(caught.value)
    assert "- python: (flow built with '2.7', currently running with " in str(caught.value)


def test_no_pickle_at_all_is_refused():
    with pytest.raises(FlowStorageError):
        flow_from_bytes_pickle(b"garbage")


# ----- scripts and modules


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "Provide either `file_path` or `file_contents`."),
        ({"file_path": "a", "file_contents": "b"}, "but not both"),
        ({"file_contents": "x = 1"}, "No flows found in file."),
        (
            {"file_contents": TWO_FLOWS, "flow_name": "q"},
            "Flow 'q' not found in file. Found flows:\n- 'a'\n- 'b'",
        ),
    ],
    ids=["neither", "both", "no-flow", "other-name"],
)
def test_a_script_without_the_flow_says_what_it_has(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        extract_flow_from_file(**arguments)


def test_a_script_may_define_dataclasses_and_guard_its_main_part():
    text = (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        "@dataclass\nclass A:\n    x: int = 1\n" + TWO_FLOWS + "if __name__ == '__main__':\n    raise SystemExit\n"
    )

    assert extract_flow_from_file(file_contents=text).name == "a"
    assert "prefect_flow_script" not in sys.modules


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "gm_flows.py").write_text(
        TWO_FLOWS + "def make(): return a\nclass C:\n    flow = a\nx = 1\ndef bad(): return 2\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield "gm_flows"
    sys.modules.pop("gm_flows", None)


@pytest.mark.parametrize(
    ("where", "name"),
    [("", "a"), (":a", None), (":make", None), (":C.flow", None), (":a", "a")],
)
def test_a_flow_of_a_module_is_found(module, where, name):
    assert extract_flow_from_module(module + where, name).name == "a"


@pytest.mark.parametrize(
    ("where", "name", "kind", "message"),
    [
        ("", None, ValueError, "Multiple flows found in 'gm_flows', please provide `flow_name` to select one."),
        ("", "q", ValueError, "Failed to find flow 'q' in 'gm_flows'"),
        (":a", "zz", ValueError, "Flow at 'gm_flows:a' is named 'a', expected 'zz'"),
        (":x", None, TypeError, "Object at 'gm_flows:x' is a <class 'int'> not a `prefect.Flow`"),
        (":bad", None, TypeError, "Object at 'gm_flows:bad' is a <class 'int'> not a `prefect.Flow`"),
        (":nope", None, ValueError, "Failed to find flow at 'gm_flows:nope'"),
    ],
)
def test_a_module_without_the_flow_says_why(module, where, name, kind, message):
    with pytest.raises(kind) as caught:
        extract_flow_from_module(module + where, name)
    assert str(caught.value) == message


# ----- what does not fit together


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda: Git("p"), ValueError),
        (lambda: Git("p", repo="a/b", branch_name="x", tag="y"), ValueError),
        (lambda: Bitbucket("P", "r", workspace="w", access_token_secret="x"), ValueError),
        (lambda: Webhook({}, "FETCH", {}, "GET"), RuntimeError),
        (lambda: Docker(base_image="a", dockerfile="b"), ValueError),
        (lambda: Docker(files={"a": "b"}), ValueError),
    ],
    ids=["git-no-repo", "git-two-refs", "bitbucket", "webhook-method", "docker-two-bases", "docker-relative"],
)
def test_contradictions_are_refused_when_the_storage_is_made(make, kind):
    with pytest.raises(kind):
        make()


def test_an_image_has_its_name_when_it_is_built():
    with pytest.raises(ValueError, match="missing required fields image_name and image_tag"):
        _ = Docker().name
    assert Docker(registry_url="r/", image_name="n", image_tag="t").name == "r/n:t"


def test_an_image_of_scripts_wants_their_place_when_it_is_built():
    storage = Docker(stored_as_script=True)
    assert storage.add_flow(Flow("f")) == "/opt/prefect/flows/f.prefect"
    with pytest.raises(ValueError, match="A `path` must be provided to show where flow"):
        storage.build()


@pytest.mark.parametrize(
    ("how", "address"),
    [
        ({}, "https://@github.com/me/repo.git"),
        ({"repo_host": "gitlab.com"}, "https://@gitlab.com/me/repo.git"),
        ({"use_ssh": True}, "git@github.com:me/repo.git"),
        ({"git_token_secret_name": "T"}, "https://me:to%2Fken@github.com/me/repo.git"),
        ({"git_token_secret_name": "T", "git_token_username": "u"}, "https://u:to%2Fken@github.com/me/repo.git"),
        ({"git_clone_url_secret_name": "U"}, "https://x/y.git"),
    ],
)
def test_where_a_repository_is_cloned_from(how, address):
    with context(secrets={"T": "to/ken", "U": "https://x/y.git"}):
        assert Git("flow.py", repo="me/repo", **how).git_clone_url == address


def test_a_token_that_was_read_from_a_file_comes_without_its_line_break(monkeypatch):
    from prefect.storage.kinds import secret_or_variable
    from prefect.storage.webhook import _fill

    monkeypatch.setenv("A_TOKEN", "word\n")
    with context(secrets={"B_TOKEN": "word\r\n"}):
        assert secret_or_variable(None, "A_TOKEN") == "word"
        assert secret_or_variable(None, "B_TOKEN") == "word"
        assert secret_or_variable("B_TOKEN", "A_TOKEN") == "word"
        assert secret_or_variable(None, "C_TOKEN") is None
        git = Git("flow.py", repo="me/repo", git_token_secret_name="B_TOKEN")
        assert git.git_clone_url == "https://me:word@github.com/me/repo.git"
        assert _fill({"headers": {"X": "Bearer ${A_TOKEN}"}}) == {"headers": {"X": "Bearer word"}}
