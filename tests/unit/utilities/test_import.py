"""What ``import prefect`` costs and offers."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import prefect
from prefect._lazy import lazy
from prefect.exceptions import AuthorizationError, ClientError, PrefectException, PrefectSignal, ServerUnreachable


def evaluate(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_import_loads_almost_nothing():
    loaded = set(json.loads(evaluate("import sys, json, prefect; print(json.dumps(list(sys.modules)))")))
    heavy = {
        "alembic",
        "asyncio",
        "click",
        "cloudpickle",
        "dask",
        "distributed",
        "graphql",
        "logging",
        "pendulum",
        "sqlalchemy",
        "starlette",
        "tomllib",
        "typing",
        "urllib3",
        "uvicorn",
        "yaml",
    }
    assert not heavy & loaded
    ours = {name for name in loaded if name.startswith("prefect")}
    assert ours == {"prefect", "prefect._lazy", "prefect._version"}


# What a start costs are the modules that it loads: those of others, ours, and the size of our sources, which are
# compiled at each start where no bytecode is written. Counted, never timed: the same on every machine.
BUDGETS = {
    "from prefect import Flow, task": (55, 28, 173_000),
    "from prefect import Flow, task\n@task\ndef add(x: int, y=1): ...\nwith Flow('f'): add(1)": (60, 42, 263_000),
    "import prefect.client.client": (50, 22, 145_000),
    "import prefect.backend.execution": (45, 14, 65_000),
    "from prefect.cli.group import cli": (70, 6, 20_000),
}

# Each takes one to six milliseconds; a process that needs none of them must not load them.
COSTLY = {
    "asyncio",
    "cloudpickle",
    "dataclasses",
    "email",
    "hashlib",
    "http.client",
    "importlib.metadata",
    "inspect",
    "multiprocessing",
    "pathlib",
    "pendulum",
    "platform",
    "random",
    "shutil",
    "socket",
    "ssl",
    "subprocess",
    "tempfile",
    "urllib3",
    "uuid",
    "zoneinfo",
}

COUNTED = """
import sys
before = set(sys.modules)
{code}
loaded = set(sys.modules) - before
import json, os
ours = {{name for name in loaded if name.partition(".")[0] == "prefect"}}
sizes = [os.path.getsize(sys.modules[name].__file__) for name in ours if getattr(sys.modules[name], "__file__", None)]
print(json.dumps([sorted(loaded - ours), sorted(ours), sum(sizes)]))
"""


def loaded_by(code: str) -> tuple[list[str], list[str], int]:
    others, ours, size = json.loads(evaluate(COUNTED.format(code=code)).splitlines()[-1])
    return others, ours, size


@pytest.mark.parametrize("code", BUDGETS)
def test_a_start_loads_no_more_than_its_budget(code):
    most_others, most_ours, most_bytes = BUDGETS[code]

    others, ours, size = loaded_by(code)

    assert len(others) <= most_others, others
    assert len(ours) <= most_ours, ours
    assert size <= most_bytes


@pytest.mark.parametrize("code", [code for code in BUDGETS if "cli" not in code])
def test_a_start_loads_nothing_costly(code):
    others, _, _ = loaded_by(code)

    assert not COSTLY & set(others)


@pytest.mark.parametrize("name", ["config", "context", "api", "models", "plugins", "configuration", "exceptions"])
def test_public_names_load_on_first_use(name):
    assert getattr(prefect, name) is not None
    assert name in dir(prefect)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'prefect' has no attribute 'nothing'"):
        prefect.nothing  # noqa: B018 - the look-up is what is tested


def test_a_name_wins_over_a_module_of_the_same_name(tmp_path, monkeypatch):
    package = tmp_path / "lazy_sample"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from prefect._lazy import lazy\n"
        "names = {'case': 'lazy_sample.case', 'other': 'lazy_sample.case:case'}\n"
        "__getattr__, __dir__ = lazy(__name__, names, rooms=('room',))\n"
    )
    (package / "case.py").write_text("class case: ...\n")
    (package / "room.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    import lazy_sample
    import lazy_sample.case

    assert isinstance(lazy_sample.case, type)
    assert lazy_sample.other is lazy_sample.case
    assert lazy_sample.room.__name__ == "lazy_sample.room"
    assert {"case", "other", "room"} <= set(dir(lazy_sample))
    assert callable(lazy)


def test_the_tree_of_exceptions():
    assert issubclass(AuthorizationError, ClientError)
    assert issubclass(ClientError, PrefectException)
    assert not issubclass(PrefectSignal, Exception)
    assert str(PrefectException("x")) == "x"
    assert str(ClientError()) == ""


def test_an_unreachable_server_is_told_with_its_address_and_what_to_do():
    import pickle

    error = ServerUnreachable("http://localhost:4200", reason="Connection refused")
    assert isinstance(error, ClientError)
    assert isinstance(error, ConnectionError)
    for told in (error, pickle.loads(pickle.dumps(error))):
        assert told.address == "http://localhost:4200"
        assert "prefect server start" in told.advice
        assert str(told) == (
            "Could not reach the Prefect API at http://localhost:4200 (Connection refused). "
            "Is it running? Start one with `prefect server start`."
        )
