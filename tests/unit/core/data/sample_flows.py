"""Flows whose JSON is compared with that of the released 1.4.1.

``sample_flows.json`` beside this file holds what 1.4.1 makes of them. To make it again, run this file's folder with an
interpreter that has prefect 1.4.1 (pins: those that make it work on today's Python)::

    python -c "import sample_flows; sample_flows.write()"

Only what both packages offer is used here.
"""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any, Dict, List, Tuple  # noqa: UP035 - the text of these types is part of the JSON

from prefect import Flow, Parameter, Task, case, flatten, mapped, resource_manager, tags, task, unmapped
from prefect.core.parameter import DateTimeParameter
from prefect.engine.cache_validators import all_inputs, all_parameters, partial_inputs_only
from prefect.run_configs import LocalRun, UniversalRun
from prefect.tasks.control_flow import FilterTask, ifelse, merge, switch
from prefect.tasks.core.constants import Constant
from prefect.triggers import all_finished, any_failed, manual_only, some_failed, some_successful

ANSWERS = Path(__file__).with_name("sample_flows.json")


@task
def number():
    return 1


@task
def increase(x, y=1):
    return x + y


@task(nout=2)
def pair() -> Tuple[int, str]:  # noqa: UP006
    return 1, "a"


@task
def numbers() -> List[int]:  # noqa: UP006
    return [1, 2]


@task
def everything(a: int, b: str = "b", *, c: Dict[str, Any] = None, **more: float) -> Dict[str, Any]:  # noqa: UP006, RUF013
    return {}


@task(
    name="careful",
    tags=["b", "a"],
    max_retries=3,
    retry_delay=timedelta(minutes=2, milliseconds=500),
    timeout=60,
    trigger=all_finished,
    skip_on_upstream_skip=False,
    cache_for=timedelta(days=1),
    cache_validator=all_inputs,
    cache_key="shared",
)
def careful(x: "int") -> None:
    return None


def own_trigger(upstream_states):
    return True


class Repeat(Task):
    def __init__(self, times=1, **kwargs):
        self.times = times
        super().__init__(**kwargs)

    def run(self, text: str, times: int = 1) -> str:
        return text * times


@resource_manager
class Cluster:
    def __init__(self, size: int, name="c"):
        self.size = size

    def setup(self):
        return self.size

    def cleanup(self, cluster):
        return None


def chain():
    with Flow("chain") as flow:
        last = number()
        for _ in range(3):
            last = increase(last)
        increase(last, 5)
    return flow


def options():
    with Flow("options") as flow:
        x = careful(number())
        with tags("z", "y"):
            everything(1, c={"k": [1, 2]}, d=x)
        increase(x, task_args={"slug": "chosen", "name": "renamed"})
        Repeat(times=3, cache_for=timedelta(hours=1))("a", upstream_tasks=[x])
    return flow


def triggers():
    with Flow("triggers") as flow:
        last = number()
        for trigger in (all_finished, any_failed, manual_only, some_failed(at_least=1), some_successful(at_most=0.5)):
            last = increase(last, task_args={"trigger": trigger})
        increase(last, task_args={"trigger": own_trigger, "cache_for": timedelta(1), "cache_validator": all_parameters})
        increase(last, task_args={"cache_for": timedelta(1), "cache_validator": partial_inputs_only(validate_on=["x"])})
    return flow


def parameters():
    with Flow("parameters") as flow:
        a = Parameter("a")
        b = Parameter("b", default=[1, {"k": None}], tags=["t"])
        c = Parameter("c", required=False)
        d = DateTimeParameter("d", required=False)
        everything(a, b, c=c, d=d)
    return flow


def mapping():
    with Flow("mapping") as flow:
        xs = numbers()
        a = increase.map([1, 2, 3], y=unmapped(xs))
        b = increase.map(flatten(a), y=xs)
        increase(flatten(b), mapped(xs))
        increase.map("abcdefgh", upstream_tasks=[unmapped(xs)])
    flow.set_reference_tasks([a, b])
    return flow


def collections():
    with Flow("collections") as flow:
        n = number()
        increase([n, 1, [n, 2]], {"a": n, "b": (1, n), 3: 4})
        increase((1, 2), {3})
        first, second = pair()
        everything(first + second, second["k"], c=n.is_equal(1), e=-1 * n % 3, f=n.not_())
        n | Constant("a long constant")
    return flow


def branches():
    with Flow("branches") as flow:
        n = number()
        with case(n, "one"):
            a = increase(1)
            increase(a)
        with case(n, 2):
            b = increase(n)
        both = merge(a, b)
        switch(both, {"x": increase(7), "y": increase(8)})
        ifelse(n, increase(9), None)
        FilterTask(filter_func=bool)([n])
    return flow


def resources():
    with Flow("resources") as flow:
        n = number()
        with Cluster(n, name="own") as cluster:
            a = increase(cluster)
            increase(a)
            numbers()
        increase(a)
    return flow


def settings():
    flow = Flow("settings", run_config=LocalRun(env={"A": "1"}, labels=["y", "x"], working_dir="/srv"))
    flow.add_task(number)
    return flow


def labels():
    flow = Flow("labels", run_config=UniversalRun(labels=["a"]))
    flow.chain(number, numbers, increase)
    flow.set_reference_tasks([number])
    return flow


BUILDERS = (
    chain,
    options,
    triggers,
    parameters,
    mapping,
    collections,
    branches,
    resources,
    settings,
    labels,
)


def normal(data):
    """Give the JSON without the version of the package, with lists of edges in one order."""
    text = json.dumps(data, sort_keys=True)
    data = json.loads(text, object_hook=lambda d: {k: v for k, v in d.items() if k != "__version__"})
    data["edges"].sort(key=lambda edge: json.dumps(edge, sort_keys=True))
    return data


def write():
    """Write what the installed package makes of the flows."""
    answers = {build.__name__: normal(build().serialize()) for build in BUILDERS}
    ANSWERS.write_text(json.dumps(answers, indent=1, sort_keys=True) + "\n")
