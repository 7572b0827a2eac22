"""Flows of the kind that users wrote for 1.x: how they are put together, and misuse.

Each function is one situation; what it gives is compared with the answer of the released package. Only the public
interface of 1.4.1 is used: the same file runs with both.
"""

import inspect

from scene import TMP, Z, add, err, graph, ident, inc, run, show, situation

import prefect
from prefect import Flow, Parameter, Task, mapped, tags, task, unmapped
from prefect.engine.results import LocalResult


@situation
def etl():
    @task
    def extract():
        return [1, 2, 3]

    @task
    def transform(xs):
        return [x * 10 for x in xs]

    @task
    def load(xs):
        print("loading", xs)

    with Flow("ETL") as f:
        load(transform(extract()))
    return [graph(f), run(f)]


@situation
def upstream_kwargs():
    with Flow("u") as f:
        a = inc(1)
        b = inc(2, upstream_tasks=[a])
        c = add(b, y=a, upstream_tasks=[a, b])
        inc.map([1, 2], upstream_tasks=[unmapped(c)])
        inc.map([1, 2], upstream_tasks=[[a, b]])
    return [graph(f), run(f)]


@situation
def imperative():
    class Add(Task):
        def run(self, x, y):
            return x + y

    a, b = Add(name="a"), Add(name="b")
    p = Parameter("p", default=1)
    f = Flow("imp")
    a.bind(x=p, y=2, flow=f)
    b.set_upstream(a, key="x", flow=f)
    b.set_dependencies(flow=f, keyword_tasks={"y": 3})
    c = Task(name="c")
    c.set_upstream(b, flow=f)
    d = Task(name="d")
    c.set_downstream(d, flow=f)
    r = f.chain(Task(name="x"), Task(name="y"), Task(name="z"))
    f.add_edge(d, Task(name="q"))
    f.set_dependencies(d, upstream_tasks=[a], downstream_tasks=[Task(name="w")])
    return [graph(f), run(f), len(r), [repr(e) for e in r]]


@situation
def nout_unpack():
    from typing import Tuple

    @task(nout=2)
    def two():
        return 1, 2

    @task
    def ann() -> Tuple[int, str]:
        return 3, "s"

    @task
    def var() -> Tuple[int, ...]:
        return (1,)

    with Flow("n") as f:
        a, b = two()
        c, d = ann()
        add(a, b)
        e1 = err(lambda: list(var()))
        e2 = err(lambda: list(inc(1)))
        x, y = two(task_args={"name": "renamed"})
    return [graph(f), run(f), e1, e2, two.nout, ann.nout, var.nout]


@situation
def loop_tasks():
    with Flow("l") as f:
        r = []
        for i in range(3):
            r.append(add(i, y=i))
        task(lambda xs: sum(xs), name="tot")(r)
        prev = None
        for i in range(3):
            prev = inc(i if prev is None else prev)
    return [graph(f), run(f)]


@situation
def operators():
    with Flow("o") as f:
        p = Parameter("p", default=6)
        [
            p + 1,
            1 + p,
            p - 1,
            10 - p,
            p * 2,
            p / 2,
            12 / p,
            p // 4,
            13 // p,
            p % 4,
            13 % p,
            p**2,
            2**p,
            p & 2,
            p > 1,
            p >= 6,
            p < 1,
            p <= 2,
            p.is_equal(6),
            p.is_not_equal(6),
            p.not_(),
            p.or_(0),
        ]
        l = ident([1, 2, 3])
        l[0]
        d = ident({"a": {"b": 1}})
        d["a"]["b"]
        l[inc(0)]
    return [graph(f), run(f), p == 6, p != 6, bool(p)]


@situation
def operators_pipe():
    with Flow("o") as f:
        a, b, c = Task(name="a"), Task(name="b"), Task(name="c")
        r = a | b | c
        x = ident(1).pipe(inc).pipe(add, y=3)
    return [graph(f), run(f), r.name, err(lambda: x.pipe(add, self=1))]


@situation
def getattr_op():
    from prefect.tasks.core.operators import GetAttr, GetItem

    class O:
        pass

    @task
    def o():
        x = O()
        x.a = O()
        x.a.b = 5
        return x

    with Flow("o") as f:
        v = o()
        GetAttr()(v, "a.b")
        GetAttr(default=3)(v, "zz")
        GetAttr()(v, "zz")
        GetItem(default=9)({"a": 1}, "q")
        GetItem()({"a": 1}, "q")
    r = run(f)
    for s in ("o-1",):
        r["tasks"].pop(s, None)
    return [r]


@situation
def collections_in():
    with Flow("c") as f:
        a, b = inc(1), inc(2)
        ident([a, b])
        ident((a, 1))
        ident({"k": a, "l": [b, {"m": a}]})
        ident({1, 2})
        ident([[1, 2], {"a": 3}])
        ident([])
        ident({})
        ident(None)
        ident(range(3))
    return [graph(f), run(f)]


