"""Changes of many runs by command: which runs are meant, what is asked before, and what the exit code says."""

from __future__ import annotations

import json
import urllib.request
from datetime import UTC, datetime
from typing import Any

import click
import pytest
import time_machine

from prefect.cli.which_runs import Conditions, ids_of, where_of
from support.servers import ServerProcess

RUN_ID, OTHER_ID = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
FROZEN = "2026-11-27T10:00:00+00:00"
EXAMPLE = {"id": RUN_ID, "name": "brave-otter", "state": "Failed", "created": FROZEN}
PAGE: dict[str, Any] = {
    "created_before": FROZEN,
    "count": None,
    "states": None,
    "examples": None,
    "changed": [],
    "refused": [],
    "cursor": "1:x",
    "has_more": False,
}
TRIAL = {**PAGE, "count": 7, "states": {"Failed": 7}, "examples": [EXAMPLE] * 5}
REFUSAL = {"flow_run_id": OTHER_ID, "code": "ENDED", "reason": "It has ended already, as Success."}
COMMANDS: dict[str, tuple[list[str], str]] = {
    "cancel": (["cancel"], "cancel_flow_runs"),
    "delete": (["delete", "flow-run"], "delete_flow_runs"),
    "set state": (["set-state", "Success"], "set_flow_runs_state"),
}


@pytest.fixture(params=COMMANDS.values(), ids=COMMANDS)
def command(request: pytest.FixtureRequest) -> tuple[list[str], str]:
    return request.param


def answers(*pages: dict[str, Any], of: str) -> list[dict[str, Any]]:
    return [{"data": {of: page}} for page in pages]


def test_what_conditions_find_is_counted_shown_asked_about_and_changed_as_it_was_then(invoke, api, command) -> None:
    words, mutation = command
    pages = {**PAGE, "changed": [RUN_ID], "has_more": True, "cursor": "2:x"}, {**PAGE, "changed": [OTHER_ID]}
    api.on(f"{mutation}(", *answers(TRIAL, *pages, of=mutation))

    done = invoke(*words, "--where", "state=Failed", input="y\n")

    assert done.exit_code == 0, done.output
    assert "7 flow runs to " in done.stderr
    assert "7 Failed" in done.stderr
    assert done.stderr.count("brave-otter") == 5
    assert "and 2 more" in done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == [RUN_ID, OTHER_ID]
    trial, first, second = (asked.variables["input"] for asked in api.asked if mutation in asked.query)
    assert (trial["dry_run"], trial["where"]) == (True, {"state": {"_in": ["Failed"]}})
    assert ("dry_run" in first, first["created_before"], "after" in first) == (False, FROZEN, False)
    assert (second["created_before"], second["after"]) == (FROZEN, "2:x")


@pytest.mark.parametrize("given", ["n\n", ""], ids=["no", "nobody there"])
def test_nothing_is_changed_unless_somebody_says_yes(invoke, api, command, given: str) -> None:
    words, mutation = command
    api.on(f"{mutation}(", *answers(TRIAL, PAGE, of=mutation))

    done = invoke(*words, "--where", "state=Failed", input=given)

    assert (done.exit_code, done.stdout) == (1, "")
    assert [mutation in asked.query for asked in api.asked].count(True) == 1


def test_yes_asks_nothing(invoke, api, command) -> None:
    words, mutation = command
    api.on(f"{mutation}(", *answers(TRIAL, {**PAGE, "changed": [RUN_ID]}, of=mutation))

    assert invoke(*words, "--state", "Failed", "--yes").exit_code == 0


@pytest.mark.parametrize(("found", "code"), [(TRIAL, 0), ({**TRIAL, "count": 0, "states": {}, "examples": []}, 1)])
def test_a_trial_prints_what_it_found_and_changes_nothing(invoke, api, command, found, code: int) -> None:
    words, mutation = command
    api.on(f"{mutation}(", *answers(found, of=mutation))

    done = invoke(*words, "--since", "2h", "--dry-run")

    assert (done.exit_code, done.stdout.split()[0]) == (code, str(found["count"]))
    assert [mutation in asked.query for asked in api.asked].count(True) == 1


def test_nothing_found_and_a_refusal_are_no_success(invoke, api, command) -> None:
    words, mutation = command
    nothing = {**TRIAL, "count": 0, "states": {}, "examples": []}
    api.on(f"{mutation}(", *answers(nothing, TRIAL, {**PAGE, "changed": [RUN_ID], "refused": [REFUSAL]}, of=mutation))

    none, refused = (invoke(*words, "--flow", "x", "--yes") for _ in range(2))

    assert (none.exit_code, refused.exit_code) == (1, 1)
    assert f"{OTHER_ID} refused: It has ended already" in refused.stderr
    assert refused.stdout.startswith(RUN_ID)


