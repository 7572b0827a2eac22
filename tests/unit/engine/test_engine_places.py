"""Where values may lie: what is filled into a location goes down from its folder, and a state's word is not enough."""

from __future__ import annotations

import os
import pickle
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from prefect import Flow, Parameter, context, task
from prefect.engine.results import AzureResult, GCSResult, LocalResult, S3Result, SecretResult, places
from prefect.engine.results.remote import RemoteResult
from prefect.engine.state import State, Success
from prefect.utilities.configuration import set_temporary_config

ESCAPES = [
    "../esc",
    "a/../../esc",
    "/tmp/esc",
    "~/esc",
    "~root/esc",
    "a/b/../../../esc",
    "..\\esc",
    "C:\\esc",
    "c:/esc",
    "\\\\host\\share\\esc",
    "a\0b",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    (tmp_path / "in").mkdir()
    return tmp_path


@pytest.fixture(autouse=True)
def own_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("HOME", str(folder / "home"))
    with set_temporary_config({"home_dir": str(folder / "home" / ".prefect")}):
        yield


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# --- what is filled in ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ESCAPES, ids=repr)
@pytest.mark.parametrize("template", ["{x}.p", "{x}", "sub/{x}.p", "lambda"])
def test_a_value_does_not_leave_the_folder_of_its_template(folder: Path, template: str, value: str) -> None:
    location: Any = (lambda x, **_: f"{x}.p") if template == "lambda" else template
    result = LocalResult(dir=str(folder / "in"), location=location)
    if template == "sub/{x}.p" and value.startswith(("/", "~", "C:", "c:", "\\")):
        # Behind other text these are names like others.
        result.write(1, x=value)
        assert all(name.startswith("in/sub/") for name in files(folder))
        return

    with pytest.raises(ValueError, match=r"leaves .*must stay in that folder|has a NUL"):
        result.write(1, x=value)

    assert files(folder) == []
    if template != "lambda":
        with pytest.raises(ValueError, match=r"leaves .*must stay in that folder|has a NUL"):
            result.exists(template, x=value)


@pytest.mark.parametrize("value", ["a", "a/b", "./a", "..a", "a..b", "~a", "a:b", "ä", "{x}", "a b"])
def test_a_value_may_name_folders_below(folder: Path, value: str) -> None:
    written = LocalResult(dir=str(folder / "in"), location="{x}.p").write(1, x=value)

    assert [name.startswith("in/") for name in files(folder)] == [True]
    assert written.read(written.location).value == 1


def test_what_the_author_wrote_is_trusted(folder: Path) -> None:
    inside = str(folder / "in")
    for location, expected in {
        str(folder / "abs/{x}.p"): "abs/a.p",
        str(folder / "fixed.p"): "fixed.p",
        "sub/{x}.p": "in/sub/a.p",
        "../sibling/{x}.p": "sibling/a.p",
        "~/{x}.p": "home/a.p",
        "pre-{x}.p": "in/pre-a.p",
    }.items():
        result = LocalResult(dir=inside, location=location)
        assert Path(result.write(1, x="a").location).resolve() == (folder / expected).resolve()
        if "{" in location:
            with pytest.raises(ValueError, match="leaves"):
                result.write(1, x="../../../esc")

    by_function = LocalResult(dir=inside, location=lambda x, **_: str(folder / "made" / f"{x}.p"))
    assert Path(by_function.write(1, x="a").location) == folder / "made/a.p"
    with pytest.raises(ValueError, match="leaves"):
        by_function.write(1, x="../esc")


def test_an_absolute_value_inside_the_folder_is_inside(folder: Path) -> None:
    result = LocalResult(dir=str(folder / "in"), location="{root}/a.p")

    assert Path(result.write(1, root=str(folder / "in")).location) == folder / "in/a.p"
    with pytest.raises(ValueError, match="leaves"):
        result.write(1, root=str(folder))
    with pytest.raises(ValueError, match="leaves"):
        result.write(1, root=str(folder / "in2"))


def test_a_link_does_not_lead_out_unless_the_author_names_it(folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "in" / "link").symlink_to(folder / "out")
    (folder / "linked").symlink_to(folder / "in")

    with pytest.raises(ValueError, match="leaves"):
        LocalResult(dir=str(folder / "in"), location="{x}.p").write(1, x="link/a")
    assert LocalResult(dir=str(folder / "in"), location="link/{x}.p").write(1, x="a")
    assert LocalResult(dir=str(folder / "linked"), location="{x}.p").write(1, x="b")
    assert files(folder) == ["in/b.p", "out/a.p"]


class Store(RemoteResult):
    """Objects in memory."""

    def __init__(self, **kwargs: Any) -> None:
        self.objects: dict[str, bytes] = {}
        super().__init__(**kwargs)

    def _upload(self, location: str | None, data: bytes) -> None:
        self.objects[str(location)] = data


@pytest.mark.parametrize(
    "location", ["{x}.p", "pre/{x}.p", lambda x, **_: f"{x}.p"], ids=["name", "folder", "function"]
)
def test_the_name_of_an_object_does_not_climb(location: Any) -> None:
    store = Store(location=location)

    for value in ("../esc", "a/../../esc", "a\0b"):
        with pytest.raises(ValueError, match=r"leaves .*must stay in that folder|has a NUL"):
            store.write(1, x=value)
    assert store.objects == {}
    store.write(1, x="a/b")
    store.write(1, x="/a")
    assert len(store.objects) == 2


@pytest.mark.parametrize("value", ESCAPES, ids=repr)
@pytest.mark.parametrize("is_function", [False, True])
def test_a_task_whose_target_leaves_its_folder_fails_and_says_so(folder: Path, value: str, is_function: bool) -> None:
    target: Any = (lambda x, **_: f"{x}.p") if is_function else "{x}.p"
    ran = []

    @task(target=target, result=LocalResult(dir=str(folder / "in")))
    def one(x: str) -> int:
        ran.append(x)
        return 1

    with Flow("f") as flow:
        done = one(Parameter("x"))
    with context(checkpointing=True):
        state = flow.run(parameters={"x": value}).result[done]

    assert state.is_failed()
    assert "must stay in that folder" in state.message or "has a NUL" in state.message
    assert (ran, files(folder)) == ([], [])


def test_a_target_is_filled_in_once(folder: Path) -> None:
    @task(target="{x}.p", result=LocalResult(dir=str(folder / "in")))
    def one(x: str) -> int:
        return 1

    with Flow("f") as flow:
        done = one(Parameter("x"))
    with context(checkpointing=True):
        for value in ("{nope}", "{flow_name}"):
            states = [flow.run(parameters={"x": value}).result[done] for _ in range(2)]
            assert [type(state).__name__ for state in states] == ["Success", "Cached"]
    assert files(folder) == ["in/{flow_name}.p", "in/{nope}.p"]


# --- what a state says ------------------------------------------------------------------------------------------------


def test_a_result_knows_which_locations_are_its_own(folder: Path) -> None:
    inside = str(folder / "in")
    (folder / "in" / "link").symlink_to(folder)
    plain = LocalResult(dir=inside)

    for own in ("a.p", "sub/a.p", f"{inside}/a.p", f"{folder}/x/../in/a.p"):
        plain.check_location(own)
    for other in (f"{folder}/a.p", "../a.p", f"{inside}2/a.p", f"{inside}/../a.p", "link/a.p", "/etc/passwd", "a\0"):
        with pytest.raises(ValueError, match=r"does not lie in|has a NUL"):
            plain.check_location(other)
    elsewhere = LocalResult(dir=inside, location=f"{folder}/abs/{{x}}.p")
    elsewhere.check_location(f"{folder}/abs/deep/a.p")
    with pytest.raises(ValueError, match="does not lie in"):
        elsewhere.check_location(f"{folder}/a.p")


@pytest.mark.parametrize("kind", [S3Result, GCSResult, AzureResult])
def test_an_object_store_knows_which_names_are_its_own(kind: Any) -> None:
    kind("b", location="pre/{x}.p").check_location("pre/a/b.p")
    kind("b", location="pre/fixed.p").check_location("pre/fixed.p")
    kind("b").check_location("2030/1/1/a.prefect_result")
    for result, other in (
        (kind("b", location="pre/{x}.p"), "a.p"),
        (kind("b", location="pre/{x}.p"), "pre/../a.p"),
        (kind("b"), "../other/a.p"),
    ):
        with pytest.raises(ValueError, match="does not lie in"):
            result.check_location(other)


def test_a_secret_is_not_read_for_another() -> None:
    SecretResult(None, location="mine").check_location("mine")
    with pytest.raises(ValueError, match="is not the secret 'mine'"):
        SecretResult(None, location="mine").check_location("yours")


class Evil:
    """A value whose pickle does something."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.mark),)


@pytest.fixture
def evil(folder: Path) -> tuple[str, Path]:
    """A pickle outside of every folder of results, and what it makes when it is read."""
    mark = folder / "was here"
    (folder / "evil.p").write_bytes(pickle.dumps(Evil(mark)))
    return str(folder / "evil.p"), mark


def by_wire(location: str, folder: Path, kind: str = "LocalResult") -> State:
    state = Success("done").serialize()
    return State.deserialize({**state, "_result": {"type": kind, "dir": str(folder), "location": location}})


@pytest.mark.parametrize("declares", ["task", "flow", "nobody"])
def test_a_state_that_came_by_wire_names_no_pickle_of_its_own(
    folder: Path, evil: tuple[str, Path], declares: str
) -> None:
    location, mark = evil
    own = LocalResult(dir=str(folder / "in"))

    @task(result=own if declares == "task" else None)
    def first() -> int:
        return 1

    @task
    def second(x: int) -> int:
        return x

    with Flow("f", result=own if declares == "flow" else None) as flow:
        one = first()
        two = second(one)
    state = flow.run(task_states={one: by_wire(location, folder)})

    assert state.result[two].is_failed()
    expected = "the place of its value, but neither" if declares == "nobody" else "does not lie in"
    assert expected in state.result[two].message
    assert not mark.exists()
    if declares != "nobody":
        written = own.write(41)
        again = flow.run(task_states={one: by_wire(written.location, folder / "in")})
        assert again.result[two].result == 41


def test_what_is_mapped_over_is_looked_at_as_well(folder: Path, evil: tuple[str, Path]) -> None:
    location, mark = evil

    @task(result=LocalResult(dir=str(folder / "in")))
    def first() -> list[int]:
        return [1]

    @task
    def second(x: int) -> int:
        return x

    with Flow("f") as flow:
        one = first()
        two = second.map(one)
    state = flow.run(task_states={one: by_wire(location, folder)})

    assert state.result[two].is_failed()
    assert "does not lie in" in state.result[two].message
    assert not mark.exists()


def test_a_value_in_the_state_itself_is_read() -> None:
    @task
    def second(x: int) -> int:
        return x

    with Flow("f") as flow:
        number = Parameter("x")
        two = second(number)
    known = {**Success("done").serialize(), "_result": {"type": "PrefectResult", "location": "41"}}
    state = flow.run(parameters={"x": 1}, task_states={number: State.deserialize(known)})

    assert state.result[two].result == 41


def test_a_folder_that_is_none_is_named_by_the_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "folder"
    with pytest.raises(NotADirectoryError) as raised:
        LocalResult(dir=str(folder), validate_dir=False, location="x").write(1)
    assert raised.value.filename == str(folder)


@pytest.mark.parametrize(("more", "shown"), [(0, "x" * 300), (1, "x" * 300 + "...")])
def test_of_a_long_location_the_beginning_is_shown(more: int, shown: str) -> None:
    assert places._short("x" * (300 + more)) == repr(shown)


@pytest.mark.parametrize(
    ("result", "connection"),
    [
        (S3Result("b", location="a"), "_client"),
        (GCSResult("b", location="a"), "_gcs_bucket"),
        (AzureResult("b", location="a"), "_service"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_a_connection_does_not_travel_with_its_result(result: Any, connection: str) -> None:
    setattr(result, connection, threading.Lock())  # which no pickle takes, as no connection
    again = pickle.loads(pickle.dumps(result))
    assert {**vars(again), connection: None} == {**vars(result), connection: None}
    assert vars(again)[connection] is None


def test_of_an_object_that_is_there_nothing_is_read_and_its_connection_is_free_again() -> None:
    class Body:
        is_closed = False

        def close(self) -> None:
            self.is_closed = True

    pytest.importorskip("botocore", reason="needs the extra aws")
    body, asked = Body(), []
    result = S3Result("b", location="pre/{x}.p")
    result._client = SimpleNamespace(get_object=lambda **given: asked.append(given) or {"Body": body})
    assert result.exists("pre/{x}.p", x="a") is True
    assert asked == [{"Bucket": "b", "Key": "pre/a.p"}]
    assert body.is_closed
