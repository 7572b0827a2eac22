"""Flows of the kind that users wrote for 1.x: changed, copied, saved, misused.

Each function is one situation; what it gives is compared with the answer of the released package. Only the public
interface of 1.4.1 is used: the same file runs with both.
"""

import copy
import os
import pickle
from datetime import timedelta

import cloudpickle
from scene import TMP, Z, add, err, graph, inc, norm, run, show, situation

import prefect
from prefect import Flow, Parameter, Task, apply_map, task
from prefect.engine.results import LocalResult
from prefect.tasks.control_flow import merge


@situation
def misuse():
    class VA(Task):
        pass

    def mkstar():
        class X(Task):
            def run(self, *a):
                pass

    def mkres():
        class X(Task):
            def run(self, mapped):
                pass

    out = [
        err(mkstar),
        err(mkres),
        err(lambda: task(lambda *a: 1)),
        err(lambda: task(lambda flow: 1)),
        err(task, 5),
        err(Task, max_retries=2),
        err(Task, retry_delay=Z),
        err(Task, timeout="5"),
        err(Task, timeout=1.5),
        err(Task, state_handlers=5),
        err(Task, retry_on=ValueError),
        err(Task, max_retries=1, retry_delay=Z, retry_on=5),
        err(Task, max_retries=1, retry_delay=Z, retry_on=[ValueError, int]),
        err(Task, nosuch=1),
        err(Flow),
        err(Flow, ""),
        err(Flow, "x", state_handlers=5),
        err(Flow, "x", reference_tasks=[Task()]),
    ]
    f = Flow("m")
    a = Task(name="a")
    b = Task(name="b")
    out += [
        err(f.add_task, 5),
        err(f.add_edge, a, a),
        err(f.upstream_tasks, a),
        err(f.edges_to, a),
        err(f.replace, a, b),
        err(f.sorted_tasks, [a]),
        err(f.add_edge, a, b, key="class"),
        err(f.add_edge, a, b, key="1x"),
    ]
    f.add_edge(a, b)
    f.add_edge(b, a)
    out += [err(f.validate), err(f.sorted_tasks), err(f.run), err(f.serialize)]
    g = Flow("g", validate=True)
    c = inc.copy()
    g.add_edge(a, c, key="x")
    out += [
        err(g.add_edge, b, c, key="x", validate=True),
        err(g.add_edge, b, c, key="zz", validate=True),
        err(g.add_edge, b, a, validate=True),
    ]
    with Flow("h") as h:
        out += [
            err(inc),
            err(inc, 1, 2),
            err(inc, y=1),
            err(add, 1, x=2),
            err(h.run),
            err(h.register),
            err(lambda: inc.copy(nope=1)),
            err(lambda: inc(1, task_args={"nope": 1})),
        ]
    h.add_task(Task(slug="s"))
    out += [err(h.add_task, Task(slug="s"))]
    out += [
        err(lambda: list(inc)),
        err(lambda: inc[0]),
        err(a.set_upstream, b),
        err(merge),
        err(lambda: apply_map(lambda x: x, [1])),
    ]
    return out


@situation
def unused_tasks():
    with Flow("w") as f:
        Task(name="never")
        Parameter("pp")
        inc(1)
    with Flow("w2") as f:
        inc.copy()
    return graph(f)


@situation
def flow_methods():
    f = Flow("f")
    a, b, c, d = [Task(name=n) for n in "abcd"]
    p = Parameter("p", default=1)
    f.chain(a, b, c)
    f.add_edge(p, d, key=None)
    f.add_edge(a, d)
    g = f.copy()
    e = Task(name="e")
    g.replace(b, e)
    h = Flow("h")
    h.add_task(Task(name="z"))
    h.update(f)
    k = Flow("k")
    k.add_task(Parameter("p"))
    e1 = err(k.update, f)
    k.update(f, merge_parameters=True)
    f2 = f.copy()
    return [
        graph(f),
        graph(g),
        graph(h),
        e1,
        graph(k),
        f == f2,
        f == g,
        f != g,
        [t.name for t in f.sorted_tasks()][:0],
        len(f.sorted_tasks()),
        sorted(t.name for t in f.root_tasks()),
        sorted(t.name for t in f.terminal_tasks()),
        sorted(t.name for t in f.upstream_tasks(d)),
        sorted(t.name for t in f.downstream_tasks(a)),
        {t.name: sorted(e.downstream_task.name for e in es) for t, es in f.all_downstream_edges().items()},
        {t.name: sorted(e.upstream_task.name for e in es) for t, es in f.all_upstream_edges().items()},
        sorted(t.name for t in f.sorted_tasks(root_tasks=[b])),
        [t.name for t in f.get_tasks(name="a")],
        [t.name for t in f.get_tasks(task_type=Parameter)],
        len(f.get_tasks()),
        repr(f),
        isinstance(f.tasks, set),
        err(hash, f),
        isinstance(f.edges, set),
        [x.name for x in f] == [x.name for x in f.sorted_tasks()],
        a in f.tasks,
    ]


