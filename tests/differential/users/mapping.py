"""Flows of the kind that users wrote for 1.x: mapping.

Each function is one situation; what it gives is compared with the answer of the released package. Only the public
interface of 1.4.1 is used: the same file runs with both.
"""

import collections

from scene import Z, add, err, graph, ident, inc, look_at, run, show, situation

import prefect
import prefect.triggers as T
from prefect import Flow, Parameter, Task, apply_map, case, flatten, mapped, task, unmapped
from prefect.engine.signals import FAIL, SKIP, SUCCESS
from prefect.tasks.control_flow import FilterTask, merge


@situation
def map_reduce():
    with Flow("m") as f:
        a = inc.map([1, 2, 3])
        b = inc.map(a)

        @task
        def total(xs):
            return sum(xs)

        total(b)
    return [graph(f), run(f)]


@situation
def nested_maps():
    @task
    def rng(n):
        return list(range(n))

    @task
    def double(x):
        return 2 * x

    with Flow("n") as f:
        r = rng.map([1, 2, 3])
        d = double.map(flatten(r))
        double.map(d)
        ident(flatten(r))
    return [graph(f), run(f)]


@situation
def map_unmapped():
    with Flow("u") as f:
        p = Parameter("p", default=10)
        add.map([1, 2], y=unmapped(p))
        add.map(x=unmapped(p), y=[3, 4])
        add.map(unmapped(1), unmapped(2))
    return [graph(f), run(f), run(f, p=5), run(f, parameters={"p": 7})]


@situation
def mapped_annotation():
    with Flow("u") as f:
        add(mapped([1, 2]), 5)
        add(x=mapped(ident([3, 4])), y=mapped([1, 2, 3]))
    return [graph(f), run(f)]


@situation
def signals_in_mapped():
    @task
    def sig(x):
        if x == 1:
            raise SKIP("skipped one")
        if x == 2:
            raise FAIL("failed two")
        if x == 3:
            raise SUCCESS("early", result=33)
        if x == 4:
            raise ValueError("four")
        return x

    @task(skip_on_upstream_skip=False, trigger=T.all_finished)
    def red(xs):
        return [type(x).__name__ for x in xs]

    with Flow("s") as f:
        m = sig.map([0, 1, 2, 3, 4])
        red(m)
        inc.map(m)
    return run(f)


@situation
def retry_mapped():
    seen = collections.Counter()

    @task(max_retries=2, retry_delay=Z)
    def flaky(x):
        seen[x] += 1
        if seen[x] <= x:
            raise RuntimeError("no %d/%d" % (x, seen[x]))
        return (x, prefect.context.task_run_count, prefect.context.map_index, prefect.context.task_full_name)

    with Flow("r") as f:
        flaky.map([0, 1, 2, 3])
    return [run(f), dict(seen)]


@situation
def nout_map():
    @task(nout=2)
    def two(x):
        return x, x

    with Flow("n") as f:
        m = two.map([1, 2])
        e = err(lambda: list(m))
        m2 = two.map([1, 2], task_args=dict(nout=2))
        p, q = m2
    return [graph(f), run(f), e, m.nout]


@situation
def retry_then_downstream_map():
    c = collections.Counter()

    @task(max_retries=3, retry_delay=Z)
    def fetch(i):
        c[i] += 1
        if c[i] < 2 and i % 2:
            raise ConnectionError(i)
        return i * 10

    @task
    def save(x):
        return "s%s" % x

    with Flow("api") as f:
        p = fetch.map(list(range(4)))
        s = save.map(p)
        ident(s)
    return [run(f), dict(c)]


@situation
def skip_in_map_reduce():
    @task
    def maybe(x):
        if x % 2:
            raise SKIP("odd")
        return x

    with Flow("s") as f:
        m = maybe.map([1, 2, 3, 4])
        ident(m)
        ident(m, task_args=dict(skip_on_upstream_skip=False, name="b"))
        inc.map(m)
    return run(f)


@situation
def all_mapped_fail():
    @task
    def bad(x):
        raise ValueError(x)

    with Flow("a") as f:
        m = bad.map([1, 2])
        inc.map(m)
        ident(m, task_args=dict(trigger=T.all_failed))
        ident(m, task_args=dict(trigger=T.any_failed, name="q"))
    return run(f)


@situation
def empty_then_reduce():
    @task
    def none():
        return []

    with Flow("e") as f:
        m = inc.map(none())
        n = inc.map(m)
        task(lambda xs: sum(xs), name="s")(n)
        inc.map(flatten(none()))
    return run(f)


@situation
def cartesian():
    @task
    def cross(a, b):
        return [(x, y) for x in a for y in b]

    @task
    def mul(t):
        return t[0] * t[1]

    with Flow("x") as f:
        c = cross([1, 2], [3, 4])
        m = mul.map(c)
        g = c[0]
        g[1] + m[0]
    return [graph(f), run(f)]


@situation
def map_of_getitem():
    @task
    def rows():
        return [{"a": 1, "b": 2}, {"a": 3, "b": 4}]

    @task
    def cell(r, k):
        return r[k]

    with Flow("g") as f:
        r = rows()
        cell.map(r, k=unmapped("a"))
        cell.map(r, k=["a", "b"])
        cell.map(r, unmapped(Parameter("k", default="b")))
    return [graph(f), run(f)]


