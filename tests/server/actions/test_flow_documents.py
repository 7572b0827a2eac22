"""Every field of a registered flow with every wrong kind of value: registered, or refused by the name of the field."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from random import Random

import pytest

from prefect import storage as storage_room
from prefect.server.actions import queue, registration
from prefect.server.errors import ApiError, BadInput

WRONG = [
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        2**31,
        2**53 + 1,
        2**64,
        0.5,
        1e308,
        "",
        "x",
        "é" * 300,
        "a\x00b",
        [],
        {},
        [1],
        [None],
    ),
    *(["x"], [[]], [{}], {"a": 1}, {"slug": 5}, {"fn": 5}, {"dt": 5}, {"type": 5}, [[[[["deep"]]]]], "x" * 100_000),
]
ABSENT = object()


def whole():
    """A flow as 1.4.1 writes it, with one of everything."""
    times = {"dt": "2030-01-01T00:00:00", "tz": "America/New_York"}
    clocks = [
        {"type": "IntervalClock", "interval": 3_600_000_000, "start_date": times, "end_date": None, "labels": ["a"]},
        {"type": "CronClock", "cron": "0 0 * * *", "day_or": True, "start_date": times, "parameter_defaults": {"p": 1}},
        {"type": "DatesClock", "dates": [times], "parameter_defaults": {}, "labels": None},
    ]
    function = {"fn": "prefect.triggers.all_successful", "kwargs": {}}
    tasks = [
        {
            **{"slug": f"t{n}-1", "name": f"t{n}", "type": "x.T", "max_retries": n, "retry_delay": 60.0, "timeout": 5},
            **{"trigger": function, "tags": ["a"], "auto_generated": False, "skip_on_upstream_skip": True},
            **{"cache_for": 60.0, "cache_key": "k", "cache_validator": function, "inputs": {"x": {"required": True}}},
            **{"outputs": "typing.Any", "__version__": "1.4.1"},
        }
        for n in range(2)
    ]
    reference = {"slug": "t1-1", "__version__": "1.4.1"}
    return {
        "name": "f",
        "type": "prefect.core.flow.Flow",
        "description": "d",
        "schedule": {"type": "Schedule", "clocks": clocks, "filters": [], "or_filters": [], "not_filters": []},
        "parameters": [{"name": "p", "slug": "p", "required": False, "default": {"any": 1}, "type": "Parameter"}],
        "tasks": tasks,
        "edges": [{"upstream_task": {"slug": "t0-1"}, "downstream_task": reference, "key": "x", "mapped": False}],
        "reference_tasks": [reference],
        "environment": {"type": "LocalEnvironment", "labels": ["a"], "executor": "x", "metadata": {}},
        "run_config": {"type": "LocalRun", "labels": ["a"], "env": {"A": "1"}, "working_dir": None},
        "storage": {"type": "Local", "flows": {"f": "/x"}, "secrets": [], "directory": "/x"},
        "__version__": "1.4.1",
    }


def ways(value, way=()):
    yield way
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in pairs:
        yield from ways(item, (*way, key))


def changed(way, value, **more):
    document = copy.deepcopy(whole() | more)
    place = document
    for key in way[:-1]:
        place = place[key]
    if value is ABSENT:
        del place[way[-1]]
    else:
        place[way[-1]] = copy.deepcopy(value)
    return document


WAYS = [way for way in ways(whole()) if way]
#: One of each kind of run configuration, with every field, as 1.4.1 writes them.
SAMPLES = Path(__file__).parents[2] / "unit" / "serialization" / "data" / "run_config.json"
RUN_CONFIGS = {
    sample["json"]["type"]: sample["json"]
    for sample in sorted(json.loads(SAMPLES.read_text()), key=lambda sample: len(json.dumps(sample)))
}
REPOSITORY = {"repo": "a/b", "path": "flow.py"}
STORAGES = {
    "Azure": {"container": "c", "blob_name": "b", "connection_string_secret": "S"},
    "Bitbucket": {"project": "p", "workspace": "w", "host": "h", **REPOSITORY},
    "CodeCommit": {"commit": "c", "client_options": {"region_name": "r"}, **REPOSITORY},
    "Docker": {"registry_url": "r", "base_image": "i", "env_vars": {"A": "1"}, "files": {"/a": "/b"}},
    "GCS": {"bucket": "b", "key": "k", "project": "p"},
    "Git": {"flow_path": "f.py", "repo": "a/b", "tag": "t"},
    "GitHub": {"ref": "main", "access_token_secret": "S", "base_url": "https://g", **REPOSITORY},
    "GitLab": {"host": "h", "ref": "main", "access_token_secret": "S", **REPOSITORY},
    "Local": {"directory": "/tmp"},
    "Module": {"module": "m"},
    "S3": {"bucket": "b", "key": "k", "client_options": {"region_name": "r"}, "upload_options": {"a": "b"}},
    "Webhook": {
        "build_request_kwargs": {"url": "https://u", "headers": {"A": "1"}},
        "build_request_http_method": "POST",
        "get_flow_request_kwargs": {"url": "https://u"},
        "get_flow_request_http_method": "GET",
    },
}


def stored(name):
    made = getattr(storage_room, name)(secrets=["A_SECRET"], **STORAGES[name])
    made.flows = {"f": "/where"}
    return made.serialize()


INNER = {
    **{("run_config", name): json_of for name, json_of in RUN_CONFIGS.items()},
    **{("storage", name): stored(name) for name in STORAGES},
}


def test_every_kind_of_storage_and_of_run_configuration_is_among_them():
    assert set(STORAGES) == {
        name for name in storage_room.__all__ if isinstance(getattr(storage_room, name), type) and name != "Storage"
    }
    assert set(RUN_CONFIGS) == {"UniversalRun", "LocalRun", "DockerRun", "ECSRun", "KubernetesRun", "VertexRun"}


def _register_and_use(world, document):
    flow_id = world.do(
        registration.create_flow, settings=world.settings, serialized_flow=document, project_id=world.project_id
    )
    world.create(flow_id=flow_id)
    world.see(
        queue.due_runs, tenant_id=world.tenant_id, before=world.now, labels=frozenset(), unlabelled=True, limit=10
    )
    return flow_id


def _refusal(world, document):
    """Give the error that a caller gets; anything but an ``ApiError`` would be an internal one."""
    try:
        _register_and_use(world, document)
    except ApiError as error:
        return error
    return None


def test_the_whole_flow_is_registered(world):
    flow_id = _register_and_use(world, whole())

    [row] = world.rows("flow", id=flow_id)
    assert row["serialized_flow"] == whole()


@pytest.mark.parametrize("seed", range(4))
def test_every_field_takes_its_kind_or_is_refused_by_name(world, seed):
    random = Random(seed)
    cases = [(way, value) for way in WAYS for value in (*WRONG, ABSENT)]
    refused = 0
    for way, value in random.sample(cases, 150):
        error = _refusal(world, changed(way, value))
        if error is not None:
            refused += 1
            field = getattr(error, "field", "serialized_flow")
            assert field.startswith(("serialized_flow", "label in serialized_flow")), (way, value, error)
            assert len(str(error)) < 1_000
    assert refused > 20


@pytest.mark.parametrize(("part", "name"), INNER, ids=str)
def test_every_inner_field_of_a_kind_is_kept_as_it_came_or_refused_by_name(world, part, name):
    """Their clients know them; what the server reads of each is named, and a list page shows all of them."""
    document = INNER[part, name]
    assert _refusal(world, whole() | {part: document}) is None
    # What PostgreSQL makes of a float of 309 digits is a whole number of as many.
    values = [value for value in (*WRONG, ABSENT) if value != 1e308]
    cases = [((part, *way), value) for way in ways(document) for value in values]
    kept = 0
    for way, value in Random(name).sample(cases, min(int(os.environ.get("INNER", "15")), len(cases))):
        given = changed(way, value, **{part: document})
        before = {row["id"] for row in world.rows("flow")}
        error = _refusal(world, given)
        if error is None:
            (row,) = [row for row in world.rows("flow") if row["id"] not in before]
            assert row[part] == given.get(part), (way, value)
            kept += 1
        else:
            assert getattr(error, "field", "").startswith((f"serialized_flow.{part}", "label in")), (way, value, error)
    assert kept


NAMED = {
    "labels": (("run_config", "labels"), [1], "serialized_flow.run_config.labels"),
    "clocks": (("schedule", "clocks"), 5, "serialized_flow.schedule.clocks"),
    "clock": (("schedule", "clocks", 0), 5, "serialized_flow.schedule.clocks[0]"),
    "too many clocks": (("schedule", "clocks"), [{"type": "x"}] * 501, "serialized_flow.schedule.clocks"),
    "a long cron": (("schedule", "clocks", 1, "cron"), "0-59," * 200, "serialized_flow.schedule.clocks[1].cron"),
    "reference tasks": (("reference_tasks",), 5, "serialized_flow.reference_tasks"),
    "reference task": (("reference_tasks", 0), 5, "serialized_flow.reference_tasks[0]"),
    "tags": (("tasks", 1, "tags"), "x", "serialized_flow.tasks[1].tags"),
    "retries": (("tasks", 0, "max_retries"), 2**64, "serialized_flow.tasks[0].max_retries"),
    "end of an edge": (("edges", 0, "upstream_task"), {"slug": 5}, "serialized_flow.edges[0].upstream_task"),
    "parameter": (("parameters", 0, "name"), {}, "serialized_flow.parameters[0].name"),
    "storage": (("storage", "flows"), [], "serialized_flow.storage.flows"),
    "tasks": (("tasks",), {"a": 1}, "serialized_flow.tasks"),
    "name": (("name",), ABSENT, "serialized_flow.name"),
}


@pytest.mark.parametrize(("way", "value", "field"), NAMED.values(), ids=NAMED.keys())
def test_the_field_is_named(world, way, value, field):
    with pytest.raises(BadInput) as told:
        _register_and_use(world, changed(way, value))

    assert told.value.field == field
    assert world.rows("flow") == []


def test_what_is_not_described_is_kept(world):
    document = whole() | {"from_tomorrow": {"x": [1]}}
    document["tasks"][0]["new"] = json.loads("[1, 2]")

    flow_id = _register_and_use(world, document)

    assert world.rows("flow", id=flow_id)[0]["serialized_flow"] == document
