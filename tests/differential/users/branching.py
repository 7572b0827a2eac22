"""Flows of the kind that users wrote for 1.x: branches, loops, resources.

Each function is one situation; what it gives is compared with the answer of the released package. Only the public
interface of 1.4.1 is used: the same file runs with both.
"""

import collections

from scene import Z, add, err, graph, ident, inc, run, situation

import prefect
import prefect.triggers as T
from prefect import Flow, Parameter, Task, case, resource_manager, task, unmapped
from prefect.engine.signals import LOOP, SKIP
from prefect.tasks.control_flow import ifelse, merge, switch


@situation
def case_merge():
    with Flow("c") as f:
        p = Parameter("p", default="a")
        with case(p, "a"):
            x = inc(1)
            x2 = inc(x)
        with case(p, "b"):
            y = inc(10)
        with case(p, "c"):
            z = inc(100)
            with case(ident(p), "c"):
                zz = inc(z)
        m = merge(x2, y, zz)
        inc(m)
    return [graph(f), run(f), run(f, p="b"), run(f, p="c"), run(f, p="d")]


@situation
def case_misc():
    @task
    def flag():
        return True

    with Flow("c") as f:
        with case(flag(), True):
            a = inc(1)
        with case(flag(), False):
            b = inc(1)
        with case(1, 1):
            inc(3)
        with case(flag(), 1):
            inc(1)
        with case(flag(), None):
            inc(1)
        with case(flag(), True):
            ident([a, 2])
            a + 1
            a[0]
    e1 = err(lambda: case(a, b).__enter__())
    return [graph(f), run(f), e1]


@situation
def switch_ifelse():
    with Flow("s") as f:
        c = Parameter("c", default="x")
        switch(c, {"x": inc(1), "y": inc(2)})
        a, b = inc(5), inc(6)
        ifelse(ident(0), a, b)
        merge(a, b)
        ifelse(c, inc(7), None)
    return [graph(f), run(f), run(f, c="y"), run(f, c="")]


@situation
def case_errors():
    with Flow("c") as f:
        e = err(lambda: case(inc(1), Task()))
        try:
            with case(ident(1), 1):
                inc(1)
                raise ValueError("in")
        except ValueError:
            pass
        with case(ident(2), 2):
            Parameter("p")()
        with case(ident(3), 3):
            pass
        case(ident(4), 4)

    def out():
        with case(Task(), 1):
            inc(1)

    return [e, graph(f), err(out), run(f)]


@situation
def case_tree():
    with Flow("c") as f:
        p = Parameter("p", default=3)
        with case(p > 2, True):
            with case(p % 2, 1):
                a = ident("odd big")
            with case(p % 2, 0):
                b = ident("even big")
            ab = merge(a, b)
        with case(p > 2, False):
            c = ident("small")
        merge(ab, c)
    return [graph(f), run(f), run(f, p=4), run(f, p=1)]


@situation
def resources():
    ev = []

    @resource_manager
    class Mgr:
        def __init__(self, n):
            self.n = n

        def setup(self):
            ev.append("setup")
            return self.n

        def cleanup(self, r):
            ev.append("cleanup %s" % r)

    @task
    def use(r):
        ev.append("use %s" % r)
        return r

    @task
    def boom(r):
        raise ValueError("boom")

    with Flow("r") as f:
        with Mgr(5) as r:
            u = use(r)
            boom(u)
        use(9)
    return [graph(f), run(f), sorted(ev)]


@situation
def resources_fail():
    def mk(where):
        class M:
            def __init__(self, n):
                if where == "init":
                    raise ValueError("init")

            def setup(self):
                if where == "setup":
                    raise ValueError("setup")
                if where == "skip":
                    raise SKIP("no")
                return 1

            def cleanup(self, r):
                if where == "cleanup":
                    raise ValueError("cl")

        M.__name__ = "M" + where
        return resource_manager(
            M,
            name="mgr-" + where,
            init_task_kwargs={"tags": ["i"]},
            setup_task_kwargs={"max_retries": 0},
            cleanup_task_kwargs={"tags": ["c"]},
        )

    out = []
    for w in ["init", "setup", "skip", "cleanup", ""]:
        with Flow("f" + w) as f:
            with mk(w)(1) as r:
                inc(r)
        out.append([graph(f), run(f)])
    return out


@situation
def resource_in_case_and_map():
    ev = []

    @resource_manager(name="M", cleanup_task_kwargs={"name": "cl"})
    class M:
        def __init__(self, a, b=2):
            self.a, self.b = a, b

        def setup(self):
            return (self.a, self.b)

        def cleanup(self, r):
            ev.append(r)

    @resource_manager
    class N:
        def cleanup(self, r):
            ev.append(["n", r])

    with Flow("r") as f:
        p = Parameter("p", default=1)
        with M(p, b=3) as r:
            m = add.map([1, 2], y=unmapped(r[1]))
            with N() as n:
                ident(n, upstream_tasks=[m])
        with M(9):
            pass

    def nof():
        with M(1):
            pass

    return [graph(f), run(f), sorted(map(str, ev)), err(nof), type(resource_manager(5)).__name__]


@situation
def resource_decorated_kwargs():
    @resource_manager(
        init_task_kwargs={"name": "i", "tags": ["z"]},
        setup_task_kwargs={"max_retries": 1, "retry_delay": Z},
        cleanup_task_kwargs={"trigger": T.all_successful},
    )
    class R:
        def setup(self):
            return 1

        def cleanup(self, r):
            pass

    with Flow("r") as f:
        with R() as r:
            inc(r)
    return [graph(f), run(f)]


@situation
def skip_propagation():
    @task
    def sk():
        raise SKIP("me")

    with Flow("s") as f:
        s = sk()
        a = ident(s)
        b = ident(a, task_args=dict(skip_on_upstream_skip=False))
        ident(b)
    return run(f)


@situation
def looping():
    @task
    def fact(n):
        lr = prefect.context.get("task_loop_result", 1)
        lc = prefect.context.get("task_loop_count", 1)
        r = lr * lc
        if lc < n:
            raise LOOP(message="%d!" % lc, result=r)
        return r

    @task
    def nomsg():
        lc = prefect.context.get("task_loop_count", 1)
        if lc < 3:
            raise LOOP(result=dict(c=lc))
        return prefect.context.task_loop_result

    with Flow("l") as f:
        fact(4)
        nomsg()
        fact.map([1, 3])
    return run(f)


@situation
def looping_retry():
    n = collections.Counter()

    @task(max_retries=1, retry_delay=Z)
    def lp():
        lc = prefect.context.get("task_loop_count", 1)
        n[lc] += 1
        if lc == 2 and n[lc] == 1:
            raise ValueError("once")
        if lc < 3:
            raise LOOP(result=lc)
        return [lc, prefect.context.task_run_count]

    with Flow("l") as f:
        lp()
    return [run(f), dict(n)]