def test_named_runs_are_changed_without_a_question_and_one_that_is_not_there_is_told(invoke, api, command) -> None:
    words, mutation = command
    api.data("flow_run(", flow_run=[{"id": RUN_ID, "name": "brave-otter"}])
    api.on(f"{mutation}(", *answers({**PAGE, "changed": [RUN_ID]}, of=mutation))

    done = invoke(*words, "brave-otter", OTHER_ID)

    assert (done.exit_code, done.stdout.split()[0]) == (1, RUN_ID)
    assert f"{OTHER_ID} refused: There is no such flow run." in done.stderr
    assert api.asked[-1].variables["input"]["where"] == {"id": {"_in": [RUN_ID, OTHER_ID]}}


@pytest.mark.parametrize("more", [[], [RUN_ID, "--where", "state=Failed"]], ids=["neither", "both"])
def test_either_runs_or_conditions_are_given(invoke, api, command, more: list[str]) -> None:
    assert invoke(*command[0], *more).exit_code == 2
    assert api.asked == []


def test_a_state_that_there_is_not_is_told_before_anything_is_asked(invoke, api) -> None:
    done = invoke("set-state", "Sucess", RUN_ID)

    assert (done.exit_code, "Success" in done.output, api.asked) == (2, True, [])


# ----- conditions


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("state=Failed,TimedOut", {"state": {"_in": ["Failed", "TimedOut"]}}),
        ("state!=Success", {"state": {"_nin": ["Success"]}}),
        ("name~50%", {"name": {"_ilike": "%50\\%%"}}),
        ("flow=a = b", {"flow": {"name": {"_in": ["a = b"]}}}),
        ("project=demo", {"flow": {"project": {"name": {"_in": ["demo"]}}}}),
        ("label=a,b", {"_or": [{"labels": {"_contains": ["a"]}}, {"labels": {"_contains": ["b"]}}]}),
        ("scheduled=true", {"auto_scheduled": {"_eq": True}}),
        ("parameter.day=2", {"parameters": {"_contains": {"day": 2}}}),
        ("created < 2h", {"created": {"_lt": "2026-11-27T10:00:00+00:00"}}),
        ("end_time>=2026-11-27T10:00+01:00", {"end_time": {"_gte": "2026-11-27T10:00:00+01:00"}}),
        ("start_time>2026-11-27", {"start_time": {"_gt": "2026-11-27T00:00:00+00:00"}}),
    ],
)
def test_a_condition_is_read(text: str, where: dict[str, Any]) -> None:
    assert where_of(Conditions(where=(text,)), NOW) == where


@pytest.mark.parametrize(
    "text",
    ["state", "=x", "state=Faild", "colour=red", "created=yesterday", "created~2026", "scheduled=perhaps", "flow<x"],
)
def test_a_condition_that_cannot_be_meant_is_told(text: str) -> None:
    with pytest.raises(click.BadParameter):
        where_of(Conditions(where=(text,)), NOW)


def test_all_conditions_hold_at_once_and_since_ends_now() -> None:
    given = Conditions(where=("name~x",), states=("Failed", "TimedOut"), flow="f,g", since="30m")

    assert where_of(given, NOW) == {
        "_and": [
            {"state": {"_in": ["Failed", "TimedOut"]}},
            {"flow": {"name": {"_in": ["f,g"]}}},
            {"name": {"_ilike": "%x%"}},
            {"scheduled_start_time": {"_gte": "2026-11-27T11:30:00+00:00", "_lte": "2026-11-27T12:00:00+00:00"}},
        ]
    }


@pytest.mark.parametrize("since", ["2y", "99999999999d", "999999999d", "soon", ""])
def test_a_time_that_cannot_be_meant_is_told(invoke, api, since: str) -> None:
    done = invoke("cancel", "--where", f"created>{since}")

    assert (done.exit_code, api.asked) == (2, [])


# ----- a real server


def test_runs_are_set_cancelled_counted_and_deleted(served, server: ServerProcess, tmp_path) -> None:
    assert served("create", "project", "changes").returncode == 0
    assert served("register", "--project", "changes", "--module", "prefect.hello_world").returncode == 0
    flow_id = _ask(server, '{flow(where: {project: {name: {_eq: "changes"}}}) {id}}')["flow"][0]["id"]
    document = "mutation($input: create_flow_runs_input!) { create_flow_runs(input: $input) { flow_run_ids } }"
    runs = {"flow_runs": [{"flow_id": flow_id, "labels": ["nobody"], "flow_run_name": f"run {n}"} for n in range(7)]}
    ids = _ask(server, document, input=runs)["create_flow_runs"]["flow_run_ids"]
    of_project = ("--project", "changes", "--since", "1h")

    one = served("set-state", "Failed", "run 0", ids[1], ids[2][:13], "--message", "By hand.")
    counts = served("get", "flow-runs", *of_project, "--counts", "--by", "flow", "--by", "state")
    listed = served("get", "flow-runs", *of_project, "--state", "Failed", "--where", "label=nobody")
    many = served("cancel", *of_project, "--where", "state=Scheduled", "--yes")
    history = served("get", "flow-runs", "--project", "changes", "--per", "1h", "--since", "2h")
    gone = served("delete", "flow-run", *of_project, "--yes")
    again = served("delete", "flow-run", *of_project, "--yes")

    assert (one.returncode, one.stdout.count("set to Failed")) == (0, 3), one.stderr
    rows = [line.split() for line in counts.stdout.splitlines()]
    assert rows == [["FLOW", "STATE", "COUNT"], ["hello-world", "Scheduled", "4"], ["hello-world", "Failed", "3"]]
    assert sorted(line.split()[-1] for line in listed.stdout.splitlines()[1:]) == sorted(ids[:3])
    assert (many.returncode, sorted(line.split()[0] for line in many.stdout.splitlines())) == (0, sorted(ids[3:]))
    assert "7 " in history.stdout
    assert (gone.returncode, gone.stdout.count("deleted")) == (0, 7)
    assert (again.returncode, again.stdout) == (1, "")