@situation
def flatten_levels():
    with Flow("f") as f:
        a = ident([[1, 2], [3]])
        ident(flatten(a))
        inc.map(flatten(a))
        ident(flatten([[[1], [2]], [[3]]]))
        ident(flatten(ident([1, [2]])))
        ident(flatten(ident(5)))
        add.map(flatten(a), y=unmapped(10))
        add.map(flatten(a), y=flatten([[1], [2, 3]]))
        ident(flatten(ident("ab")))
    return [graph(f), run(f)]


@situation
def flatten_mapped_non_iter():
    @task
    def r(n):
        return n if n == 2 else list(range(n))

    with Flow("f") as f:
        m = r.map([1, 2, 3])
        inc.map(flatten(m))
        ident(flatten(m))
    return run(f)


@situation
def map_errors():
    with Flow("m") as f:
        e1 = err(inc.map, 5)
        e2 = err(inc.map, {1, 2})
        e3 = err(inc.map)
        x = ident(5)
        inc.map(x)
        inc.map(ident(None))
        w = ident({1, 2})
        inc.map(w)
        g = inc.map(ident([]))
        inc.map(g)
        add.map([1, 2, 3], ident([10]))
    return [e1, e2, e3, graph(f), run(f)]


@situation
def big_constant():
    with Flow("c") as f:
        inc.map(list(range(20)))
        inc.map([1])
        ident.map(["aaaaaaaaaaaaaa", "b"])
        ident.map((1, 2))
        ident.map("abc")
    return [graph(f), run(f)]


@situation
def mapped_param():
    with Flow("g") as g:
        p = Parameter("p", default=[1, 2])
        inc.map(p)
        e = err(p.map, [1])
        add.map(p, y=unmapped(Parameter("q", default=5)))
    return [graph(g), run(g), run(g, p=[9]), e]


@situation
def apply_map_with_case():
    def body(x, y):
        a = add(x, y)
        with case(ident(a), 3):
            b = inc(a)
        return a, b

    with Flow("a") as f:
        a, b = apply_map(body, [1, 2, 3], y=unmapped(2))
        task(lambda xs: xs, name="tot", skip_on_upstream_skip=False)(b)
    e = err(lambda: apply_map(body, [1], 2))
    return [graph(f), run(f), e]


@situation
def apply_map_flow():
    def body(x, flow):
        i = inc.copy()
        i.bind(x, flow=flow)
        return i

    f = Flow("x")
    apply_map(body, [1, 2], flow=f)

    def nested(x):
        return inc.map(x)

    with Flow("y"):
        e = err(apply_map, nested, [[1]])
    return [graph(f), run(f), e]


@situation
def apply_map_case():
    @task
    def even(x):
        return x % 2 == 0

    def body(x):
        c = even(x)
        with case(c, True):
            a = inc(x)
        with case(c, False):
            b = add(x, y=100)
        return merge(a, b)

    with Flow("a") as f:
        r = apply_map(body, list(range(4)))
        ident(r)
    return [graph(f), run(f)]


@situation
def apply_map_misc():
    def two(x, y, z=1):
        return {"s": add(x, y=y), "z": [inc(z)]}

    with Flow("a") as f:
        o = apply_map(two, ident([1, 2]), unmapped(Parameter("p", default=5)), z=flatten([[1], [2]]))
        ident(o["s"])
        n = apply_map(lambda x: None, [1, 2])
        with case(ident(1), 1):
            apply_map(lambda x: inc(x), [1])
    return [graph(f), run(f), show(n)]


@situation
def case_map():
    with Flow("c") as f:
        p = Parameter("p", default=True)
        with case(p, True):
            m = inc.map([1, 2])
            s = ident(m)
        with case(p, False):
            n = inc.map([10])
            t = ident(n)
        merge(s, t)
    return [graph(f), run(f), run(f, p=False)]


@situation
def large_map():
    with Flow("l") as f:
        m = inc.map(list(range(300)))
        s = task(lambda xs: sum(xs), name="s")(m)
    st = f.run()
    look_at(None)
    return [st.result[s].result, st.result[m].n_map_states, len(st.result[m].map_states), st.result[m].result[:3]]


@situation
def imperative_map():
    f = Flow("imp")
    Task(name="x")
    i = inc.copy()
    i.set_upstream(ident.copy().bind([1, 2], flow=f), key="x", mapped=True, flow=f)
    j = add.copy()
    j.bind(mapped([1, 2]), y=unmapped(4), flow=f)
    f.set_dependencies(inc.copy(), keyword_tasks={"x": [5, 6]}, mapped=True)
    return [graph(f), run(f)]


@situation
def param_default_in_map():
    with Flow("s") as f:
        n = Parameter("n", default=2)
        xs = Parameter("xs", default=[1, 2, 3])
        add.map(xs, y=unmapped(n))
        add(n, y=n * 2)
        ident([n, xs[0]])
        ident({"n": n})
    return [graph(f), run(f), run(f, n=0, xs=[]), run(f, parameters=dict(n=5)), err(run, f, parameters=dict(n=5), n=6)]


@situation
def filter_task():
    @task
    def sometimes(x):
        if x == 1:
            raise ValueError("one")
        if x == 2:
            return None
        return x

    with Flow("f") as f:
        m = sometimes.map([0, 1, 2, 3])
        FilterTask()(m)
        FilterTask(
            filter_func=lambda x: not isinstance(x, BaseException) and x is not None and x > 0,
            log_func=lambda xs: "kept %d" % len(xs),
            name="F2",
        )(m)
    return run(f)
