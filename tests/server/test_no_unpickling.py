"""No process of the server turns data into code: not by what it imports, and not by what it does with states."""

from __future__ import annotations

import ast
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import prefect
from support.access import Keyed

ROOT = Path(prefect.__file__).parent
LOADERS = frozenset({"pickle", "cloudpickle", "dill", "marshal", "shelve", "joblib", "jsonpickle", "_pickle", "yaml"})
#: Modules that both sides use: they read pickles for the user's side, where a function is asked to.
SHARED = {
    "prefect.model.serializers",
    "prefect.model.state_base",
    "prefect.model.tokens",
    "prefect.utilities.raised",
}


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Give the server's modules, and all of the package that they import, directly or not."""
    files = [path.relative_to(ROOT.parent).with_suffix("") for path in (ROOT / "server").rglob("*.py")]
    left = {".".join(path.parts) for path in files}
    seen: set[str] = set()
    while left:
        name = left.pop().removesuffix(".__init__")
        if name in seen:
            continue
        seen.add(name)
        tree = _parsed(name)
        if tree is None:
            continue
        yield name, tree
        left |= set(_imports(tree)) - seen


def _parsed(name: str) -> ast.Module | None:
    path = ROOT.parent / name.replace(".", "/")
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return ast.parse(file.read_text())
    return None


def _imports(tree: ast.Module) -> Iterator[str]:
    skipped = {
        node
        for found in ast.walk(tree)
        if isinstance(found, ast.If) and "TYPE_CHECKING" in ast.unparse(found.test)
        for child in found.body
        for node in ast.walk(child)
    }
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_the_server_and_what_it_imports_reads_no_pickle() -> None:
    found = dict(modules())
    assert len(found) > 100
    assert "prefect.server.actions.set_state" in found
    assert "prefect.model.state_base" in found

    loading = {name for name, tree in found.items() if {part.partition(".")[0] for part in _imports(tree)} & LOADERS}

    assert loading <= SHARED


def test_the_server_evaluates_no_text_and_loads_no_result() -> None:
    refused = {"eval", "exec", "compile", "__import__", "import_module", "load_result", "load_cached_results", "loads"}
    for name, tree in modules():
        if not name.startswith("prefect.server"):
            continue
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            called = node.func
            if isinstance(called, ast.Name):
                assert called.id not in refused, (name, node.lineno)
            elif isinstance(called, ast.Attribute) and called.attr in refused:
                # ``re.compile``, ``statement.compile``, and the JSON of the wire
                of = ast.unparse(called.value)
                assert called.attr == "compile" or (called.attr == "loads" and of in ("json", "orjson", "json_text")), (
                    name,
                    node.lineno,
                    of,
                )


class Evil:
    def __reduce__(self) -> Any:
        return print, ("unpickled",)


@pytest.fixture
def unpickled() -> Iterator[list[str]]:
    """What is unpickled in this process meanwhile."""
    found: list[str] = []
    is_on = True

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if is_on and event == "pickle.find_class":
            found.append(".".join(map(str, arguments)))

    sys.addaudithook(hook)  # for good: there is no way to take one off
    yield found
    is_on = False


def test_states_with_pickles_in_them_are_only_kept(shared_database: Any, tmp_path: Path, unpickled: list[str]) -> None:
    keyed = Keyed(*shared_database, tmp_path)
    made = keyed.fill(keyed.admin)
    data = pickle.dumps(Evil())
    (tmp_path / "evil.p").write_bytes(data)
    kinds = [
        {"type": "LocalResult", "dir": str(tmp_path), "location": str(tmp_path / "evil.p")},
        {"type": "S3Result", "bucket": "b", "location": "evil"},
        {"type": "PrefectResult", "location": data.hex()},
        {"type": "builtins.eval", "location": "1"},
    ]

    for name in ("Success", "Cached", "Retrying", "Mapped", "Looped", "Resume", "Failed", "Submitted"):
        for result in kinds:
            state = {"type": name, "_result": result, "cached_inputs": {"x": result}, "state": {"type": name}}
            for mutation, key in (("set_task_run_states", "task_run_id"), ("set_flow_run_states", "flow_run_id")):
                keyed.run.try_to(mutation, "states { id }", states=[{key: made[key], "state": state}])
            keyed.read.ask("{ task_run { serialized_state } flow_run { states { serialized_state result } } }")
            keyed.run.ask(
                "query($id: UUID!) { get_task_run_info(task_run_id: $id) { serialized_state } }",
                {"id": made["task_run_id"]},
            )

    assert unpickled == []
    pickle.loads(data)
    assert unpickled == ["builtins.print"]  # the hook sees it when it happens