def test_a_schedule_is_shown_before_and_after_it_is_saved(served, server: ServerProcess, tmp_path) -> None:
    words = ("describe", "schedule", "--cron", "30 2 * * *", "--timezone", "Europe/Berlin", "--count", "3")

    shown, wrong = served(*words), served("describe", "schedule", "--cron", "61 * * * *")

    assert [time["local"][11:16] for time in json.loads(shown.stdout)["times"]] == ["02:30"] * 3
    assert (wrong.returncode, json.loads(wrong.stdout)["clocks"][0]["times"]) == (1, [])
    (tmp_path / "timed.py").write_text(
        "from datetime import timedelta\n"
        "from prefect import Flow\n"
        "from prefect.schedules import IntervalSchedule\n"
        "flow = Flow('timed', schedule=IntervalSchedule(interval=timedelta(hours=1)))\n"
    )
    served("create", "project", "schedules")
    served("register", "--project", "schedules", "--path", "timed.py")
    assert len(json.loads(served("describe", "schedule", "--name", "timed").stdout)["times"]) == 5
    assert served("describe", "schedule", "--name", "nothing of the kind").returncode == 1


def _ask(server: ServerProcess, document: str, **variables: Any) -> dict[str, Any]:
    body = json.dumps({"query": document, "variables": variables}).encode()
    request = urllib.request.Request(server.url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["data"]


# ----- runs by their names


def test_runs_are_found_by_name_and_by_the_beginning_of_their_id(invoke, api) -> None:
    api.data("flow_run(", flow_run=[{"id": RUN_ID, "name": "x"}])

    assert ids_of([OTHER_ID, OTHER_ID.replace("-", "")]) == [OTHER_ID]
    assert invoke("restart", "beef").exit_code == 1

    name, beginning = api.asked[-2 if "restart_flow_runs" in api.asked[-1].query else -1].variables["where"]["_or"]
    assert name == {"name": {"_eq": "beef"}}
    assert beginning["id"] == {
        "_gte": "beef0000-0000-0000-0000-000000000000",
        "_lte": "beefffff-ffff-ffff-ffff-ffffffffffff",
    }


@pytest.mark.parametrize(
    ("made", "due", "last"),
    [
        # When it was made, and for when; the clock stands at 12.
        ((RUN_ID, 11, 11), (RUN_ID, 11, 11), RUN_ID),
        ((RUN_ID, 9, 9), (OTHER_ID, 1, 10), OTHER_ID),
        ((RUN_ID, 11, 17), (OTHER_ID, 1, 10), RUN_ID),
        ((RUN_ID, 9, 17), (OTHER_ID, 1, 10), OTHER_ID),
        (None, (OTHER_ID, 1, 10), OTHER_ID),
        ((RUN_ID, 9, 17), None, RUN_ID),
        (None, None, None),
    ],
)
def test_the_last_run_is_the_one_that_came_last(invoke, api, made: Any, due: Any, last: str | None) -> None:
    def rows(run: Any) -> list[dict[str, Any]]:
        hours = () if run is None else [f"2026-11-27T{hour:02}:00:00+00:00" for hour in run[1:]]
        return [] if run is None else [{"id": run[0], "created": hours[0], "scheduled_start_time": hours[1]}]

    api.data("flow_run(", made=rows(made), due=rows(due))
    api.on("cancel_flow_runs(", *answers({**PAGE, "changed": [last]}, of="cancel_flow_runs"))

    with time_machine.travel(NOW, tick=False):
        done = invoke("cancel", "@last:x y")

    assert done.exit_code == (1 if last is None else 0), done.output
    if last is not None:
        assert api.asked[-1].variables["input"]["where"] == {"id": {"_in": [last]}}
    asked = next(asked.variables for asked in api.asked if "flow_run(" in asked.query)
    assert all(where["flow"] == {"name": {"_eq": "x y"}} for where in asked.values())


@pytest.mark.parametrize("name", ["@first", "@last:", "@"])
def test_another_word_than_last_is_told(invoke, api, name: str) -> None:
    assert (invoke("cancel", name).exit_code, api.asked) == (2, [])


def test_a_name_of_several_runs_is_refused(invoke, api) -> None:
    api.data("flow_run(", flow_run=[{"id": RUN_ID, "name": "x"}, {"id": OTHER_ID, "name": "x"}])

    done = invoke("cancel", "x")

    assert (done.exit_code, RUN_ID in done.output, OTHER_ID in done.output) == (1, True, True)
    assert not any("cancel_flow_runs" in asked.query for asked in api.asked)