@situation
def flow_ctor():
    a, b = Task(name="a"), Task(name="b")
    from prefect import core

    f = Flow("f", tasks=[a], edges=[core.Edge(a, b)], reference_tasks=[a], schedule=None)
    e = core.Edge(a, b, key="k")
    e2 = core.Edge(a, b, key="k")
    return [
        graph(f),
        repr(e),
        e == e2,
        hash(e) == hash(e2),
        sorted(t.name for t in e.tasks),
        err(core.Edge, a, a),
        err(core.Edge, a, b, key="a b"),
        e.mapped,
        e.flattened,
        core.Edge(a, b, mapped=True) == core.Edge(a, b),
    ]


@situation
def saving():
    p = os.path.join(TMP, "x.flow")
    with Flow("my flow!") as f:
        inc(1)
    r = f.save(p)
    g = Flow.load(p)
    d = f.save()
    h = Flow.load("my flow!")
    h2 = Flow.load("my-flow")
    e = err(Flow.load, "nope")
    return [norm(r), graph(g), norm(d), g == f, graph(h), graph(h2), e, run(g)]


@situation
def pickles():
    with Flow("pk") as f:
        x = inc(1)
        inc.map([x, 2])
    g = cloudpickle.loads(cloudpickle.dumps(f))
    h = copy.copy(f)
    i = copy.deepcopy(f)
    return [
        graph(g),
        run(g),
        graph(h),
        graph(i),
        run(i),
        h == f,
        err(lambda: pickle.loads(pickle.dumps(Task(name="q"))).name),
    ]


@situation
def name_collision():
    with Flow("n") as f:
        a = Task(name="x")
        b = Task(name="x")
        c = Task(name="x", slug="x-1")
        f.add_task(a)
        e = err(f.add_task, c)
        f.add_task(b)
        d = Task(name="x-1")
        f.add_task(d)
        g = Task(name="sp ace/ü")
        f.add_task(g)
    h = f.copy()
    h.add_task(Task(name="x"))
    return [graph(f), e, graph(h)]


@situation
def slugs_serialize():
    with Flow("n") as f:
        a = inc(1)
        inc(a)
    before = a.slug
    f.serialize()
    with Flow("m") as g:
        g.add_task(a)
    c = a.copy()
    return [before, a.slug, c.slug, graph(g), [t.name for t in f.get_tasks(slug="inc-1")]]


@situation
def replace():
    f = Flow("r")
    a, b, c = Task(name="a"), Task(name="b"), Task(name="c")
    f.chain(a, b, c)
    p = Parameter("p", default=1)
    f.add_edge(p, b)
    f.set_reference_tasks([b])
    n = Task(name="n")
    f.replace(b, n)
    g1 = graph(f)
    f.replace(p, 5)
    g2 = graph(f)
    return [g1, g2, err(f.replace, b, n)]


@situation
def update():
    f, g = Flow("f"), Flow("g")
    with f:
        p = Parameter("p", default=1)
        inc(p)
    with g:
        q = Parameter("p", default=2)
        b = add(q, y=7)
        g.set_reference_tasks([b])
    f.update(g, merge_parameters=True, merge_reference_tasks=True)
    h = Flow("h")
    h.update(g)
    h.update(g)
    return [graph(f), run(f), graph(h)]


@situation
def edge_queries():
    with Flow("e") as f:
        a = inc(1)
        b = add(a, y=a)
        inc.map([b])
    return [
        sorted(repr(e) for e in f.edges_to(b)),
        sorted(repr(e) for e in f.edges_from(a)),
        err(f.edges_from, Task()),
        [sorted(t.name for t in x) for x in (f.root_tasks(), f.terminal_tasks())],
        err(lambda: f.sorted_tasks(root_tasks=[Task()])),
        f.slugs[a],
        isinstance(f.constants, dict),
        show(f.constants[a]),
        len(f.edges),
        sorted(map(str, f.edges)),
    ]


@situation
def task_copy():
    t = Task(name="t", tags=["a"], slug="s", max_retries=2, retry_delay=Z)
    c = t.copy(name="c", tags=["b"])
    d = t.copy()
    e = t.copy(slug="q")
    with Flow("w") as f:
        t()
        x = inc(1)
        x.copy()
    return [
        c.name,
        sorted(c.tags),
        c.slug,
        d.slug,
        e.slug,
        d is t,
        d == t,
        c.max_retries,
        err(t.copy, zz=1),
        graph(f),
        hash(t) == hash(t),
        t in {t},
        copy.copy(t) is t,
        copy.copy(t).name,
        copy.deepcopy(t).name,
    ]


@situation
def setattr_flow():
    f = Flow("q")
    f.name = "z"
    f.schedule = prefect.schedules.IntervalSchedule(interval=timedelta(hours=1))
    f.run_config = prefect.run_configs.LocalRun()
    f.state_handlers = [lambda f, o, n: n]
    f.result = LocalResult(dir=TMP)
    f.storage = prefect.storage.Module("m")
    f.state_handlers.append(lambda f, o, n: None)
    f.add_task(Task(name="t"))
    return [repr(f), run(f, run_on_schedule=False), f.serialize()["name"]]


@situation
def loading_flow():
    with Flow("q") as f:
        inc(1)
    with prefect.context(loading_flow=True):
        return [err(f.run), err(f.register)]
