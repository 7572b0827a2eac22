"""The JSON of the released 1.4.1 package (data/, made by make_samples.py) and ours mean the same, both ways."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

from prefect.model import codec

HERE = Path(__file__).parent


def maker():
    spec = importlib.util.spec_from_file_location("make_samples", HERE / "make_samples.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MAKER = maker()
SCHEMAS = MAKER.schemas()


def samples(name):
    return json.loads((HERE / "data" / f"{name}.json").read_text())


KINDS = [
    pytest.param(kind, sample["expression"], sample["json"], id=f"{kind}: {sample['expression'][:60]}")
    for kind in ("state", "schedule", "run_config", "result")
    for sample in samples(kind)
]


def without_version(value):
    if isinstance(value, dict):
        return {k: without_version(v) for k, v in value.items() if k != "__version__"}
    if isinstance(value, list):
        return [without_version(item) for item in value]
    return value


@pytest.mark.parametrize(("kind", "expression", "released"), KINDS)
def test_an_object_dumps_as_the_released_package_dumps_it(kind, expression, released):
    try:
        made = eval(expression, MAKER.namespace())
    except (NameError, ImportError) as error:
        pytest.skip(f"needs a class that is not there: {error}")
    dumped = json.loads(SCHEMAS[kind].dumps(made))
    assert without_version(dumped) == without_version(released)
    assert "__version__" in dumped


@pytest.mark.parametrize(("kind", "expression", "released"), KINDS)
def test_json_of_the_released_package_comes_back_unchanged(kind, expression, released):
    for name in re.findall(r'"type": "(\w+Result)"', json.dumps(released)):
        if name != "CustomResult" and codec.find("result", name) is None:
            pytest.skip(f"needs a class that is not there: {name}")
    loaded = SCHEMAS[kind].load(released)
    assert without_version(json.loads(SCHEMAS[kind].dumps(loaded))) == as_loaded(without_version(released))


def as_loaded(released):
    """Kinds of results that nobody knows are loaded as the base kind, by the released package too."""
    text = json.dumps(released)
    return json.loads(text.replace('"CustomResult"', '"Result"'))


MINIMAL = samples("minimal_state")


@pytest.mark.parametrize("sample", MINIMAL, ids=[json.dumps(sample["given"])[:60] for sample in MINIMAL])
def test_minimal_and_odd_state_json_loads_as_the_released_package_loads_it(sample):
    if "error" in sample:
        with pytest.raises(ValueError, match=r"."):
            SCHEMAS["state"].load(sample["given"])
    else:
        loaded = SCHEMAS["state"].load(sample["given"])
        assert without_version(SCHEMAS["state"].dump(loaded)) == without_version(sample["json"])


FLOW, RELOADED = samples("flow")[0]["json"], samples("flow")[0]["reloaded"]


def test_a_flow_dumps_as_the_released_package_dumps_it():
    assert as_graph(json.loads(json.dumps(MAKER.sample_flow().serialize()))) == as_graph(FLOW)


def test_flow_json_of_the_released_package_loads_as_there():
    """Not unchanged: a task's class is not loaded with it, there as here."""
    schema = SCHEMAS["flow"]
    assert as_graph(json.loads(schema.dumps(schema.load(FLOW)))) == as_graph(RELOADED)


def as_graph(flow):
    """Without versions, and with the module of the maker's own functions, which depends on how it was loaded."""
    return json.loads(re.sub(r"\b(__main__|make_samples)\.", "MAKER.", json.dumps(without_version(flow))))
