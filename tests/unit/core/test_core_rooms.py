"""What loading costs, how much work building is, the faces, saving, drawing and registering."""

import subprocess
import sys
import textwrap
import time

import pytest

from prefect.core.annotations import unmapped
from prefect.core.flow import Flow
from prefect.core.function import task
from prefect.core.task import Task
from prefect.engine.state import Failed, Mapped, Success
from prefect.utilities.configuration import set_temporary_config
from support.work import count_calls


@task
def increase(x, y=1):
    return x + y


@task
def numbers():
    return [1, 2]


def test_a_flow_is_built_without_heavy_modules():
    program = """
        import sys
        from prefect import Flow, Parameter, case, task, tags, unmapped
        @task
        def f(x): return x
        with Flow("f") as flow:
            with case(f.map([1]), 1):
                f(Parameter("p"))
        flow.serialize()
        heavy = {"pendulum", "dask", "distributed", "cloudpickle", "urllib3", "requests", "starlette", "sqlalchemy"}
        sys.exit(",".join(heavy & set(sys.modules)) or None)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_building_takes_a_hundred_calls_for_each_task():
    def build(size):
        with Flow("f") as flow:
            last = increase(0)
            for _ in range(size - 1):
                last = increase(last)
        assert len(flow.tasks) == size

    build(1)
    # 104 were counted; `bench/engine_scale.py` measures the time.
    assert count_calls(lambda: build(1000)) < 130 * 1000


def test_questions_cost_the_same_in_a_large_flow():
    def ask(size):
        with Flow("f") as flow:
            last = increase(0)
            for _ in range(size):
                last = increase(last)
        flow.edges_to(last)
        begin = time.process_time()
        for _ in range(200):
            with flow:
                # Each call adds an edge, and asks for those of the task that is copied.
                last = increase(last)
                flow.edges_to(last)
        return time.process_time() - begin

    ask(10)
    assert min(ask(5000) for _ in range(3)) < 10 * min(ask(50) for _ in range(3))


FACES = {
    "prefect.tasks.core.collections": "Dict List Set Tuple VarArgsTask",
    "prefect.tasks.core.constants": "Constant",
    "prefect.tasks.core.function": "FunctionTask",
    "prefect.tasks.core.operators": "Add And Div Equal FloorDiv GetAttr GetItem GreaterThan GreaterThanOrEqual "
    "LessThan LessThanOrEqual Mod Mul Not NotEqual Or Pow Sub",
    "prefect.tasks.core.resource_manager": "ResourceManager resource_manager ResourceInitTask ResourceSetupTask",
    "prefect.tasks.control_flow": "case switch ifelse merge FilterTask",
    "prefect.tasks.control_flow.conditional": "CompareValue Merge switch ifelse merge",
    "prefect.tasks.control_flow.filter": "FilterTask",
    "prefect.utilities.tasks": "tags as_task pause_task task apply_map defaults_from_attrs",
    "prefect.utilities.edges": "EdgeAnnotation mapped unmapped flatten",
    "prefect.core": "Edge Flow Parameter Task",
    "prefect.core.flow": "Flow Edge Parameter Task",
    "prefect.core.parameter": "Parameter DateTimeParameter no_default",
    "prefect.core.task": "Task NoDefault",
    "prefect.tasks": "Task core control_flow",
    "prefect": "Flow Parameter Task task tags case mapped unmapped flatten apply_map resource_manager",
}


@pytest.mark.parametrize("module", FACES)
def test_public_names(module):
    found = {}
    exec(f"from {module} import {', '.join(FACES[module].split())}", found)


def test_types_travel_under_their_public_names():
    with Flow("f") as flow:
        increase(1)["k"] + 1
        increase.map([1], unmapped([increase(1)]))
    types = {t["type"] for t in flow.serialize()["tasks"]}
    assert types == {
        "prefect.tasks.core.function.FunctionTask",
        "prefect.tasks.core.operators.GetItem",
        "prefect.tasks.core.operators.Add",
        "prefect.tasks.core.constants.Constant",
        "prefect.tasks.core.collections.List",
    }


@pytest.mark.parametrize(
    ("name", "x", "y", "outcome"),
    [
        ("Add", 6, 4, 10),
        ("Sub", 6, 4, 2),
        ("Mul", 6, 4, 24),
        ("Div", 6, 4, 1.5),
        ("FloorDiv", 6, 4, 1),
        ("Pow", 6, 2, 36),
        ("Mod", 6, 4, 2),
        ("And", 6, 0, 0),
        ("Or", 0, 4, 4),
        ("Equal", 6, 4, False),
        ("NotEqual", 6, 4, True),
        ("GreaterThan", 6, 4, True),
        ("GreaterThanOrEqual", 6, 6, True),
        ("LessThan", 6, 4, False),
        ("LessThanOrEqual", 6, 4, False),
    ],
)
def test_operators(name, x, y, outcome):
    from prefect.core import operators

    assert getattr(operators, name)().run(x, y) == outcome


def test_items_and_attributes_with_defaults():
    from prefect.core.operators import GetAttr, GetItem, Not

    assert Not().run(3) is False
    assert GetItem(default=4).run({1: 2}, 5) == 4
    assert GetItem(default=4).run({1: 2}, 5, default=6) == 6
    assert GetItem(default=None).run({}, 5) is None
    with pytest.raises(KeyError):
        GetItem().run({}, 5)
    with pytest.raises(IndexError):
        GetItem(default=4).run([], 5)
    assert GetAttr().run(3, "__class__.__name__") == "int"
    assert GetAttr(default=None).run(3, "a.b") is None
    with pytest.raises(AttributeError):
        GetAttr().run(3, "a")
    with pytest.raises(TypeError, match="attribute name must be a string"):
        GetAttr(default=4).run(3, 5)


# --- saving ----------------------------------------------------------------------------------------------------------


def test_saving_and_loading(tmp_path):
    with Flow("My Flow!") as flow:
        increase.map(numbers())
    path = flow.save(str(tmp_path / "here" / "f.prefect"))
    assert sorted(Flow.load(path).slugs.values()) == ["increase-1", "numbers-1"]

    with set_temporary_config({"home_dir": str(tmp_path)}):
        assert flow.save() == str(tmp_path / "flows" / "my-flow.prefect")
        assert Flow.load("My Flow!").name == "My Flow!"


# --- drawing ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def mapped_flow():
    pytest.importorskip("graphviz")
    with Flow("f") as flow:
        xs = numbers()
        increase.map(xs, unmapped(increase(1)))
    return flow, xs


def _draw(flow, monkeypatch, **options):
    import graphviz

    rendered = []
    monkeypatch.setattr(graphviz.Digraph, "render", lambda self, *args, **kwargs: rendered.append((args, kwargs)))
    return flow.visualize(filename="picture", **options), rendered


def test_the_picture_of_a_flow(mapped_flow, monkeypatch):
    flow, xs = mapped_flow
    graph, rendered = _draw(flow, monkeypatch, format="svg", horizontal=True)
    text = graph.source
    assert f"{id(xs)} [label=numbers shape=ellipse]" in text
    assert '[label="increase <map>" shape=box]' in text
    assert "label=x style=dashed" in text
    assert "rankdir=LR" in text
    assert rendered == [(("picture",), {"view": False, "format": "svg", "cleanup": True})]


def test_the_picture_of_a_run(mapped_flow, monkeypatch):
    flow, xs = mapped_flow
    (child,) = flow.downstream_tasks(xs)
    states = {xs: Success(), child: Mapped(map_states=[Success(), Failed()])}
    graph, _ = _draw(flow, monkeypatch, flow_state=Success(result=states))
    text = graph.source
    assert text.count('label="increase <map>"') == 2
    assert (
        f'{id(child)}1 [label="increase <map>" color="{Failed.color}80" colorscheme=svg shape=box style=filled]' in text
    )
    assert 'color="#00000080"' in text
    assert f"{id(xs)} -> {id(child)}0" in text


# --- registering -----------------------------------------------------------------------------------------------------


class Shelf:
    result = "result of the storage"
    labels = frozenset({"host"})

    def __init__(self, **options):
        self.options = options


class Desk:
    """A client that notes what it is asked to register."""

    asked: list = []

    def register(self, **kwargs):
        self.asked.append(kwargs)
        return "flow id"


def test_registering_fills_in_what_is_missing(monkeypatch):
    from prefect.core import plugs

    monkeypatch.setattr(plugs, "client_class", lambda: Desk)
    monkeypatch.setattr(plugs, "storage_class", lambda: Shelf)
    flow = Flow("f", tasks=[Task(name="a")])

    flow_id = flow.register("project", labels=["mine"], idempotency_key="k", no_url=True, directory="/d")

    assert flow_id == "flow id"
    assert flow.storage.options == {"directory": "/d"}
    assert flow.run_config.labels == {"mine", "host"}
    assert flow.result == "result of the storage"
    assert Desk.asked == [
        {
            "flow": flow,
            "build": True,
            "project_name": "project",
            "set_schedule_active": True,
            "version_group_id": None,
            "no_url": True,
            "idempotency_key": "k",
        }
    ]


@pytest.mark.parametrize(
    "plug",
    [
        "flow_runner_class",
        "task_runner_class",
        "executor_class",
        "storage_class",
        "run_config_class",
        "client_class",
        "local_agent_class",
        "diagnostic_info",
        "flow_pickling",
    ],
)
def test_every_plug_resolves(plug):
    from prefect.core import plugs

    assert getattr(plugs, plug)()


def test_a_plug_that_names_nothing_is_refused():
    from prefect.core import plugs

    with pytest.raises(ImportError, match="no dotted name"):
        plugs.load("nothing")
    with pytest.raises(ImportError, match=r"'prefect\.core' has no attribute 'nothing'"):
        plugs.load("prefect.core.nothing")


def test_a_dict_is_put_together_of_what_has_a_length():
    from prefect.core.collections import Dict

    assert Dict().run(keys=["a"], values=(1,)) == {"a": 1}
    with pytest.raises(TypeError, match="object of type 'int' has no len"):
        Dict().run(keys=["a"], values=5)
