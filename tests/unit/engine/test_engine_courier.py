"""What carries the states of task runs: what goes together, and what is done where it is not taken."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from prefect.client import Client
from prefect.client import connection as connection_module
from prefect.engine.cloud import courier as courier_module
from prefect.engine.cloud.courier import Courier, UpstreamChanged, courier_for, courier_of
from prefect.engine.cloud.task_runner import CloudTaskRunner
from prefect.engine.state import ClientFailed, Failed, Mapped, Queued, Running, State, Success
from prefect.exceptions import ClientError, VersionLockMismatchSignal
from prefect.utilities.configuration import set_temporary_config
from support.graphql_stub import Asked, Stub, StubServer

ID = "6d5b3ab5-6f3d-4f3d-a8a8-000000000001"
LOCKED = {"errors": [{"message": "State update failed", "extensions": {"code": "VERSION_LOCKING_ERROR"}}]}


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    monkeypatch.setattr(connection_module, "API_ERROR_RESENDS", 0)
    # Nothing goes by itself: what goes together is what was told by then.
    monkeypatch.setattr(courier_module, "LONGEST_WAIT_SECONDS", 3600)
    settings = {"home_dir": str(tmp_path), "backend": "server", "cloud.api_key": "", "cloud.tenant_id": ID}
    with StubServer() as stub, set_temporary_config({**settings, "cloud.api": stub.url, "cloud.retry_seconds": 0}):
        stub.rules.append(("set_task_run_states", agree))
        yield stub
        connection_module._plain_servers.discard(stub.url)


def agree(asked: Asked) -> tuple[int, Any]:
    states = asked.variables["input"]["states"]
    told = [{"id": one["task_run_id"], "status": "SUCCESS", "message": None} for one in states]
    return 200, {"data": {"set_task_run_states": {"states": told}}}


def refuse(*names: str, answer: Any = LOCKED) -> Any:
    """Answer as a server that does not take the states of these task runs."""

    def rule(asked: Asked) -> tuple[int, Any]:
        taken = all(one["task_run_id"] not in names for one in asked.variables["input"]["states"])
        return agree(asked) if taken else (200, answer)

    return rule


def sent(stub: Stub) -> list[list[tuple[str, str]]]:
    return [
        [(one["task_run_id"], one["state"]["type"]) for one in asked.variables["input"]["states"]]
        for asked in stub.asked
        if "set_task_run_states" in asked.query
    ]


def courier(*, keeps_back: bool = True) -> Courier:
    return Courier(Client(), keeps_back=keeps_back)


def test_an_end_goes_with_the_next_beginning_in_the_order_in_which_they_came(stub: Stub) -> None:
    told = courier()
    ended = Success("done", result=1)
    assert told.propose("a", None, ended, seen=0) is ended
    assert sent(stub) == []
    begun = Running()
    assert told.propose("b", 1, begun, seen=0) is begun
    assert sent(stub) == [[("a", "Success"), ("b", "Running")]]
    told.propose("b", None, Success(), seen=0)
    told.close()
    assert sent(stub)[1:] == [[("b", "Success")]]
    told.propose("c", None, Success(), seen=0)
    assert sent(stub)[2:] == [[("c", "Success")]], "a closed one keeps nothing back"


@pytest.mark.parametrize(
    "state",
    [Failed("no"), Running(), Mapped(n_map_states=2), Success(message="x" * 20_000)],
    ids=lambda s: type(s).__name__,
)
def test_only_a_short_success_is_kept_back(stub: Stub, state: State) -> None:
    courier().propose("a", None, state, seen=0)
    assert len(sent(stub)) == 1


def test_nothing_is_kept_back_where_the_states_go_elsewhere(stub: Stub) -> None:
    courier(keeps_back=False).propose("a", None, Success(), seen=0)
    courier().propose("b", None, Success(), seen=0, at_once=True)
    assert sent(stub) == [[("a", "Success")], [("b", "Success")]]


def test_an_end_that_was_not_taken_becomes_what_was_decided_and_who_comes_after_it_looks_again(stub: Stub) -> None:
    stub.rules.insert(0, ("set_task_run_states", refuse("a")))
    stub.data("get_task_run_info", get_task_run_info={"serialized_state": Failed("by hand").serialize()})
    told = courier()
    ended = Success("done", result=1)
    told.propose("a", None, ended, seen=0)
    with pytest.raises(UpstreamChanged):
        told.propose("b", 1, Running(), seen=told.changes)
    assert (type(ended), ended.message) == (Failed, "by hand")
    assert sent(stub) == [[("a", "Success"), ("b", "Running")], [("a", "Success")]]
    told.propose("b", 1, Running(), seen=told.changes)
    assert sent(stub)[2:] == [[("b", "Running")]]


def test_who_looked_before_somebody_else_heard_of_the_decision_looks_again(stub: Stub) -> None:
    stub.rules.insert(0, ("set_task_run_states", refuse("a")))
    stub.data("get_task_run_info", get_task_run_info={"serialized_state": Failed("by hand").serialize()})
    told = courier()
    told.propose("a", None, Success(), seen=0)
    seen = told.changes
    told.settle()
    with pytest.raises(UpstreamChanged):
        told.propose("b", 1, Running(), seen=seen)
    # What has been done is told all the same.
    assert told.propose("c", None, Failed("x"), seen=seen).is_failed()


def test_an_end_that_cannot_be_told_is_a_failure_to_tell(stub: Stub) -> None:
    stub.rules.insert(0, ("set_task_run_states", refuse("a", answer={"errors": [{"message": "no such task run"}]})))
    told = courier()
    ended = Success("done", result=1)
    told.propose("a", None, ended, seen=0)
    told.close()
    assert isinstance(ended, ClientFailed)
    assert isinstance(ended.state, Success)
    assert ended.state.result == 1


def test_one_that_is_refused_takes_no_other_along(stub: Stub) -> None:
    stub.rules.insert(0, ("set_task_run_states", refuse("b")))
    told = courier()
    ended = Success()
    told.propose("a", None, ended, seen=0)
    with pytest.raises(VersionLockMismatchSignal):
        told.propose("b", 1, Running(), seen=0)
    assert type(ended) is Success
    assert sent(stub) == [[("a", "Success"), ("b", "Running")], [("a", "Success")], [("b", "Running")]]


def test_what_is_told_comes_back_as_it_was_or_as_what_the_server_made_of_it(stub: Stub) -> None:
    full = {"id": "a", "status": "QUEUED", "message": "no place is free"}
    stub.rules.insert(
        0, ("set_task_run_states", lambda asked: (200, {"data": {"set_task_run_states": {"states": [full]}}}))
    )
    begun = Running()
    queued = courier().propose("a", 1, begun, seen=0)
    assert (type(queued), queued.message) == (Queued, "no place is free")
    del stub.rules[0]
    assert courier().propose("a", 1, begun, seen=0) is begun


def test_what_threads_tell_at_one_moment_goes_together(stub: Stub) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def hold(asked: Asked) -> tuple[int, Any]:
        if asked.variables["input"]["states"][0]["task_run_id"] == "first":
            entered.set()
            assert go_on.wait(60)
        return agree(asked)

    stub.rules.insert(0, ("set_task_run_states", hold))
    told = courier()

    def tell(name: str) -> None:
        told.propose(name, 1, Running(), seen=0)

    first = threading.Thread(target=tell, args=("first",))
    first.start()
    assert entered.wait(60)
    others = [threading.Thread(target=tell, args=(f"t{n}",)) for n in range(6)]
    for one in others:
        one.start()
    while len(told._letters) < 6:  # the test's own time limit ends this
        pass
    go_on.set()
    for one in [first, *others]:
        one.join(60)
    assert [len(batch) for batch in sent(stub)] == [1, 6]


def test_a_long_list_is_told_in_parts(stub: Stub) -> None:
    told = courier()
    for number in range(120):
        told.propose(f"t{number}", None, Success(), seen=0)
    told.close()
    assert [len(batch) for batch in sent(stub)] == [50, 50, 20]
    told = courier()
    for number in range(30):
        told.propose(f"t{number}", None, Success(message="x" * 15_000), seen=0)
    told.close()
    assert all(sum(15_000 for _ in batch) < 220_000 for batch in sent(stub)[3:])
    assert sum(len(batch) for batch in sent(stub)[3:]) == 30


@pytest.mark.usefixtures("stub")
def test_a_server_that_goes_away_is_said_to_each() -> None:
    told = courier()
    ended = Success()
    told.propose("a", None, ended, seen=0)
    told._client.api_server = "http://127.0.0.1:9"
    with pytest.raises(ClientError):
        told.propose("b", 1, Running(), seen=0)
    assert isinstance(ended, ClientFailed)


# ----- children


def test_a_server_that_cannot_tell_of_many_children_is_asked_for_each(stub: Stub) -> None:
    stub.on(
        "get_or_create_mapped_task_runs",
        {"errors": [{"message": "Cannot query field 'get_or_create_mapped_task_runs' on type 'Mutation'."}]},
        status=400,
    )
    client = Client()
    with courier_for(client, ID, keeps_back=True):
        context = {"flow_run_id": ID, "task_id": ID}
        assert list(CloudTaskRunner.children_of(context, 3)) == [(None, {})] * 3
        assert list(CloudTaskRunner.children_of(context, 2)) == [(None, {})] * 2
    assert len(stub.asked) == 1
    assert list(CloudTaskRunner.children_of(context, 2)) == [(None, {})] * 2


def test_children_are_told_of_as_they_are_needed(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prefect.engine.cloud.task_runner.MOST_CHILDREN_TOLD", 2)

    def tell(asked: Asked) -> tuple[int, Any]:
        given = asked.variables["input"]
        places = range(given["first"], given["first"] + given["count"])
        states = {"3": Success("known").serialize()}
        found = {
            "ids": [f"id{n}" for n in places],
            "versions": [3 if n == 3 else 1 for n in places],
            "serialized_states": states,
        }
        return 200, {"data": {"get_or_create_mapped_task_runs": found}}

    stub.rules.insert(0, ("get_or_create_mapped_task_runs", tell))
    with courier_for(Client(), ID, keeps_back=False):
        told = CloudTaskRunner.children_of({"flow_run_id": ID, "task_id": ID}, 5)
        found = [next(told)]
        assert len(stub.asked) == 1
        found += told
    assert [(own["task_run_id"], own["task_run_version"]) for _, own in found] == [
        ("id0", 1),
        ("id1", 1),
        ("id2", 1),
        ("id3", 3),
        ("id4", 1),
    ]
    assert [type(state).__name__ for state, _ in found] == ["Pending", "Pending", "Pending", "Success", "Pending"]


# ----- who has one


def test_who_puts_another_client_in_its_place_hears_of_each_state(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    class Other(Client):
        pass

    with courier_for(Other(), ID, keeps_back=True):
        assert courier_of(ID) is None
    replaced = Client()
    replaced.set_task_run_state = lambda **_: Success()  # type: ignore[method-assign]
    with courier_for(replaced, ID, keeps_back=True):
        assert courier_of(ID) is None
    with courier_for(Client(), ID, keeps_back=True):
        assert courier_of(ID) is not None
        assert courier_of(None) is None
    assert courier_of(ID) is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.usefixtures("stub")
def test_a_forked_child_tells_nothing_of_its_parent() -> None:
    with courier_for(Client(), ID, keeps_back=True):
        child = os.fork()
        if child == 0:
            os._exit(0 if courier_of(ID) is None else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_who_is_interrupted_while_it_sends_does_not_begin_and_the_others_go_on(stub: Stub) -> None:
    told = courier()
    ended = Success()
    told.propose("a", None, ended, seen=0)
    send = told._client.propose_task_run_states

    def interrupted(*_: Any) -> Any:
        told._client.propose_task_run_states = send  # type: ignore[method-assign]
        raise KeyboardInterrupt

    told._client.propose_task_run_states = interrupted  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        told.propose("b", 1, Running(), seen=0)
    told.close()
    assert sent(stub) == [[("a", "Success")]]


def test_an_answer_that_is_not_about_all_of_them_is_none(stub: Stub) -> None:
    def short(asked: Asked) -> tuple[int, Any]:
        status, answer = agree(asked)
        states = answer["data"]["set_task_run_states"]["states"]
        del states[1:]
        return status, answer

    stub.rules.insert(0, ("set_task_run_states", short))
    told = courier()
    ended, begun = Success(), Running()
    told.propose("a", None, ended, seen=0)
    assert told.propose("b", 1, begun, seen=0) is begun
    assert type(ended) is Success
    assert [len(batch) for batch in sent(stub)] == [2, 1, 1]


@pytest.mark.parametrize("ids", [[], ["a"], ["a", "b", "c"]], ids=len)
def test_an_answer_about_other_children_than_were_asked_for_is_an_error(stub: Stub, ids: list[str]) -> None:
    found = {"ids": ids, "versions": [1] * len(ids), "serialized_states": {}}
    stub.data("get_or_create_mapped_task_runs", get_or_create_mapped_task_runs=found)
    with courier_for(Client(), ID, keeps_back=True), pytest.raises(ClientError, match="expected 2 task runs"):
        list(CloudTaskRunner.children_of({"flow_run_id": ID, "task_id": ID}, 2))


def test_who_comes_when_all_has_been_told_tells_it_alone(stub: Stub) -> None:
    told = courier()
    told._is_closed = True  # in the moment between a thread's look and its letter
    told.propose("a", None, Success(), seen=0)
    assert sent(stub) == [[("a", "Success")]]


def test_what_nobody_takes_along_goes_by_itself_also_after_a_rest(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier_module, "LONGEST_WAIT_SECONDS", 0.002)
    monkeypatch.setattr(courier_module, "ROUNDS_WITHOUT_POST", 1)
    heard = threading.Semaphore(0)

    def hear(asked: Asked) -> tuple[int, Any]:
        heard.release()
        return agree(asked)

    stub.rules.insert(0, ("set_task_run_states", hear))
    told = courier()
    for name in "abc":
        told.propose(name, None, Success(), seen=0)
        assert heard.acquire(timeout=60)
        while not told._is_resting:  # the test's own time limit ends this
            time.sleep(0.001)
    told.close()
    assert sent(stub) == [[("a", "Success")], [("b", "Success")], [("c", "Success")]]


def test_who_is_interrupted_in_his_turn_lets_the_others_go_on(stub: Stub) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def hold(asked: Asked) -> tuple[int, Any]:
        if asked.variables["input"]["states"][0]["task_run_id"] == "first":
            entered.set()
            assert go_on.wait(60)
        return agree(asked)

    stub.rules.insert(0, ("set_task_run_states", hold))
    told = courier()
    send = told._send_some
    outcomes: dict[str, str] = {}

    def send_unless_interrupted(*given: Any) -> bool:
        if threading.current_thread().name == "second" and go_on.is_set():
            raise KeyboardInterrupt
        return send(*given)

    told._send_some = send_unless_interrupted  # type: ignore[method-assign]

    def tell() -> None:
        name = threading.current_thread().name
        try:
            told.propose(name, 1, Running(), seen=0)
            outcomes[name] = "told"
        except KeyboardInterrupt:
            outcomes[name] = "interrupted"

    threads = []
    for place, name in enumerate(("first", "second", "third")):
        threads.append(threading.Thread(target=tell, name=name))
        threads[-1].start()
        assert entered.wait(60)
        while len(told._letters) < place:
            time.sleep(0.001)
    go_on.set()
    for one in threads:
        one.join(60)
    assert outcomes == {"first": "told", "second": "interrupted", "third": "told"}
    assert sent(stub) == [[("first", "Running")], [("third", "Running")]]


def test_who_is_called_twice_before_he_wakes_is_woken_once() -> None:
    letter = courier_module._Letter(Running(), {}, 1, seen=0, is_kept_back=False)
    Courier._call(letter)  # nobody waits behind it
    letter.gate = threading.Lock()
    letter.gate.acquire()
    for _ in range(2):
        Courier._call(letter)
    assert not letter.gate.locked()


def test_what_a_closed_one_cannot_tell_is_told_to_who_proposed_it(stub: Stub) -> None:
    told = courier()
    told.close()
    stub.rules.insert(0, ("set_task_run_states", lambda asked: (200, {"errors": [{"message": "refused"}]})))
    ended = Success("done")
    with pytest.raises(ClientError, match="refused"):
        told.propose("a", None, ended, seen=0)
    assert type(ended) is Success
    assert told.changes == 0


def test_a_postman_that_rests_ends_with_the_courier(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier_module, "LONGEST_WAIT_SECONDS", 0.001)
    told = courier()
    told.propose("a", None, Success(), seen=0)
    postman = told._postman
    assert postman is not None
    while not told._is_resting:
        postman.join(0.001)
        assert postman.is_alive()
    told.close()
    postman.join(60)
    assert not postman.is_alive()
