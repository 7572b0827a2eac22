import json

import pytest

from prefect import Flow, Parameter
from prefect.model.state import Running, Success
from prefect.run_configs import UniversalRun
from prefect.serialization.flow import FlowSchema
from prefect.serialization.run_config import RunConfigSchema
from prefect.serialization.schedule import ClockSchema, ScheduleSchema
from prefect.serialization.state import StateSchema


def test_dumps_and_loads_are_text_of_dump_and_load():
    text = StateSchema().dumps(Success("m"))
    assert json.loads(text) == Success("m").serialize()
    assert StateSchema().loads(text) == Success("m")


def test_many_takes_and_gives_lists():
    states = [Success("a"), Running("b")]
    assert StateSchema(many=True).load(StateSchema().dump(states, many=True)) == states


def test_only_and_exclude_choose_the_fields():
    assert set(StateSchema(only=["message"]).dump(Success())) == {"message", "type", "__version__"}
    assert "_result" not in StateSchema(exclude=["_result"]).dump(Success())


@pytest.mark.parametrize("data", [None, [], "x", 3])
def test_what_is_no_object_is_refused(data):
    with pytest.raises(ValueError, match="expected a JSON object"):
        StateSchema().load(data)


def test_a_list_is_wanted_when_many():
    with pytest.raises(ValueError, match="expected a list"):
        StateSchema().load({"type": "Success"}, many=True)


def test_validate_says_what_is_wrong():
    assert StateSchema().validate({"type": "Success"}) == {}
    assert StateSchema().validate({"type": "Zork"}) == {"_schema": ["Unknown state type: 'Zork'"]}


def test_what_is_no_schedule_is_refused():
    with pytest.raises(ValueError, match="no schedules"):
        ScheduleSchema().dump(UniversalRun())


@pytest.mark.parametrize("schema", [ClockSchema(), RunConfigSchema()], ids=["clock", "run config"])
def test_unknown_types_are_refused_by_name(schema):
    with pytest.raises(ValueError, match="Zork"):
        schema.load({"type": "Zork"})


def test_a_schema_takes_the_options_of_1_x():
    with Flow("f") as flow:
        Parameter("p")()
    data = flow.serialize()
    schema = FlowSchema(context={"a": 1}, unknown="exclude")
    assert schema.context == {"a": 1}
    assert schema.load(data, unknown="exclude", partial=True).name == "f"
    assert schema.loads(schema.dumps(flow), partial=True).name == "f"
    fields = schema.load(data, create_object=False)
    assert fields == {name: value for name, value in data.items() if name != "__version__"}
    assert FlowSchema(many=True).load([data], create_object=False) == [fields]
    with pytest.raises(TypeError, match="bogus"):
        schema.load(data, bogus=1)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"name": 5}, "name"),
        ({"tasks": 5}, "tasks"),
        ({"tasks": ["a"]}, "tasks[0]"),
        ({"tasks": [{"name": "a", "max_retries": "many"}]}, "max_retries"),
        ({"tasks": [{"name": "a", "timeout": []}]}, "timeout"),
        ({"tasks": [{"name": "a", "tags": "a"}]}, "tags"),
        ({"tasks": [{"slug": {}}]}, "slug"),
        ({"parameters": [{"slug": "p"}]}, "name"),
        ({"edges": [{"upstream_task": "a"}]}, "upstream_task"),
        ({"edges": [{"upstream_task": {"slug": "a"}}]}, "downstream_task"),
        ({"reference_tasks": [{"slug": "q"}]}, "'q'"),
        ({"storage": {"type": "GitHub", "repo": "r"}}, "path"),
        ({"storage": {"type": "Local", "flows": []}, "name": "f"}, None),
        ({"storage": {"type": "Local", "flows": 5}}, "storage.flows"),
        ({"storage": {"type": "Local", "secrets": 5}}, "storage.secrets"),
        ({"run_config": {"type": "LocalRun", "env": 5}}, "env"),
        ({"schedule": {"clocks": 5}}, "clocks"),
    ],
    ids=str,
)
def test_what_is_wrong_with_a_flows_json_is_named(data, said):
    data = {"name": "f", **data}
    if said is None:
        assert FlowSchema().load(data).name == "f"
        return
    with pytest.raises(ValueError) as error:
        FlowSchema().load(data)
    assert said in str(error.value)
