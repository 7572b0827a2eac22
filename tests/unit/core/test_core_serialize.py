"""The JSON of flows: equal to that of the released 1.4.1, and read back."""

import importlib.util
import json
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from prefect.core.flow import Flow
from prefect.core.function import task
from prefect.core.parameter import DateTimeParameter, Parameter
from prefect.core.serialize import load_flow, load_task
from prefect.core.task import Task
from prefect.engine.cache_validators import all_inputs, never_use
from prefect.triggers import all_successful


def _sample_flows():
    path = Path(__file__).parent / "data" / "sample_flows.py"
    spec = importlib.util.spec_from_file_location("sample_flows", path)
    module = importlib.util.module_from_spec(spec)
    # The module's name is part of the JSON.
    sys.modules["sample_flows"] = module
    spec.loader.exec_module(module)
    return module


samples = _sample_flows()
answers = json.loads(samples.ANSWERS.read_text())


@pytest.mark.parametrize("build", samples.BUILDERS, ids=lambda build: build.__name__)
def test_json_is_that_of_the_released_package(build):
    assert samples.normal(build().serialize()) == answers[build.__name__]


@pytest.mark.parametrize("build", samples.BUILDERS, ids=lambda build: build.__name__)
def test_what_is_read_back_has_the_same_graph(build):
    flow = build()
    data = json.loads(json.dumps(flow.serialize()))

    loaded = load_flow(data)

    assert loaded.name == flow.name
    assert sorted(loaded.slugs.values()) == sorted(flow.slugs.values())
    edge = lambda f, e: (f.slugs[e.upstream_task], f.slugs[e.downstream_task], e.key or "", e.mapped, e.flattened)  # noqa: E731
    assert sorted(edge(loaded, e) for e in loaded.edges) == sorted(edge(flow, e) for e in flow.edges)
    assert {t.slug for t in loaded.reference_tasks()} == {flow.slugs[t] for t in flow.reference_tasks()} or any(
        t.resource_role for t in flow.tasks
    )
    assert {p.name: (p.default, p.required) for p in loaded.parameters()} == {
        p.name: (p.default, p.required) for p in flow.parameters()
    }


def test_serializing_writes_the_slugs_into_the_tasks():
    with Flow("f") as flow:
        t = Task(name="a")()
    assert t.slug is None
    flow.serialize()
    assert t.slug == "a-1"


def test_a_flow_that_cannot_run_is_not_serialized():
    flow = Flow("f")
    a, b = Task(name="a"), Task(name="b")
    flow.chain(a, b, a)
    with pytest.raises(ValueError, match="Cycle found; flows must be acyclic!"):
        flow.serialize()


def test_building_needs_storage():
    with pytest.raises(ValueError, match="This flow has no storage to build"):
        Flow("f").serialize(build=True)


class Shelf:
    """A storage that notes what is done with it."""

    def __init__(self):
        self.flows = {}
        self.builds = 0

    def __contains__(self, name):
        return name in self.flows

    def add_flow(self, flow):
        self.flows[flow.name] = flow
        return flow.name

    def build(self):
        self.builds += 1
        return self

    def serialize(self):
        return {"type": "Shelf"}


def test_building_puts_the_flow_into_its_storage_once():
    flow = Flow("f", storage=Shelf())

    assert flow.serialize(build=True)["storage"] == {"type": "Shelf"}
    with pytest.warns(UserWarning, match="already contained in storage"):
        flow.serialize(build=True)

    assert list(flow.storage.flows) == ["f"]
    assert flow.storage.builds == 2


def test_hash_changes_with_the_content_only():
    def build(name):
        with Flow("f") as flow:
            Task(name=name)()
        return flow

    assert build("a").serialized_hash() == build("a").serialized_hash()
    assert build("a").serialized_hash() != build("b").serialized_hash()
    assert len(build("a").serialized_hash()) == 64


@pytest.mark.parametrize("value", [timedelta(1), {1, 2}, object()], ids=["timedelta", "set", "object"])
def test_default_of_a_parameter_must_be_json(value):
    flow = Flow("f", tasks=[Parameter("p", default=value)])
    with pytest.raises(
        ValueError, match=r"values for `Parameter\.default` must be JSON compatible\. Unable to serialize"
    ):
        flow.serialize()


def test_loaded_tasks_keep_what_can_be_shown():
    data = {
        "name": "x",
        "slug": "y",
        "type": "nowhere.Unknown",
        "max_retries": 3,
        "retry_delay": 60,
        "tags": ["a"],
        "cache_for": 30,
        "cache_validator": {"fn": "prefect.engine.cache_validators.all_inputs"},
        "trigger": {"fn": "prefect.triggers.some_failed", "kwargs": {"at_least": 1}},
        "timeout": 4,
        "skip_on_upstream_skip": False,
        "auto_generated": True,
        "unknown": "ignored",
    }

    loaded = load_task(data)

    assert type(loaded) is Task
    assert (loaded.name, loaded.slug, loaded.tags, loaded.timeout) == ("x", "y", {"a"}, 4)
    assert (loaded.max_retries, loaded.retry_delay) == (3, timedelta(seconds=60))
    assert (loaded.cache_for, loaded.cache_validator) == (timedelta(seconds=30), all_inputs)
    assert loaded.trigger.public_name == "prefect.triggers.some_failed"
    assert loaded.skip_on_upstream_skip is False
    assert loaded.auto_generated is True


def test_unknown_trigger_and_validator_become_the_defaults():
    loaded = load_task({"name": "x", "trigger": {"fn": "a.b", "kwargs": {}}, "cache_validator": {"fn": "a.c"}})
    assert loaded.trigger is all_successful
    assert loaded.cache_validator is never_use


def test_minimal_flow_loads():
    assert load_flow({"name": "q"}).tasks == set()


def test_flow_without_a_name_is_refused():
    with pytest.raises(ValueError, match="name: Missing data"):
        load_flow({})


def test_edges_to_unknown_slugs_bring_tasks_of_that_slug():
    flow = load_flow(
        {
            "name": "f",
            "tasks": [{"name": "a", "slug": "a-1"}],
            "edges": [{"upstream_task": {"slug": "a-1"}, "downstream_task": {"slug": "b"}}],
        }
    )
    assert sorted(flow.slugs.values()) == ["a-1", "b"]


def test_date_parameters_load_as_such():
    flow = Flow("f", tasks=[DateTimeParameter("d", required=False)])
    (loaded,) = load_flow(flow.serialize()).tasks
    assert type(loaded) is DateTimeParameter
    assert loaded.required is False


def test_version_that_made_the_json_is_kept():
    assert load_flow({"name": "f", "__version__": "0.1"})._prefect_version == "0.1"


def test_annotations_that_are_text_or_undefined_are_shown_as_they_are():
    @task
    def odd(x: "NoSuchType", y: "int" = 1) -> "Neither":  # noqa: F821
        return x

    data = odd.serialize()
    assert data["inputs"] == {"x": {"required": True, "type": "NoSuchType"}, "y": {"required": False, "type": "int"}}
    assert data["outputs"] == "Neither"