@situation
def tags_of_tasks():
    with Flow("t") as f:
        with tags("a", "b"):
            with tags("c"):
                x = inc(1)
            y = inc(x, task_args=dict(tags=["z"]))
        z = inc(1)
        Parameter("p", tags=["q"])
    with tags("outer"):
        t = Task(name="direct")
    return [
        graph(f),
        sorted(x.tags),
        sorted(y.tags),
        sorted(z.tags),
        sorted(t.tags),
        sorted(f.get_tasks(tags=["a"]), key=str).__len__(),
        [t.name for t in f.get_tasks(tags=["a", "z"])],
        err(Task, tags="abc"),
    ]


@situation
def name_args():
    @task(name="Nice Name", slug="nice", tags=["x"], max_retries=0, timeout=5, log_stdout=True, task_run_name="run-{x}")
    def t(x):
        print("hello", x)
        print()
        return prefect.context.task_run_name

    with Flow("n") as f:
        t(1)
        t(2, task_args={"name": "other", "slug": "os"})
        err(t, 3)
    return [graph(f), run(f), repr(t)]


@situation
def nested_flow_ctx():
    with Flow("a") as f:
        x = inc(1)
        with Flow("b") as g:
            inc(2)
        inc(x)
    return [graph(f), graph(g), prefect.context.get("flow")]


@situation
def exception_in_with():
    try:
        with Flow("a") as f:
            inc(1)
            raise KeyError("k")
    except KeyError as e:
        r = repr(e)
    return [r, prefect.context.get("flow"), graph(f)]


@situation
def imperative_bind_styles():
    f = Flow("i")
    a = Task(name="a")
    b = add.copy(name="b")
    f.set_dependencies(task=b, keyword_tasks=dict(x=[a, 1], y={"k": a}))
    f.set_dependencies(task=a, upstream_tasks=[5, "str", [1]])
    f.add_edge("val", Task(name="dn"), key=None)
    return [graph(f), run(f), err(f.set_dependencies, task=b, keyword_tasks={"x": 1}, validate=True)]


@situation
def pipe_unmapped():
    with Flow("p") as f:
        a = ident([1, 2])
        b = add(mapped(a), y=1)
        a.pipe(ident, upstream_tasks=[b])
    return [graph(f), run(f), err(a.pipe, 5)]


@situation
def checkpoints_inherit_getitem():
    @task(checkpoint=False, nout=2, result=LocalResult(dir=TMP))
    def d():
        return 1, 2

    with Flow("d") as f:
        a, b = d()
    return [a.checkpoint, repr(a.result), a.name, b.name, graph(f)]


@situation
def class_task():
    class DB(Task):
        def __init__(self, conn="c", **kw):
            self.conn = conn
            super().__init__(**kw)

        def run(self, q, limit=10):
            self.logger.info("q %s", q)
            return [self.conn, q, limit]

    d = DB("x", name="db", tags=["sql"], max_retries=1, retry_delay=Z)
    with Flow("c") as f:
        a = d("select")
        d(q="two", limit=5)
        d.map(["a", "b"], limit=unmapped(2))
        DB()(q=a)
    return [
        graph(f),
        run(f),
        repr(d),
        d.conn,
        sorted(d.inputs()),
        show(d.outputs()),
        show(d.inputs()),
        d.logger.name,
        d.max_retries,
    ]


@situation
def kwargs_task():
    @task
    def kw(a, **rest):
        return [a, dict(sorted(rest.items()))]

    with Flow("k") as f:
        kw(1, b=2, c=inc(3))
        kw.map([1, 2], z=unmapped("q"), w=[3, 4])
    return [graph(f), run(f)]


@situation
def kwonly_default_none():
    @task
    def f1(a, *, b=None, c=3):
        return [a, b, c]

    with Flow("k") as f:
        f1(1)
        f1(a=1, b=2)
        f1(1, c=None)
    return [graph(f), run(f)]


@situation
def dict_returns():
    @task
    def d():
        return {"a": [1, 2], "b": {"c": 3}}

    with Flow("d") as f:
        x = d()
        inc(x["a"][1])
        ident(x["b"]["c"])
        inc.map(x["a"])
        x["zz"]
    return [graph(f), run(f)]


@situation
def defaults_from_attrs():
    from prefect.utilities.tasks import defaults_from_attrs

    class Greeter(Task):
        def __init__(self, greeting="hi", who=None, **kw):
            self.greeting = greeting
            self.who = who
            super().__init__(**kw)

        @defaults_from_attrs("greeting", "who")
        def run(self, greeting=None, who=None):
            return "%s %s" % (greeting, who)

    g = Greeter(who="bob", name="greeter")
    with Flow("d") as f:
        g()
        g(greeting="yo")
        g(who=None)
        g(who=Parameter("w", default="eve"))
        g.map(who=["a", "b"])
    return [
        graph(f),
        run(f),
        g.run(),
        g.run(greeting="x"),
        list(inspect.signature(g.run).parameters),
        show(g.inputs()),
    ]
