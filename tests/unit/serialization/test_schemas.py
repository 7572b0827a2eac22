import json

import pytest

from prefect.model.state import Running, Success
from prefect.run_configs import UniversalRun
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
