"""Flows of the kind that users wrote for 1.x: caching, results, time limits, runners.

Each function is one situation; what it gives is compared with the answer of the released package. Only the public
interface of 1.4.1 is used: the same file runs with both.
"""

import collections
import os
import re
import time
from datetime import timedelta

import pendulum
from scene import TMP, Z, err, inc, look_at, norm, run, show, situation

import prefect
from prefect import Flow, Parameter, Task, task
from prefect.engine import state as S
from prefect.engine.results import LocalResult, PrefectResult
from prefect.engine.serializers import JSONSerializer


@situation
def caching():
    n = collections.Counter()

    @task(cache_for=timedelta(hours=1))
    def a():
        n["a"] += 1
        return n["a"]

    @task(cache_for=timedelta(hours=1), cache_validator=prefect.engine.cache_validators.all_inputs, cache_key="kk")
    def b(x):
        n["b"] += 1
        return x

    @task(cache_for=timedelta(hours=1), cache_validator=prefect.engine.cache_validators.all_parameters)
    def c(x):
        n["c"] += 1
        return x

    with Flow("c") as f:
        p = Parameter("p", default=1)
        a()
        b(p)
        c(p)
        b.map([1, 2])
    return [run(f), run(f), run(f, p=2), run(f, p=1), dict(n)]


@situation
def cached_states_lookup():
    n = collections.Counter()
    CV = prefect.engine.cache_validators

    @task(cache_for=timedelta(days=1), cache_validator=CV.partial_inputs_only(validate_on=["x"]), cache_key="sharedk")
    def a(x, y):
        n[0] += 1
        return [x, y]

    with Flow("c") as f:
        p = Parameter("y", default=1)
        a(1, p)
    with Flow("d") as g:
        q = Parameter("y", default=1)
        a(1, q)
    return [run(f), run(f, y=2), run(g, y=3), dict(n)]


@situation
def checkpoints_local():
    d = os.path.join(TMP, "res")
    with prefect.utilities.configuration.set_temporary_config({"flows.checkpointing": True}):

        @task(result=LocalResult(dir=d, location="{task_name}-{flow_name}.pkl"))
        def a():
            return [1]

        @task(checkpoint=False)
        def b(x):
            return x

        @task
        def c(x):
            return x

        @task(target="t-{x}.json", result=LocalResult(dir=d, serializer=JSONSerializer()))
        def e(x):
            return {"v": x}

        @task(result=LocalResult(dir=d, location="{map_index}-{x}.v"))
        def m(x):
            return x

        with Flow("cp", result=LocalResult(dir=d)) as f:
            x = a()
            b(x)
            c(x)
            e(3)
            m.map([5, 6])
        r1 = run(f)
        r2 = run(f)
        st = f.run()
    return [
        r1,
        r2,
        sorted(re.sub(r"prefect-result.*", "X", p) for p in os.listdir(d)),
        sorted(
            [f.slugs[t], norm(str(st.result[t]._result.location)), type(st.result[t]._result).__name__] for t in f.tasks
        ),
    ]


@situation
def checkpoint_handlers():
    d = os.path.join(TMP, "ch")

    @task(result=LocalResult(dir=d, location="{flow_name}/{task_name}/{map_index}.p"))
    def m(x):
        return x

    @task(result=LocalResult(dir=d, location=lambda **k: "fn-%s.p" % k["x"]))
    def g(x):
        return x

    @task(target="tg/{x}", result=LocalResult(dir=d))
    def t(x):
        return x

    @task(target=lambda **k: "cal-%s" % k["x"], result=LocalResult(dir=d))
    def u(x):
        return x

    @task(target="{zz}", result=LocalResult(dir=d))
    def bad(x):
        return x

    @task(target="nores")
    def nr():
        return 1

    @task(result=PrefectResult())
    def pr():
        return {"a": 1}

    @task(result=PrefectResult())
    def pr2():
        return object

    @task(result=LocalResult(dir=d, location="n"))
    def none():
        return None

    with prefect.utilities.configuration.set_temporary_config({"flows.checkpointing": True}):
        with Flow("c") as f:
            m.map([1, 2])
            g(3)
            t(4)
            t.map([5, 6])
            u(7)
            bad(1)
            nr()
            pr()
            pr2()
            none()
        r = run(f)
        r2 = run(f)
        s = f.run()
    return [
        r,
        r2,
        sorted(os.path.relpath(os.path.join(a, x), d) for a, _, fs in os.walk(d) for x in fs),
        sorted([f.slugs[k], norm(str(v._result.location))] for k, v in s.result.items()),
    ]


@situation
def timed_threads():
    @task(timeout=1, max_retries=1, retry_delay=Z)
    def slow():
        try:
            time.sleep(4)
        except BaseException:
            raise

    @task(timeout=timedelta(seconds=5))
    def ok():
        return "ok"

    with Flow("t") as f:
        slow()
        ok()
    return [run(f), ok.timeout, err(lambda: task(lambda: 1, timeout=timedelta(seconds=1, milliseconds=5)).timeout)]


@situation
def timeouts():
    @task(timeout=1)
    def slow():
        time.sleep(3)

    with Flow("t") as f:
        slow()
    return run(f)


@situation
def partial_state():
    with Flow("p") as f:
        a = inc(1)
        b = inc(a)
        c = inc(b)
    s = f.run()
    look_at(f)
    t = f.run(task_states=s.result)
    u = f.run(state=S.Scheduled())
    return [
        show(t),
        show(u),
        s.result[c].result,
        show(f.run(state=s)),
        show(f.run(state=S.Failed("x"))),
        err(f.run, return_tasks=[a]),
    ]


@situation
def flow_runner_direct():
    from prefect.engine import FlowRunner, TaskRunner

    with Flow("p") as f:
        a = inc(1)
        b = inc(a)
    look_at(f)
    s1 = FlowRunner(f).run()
    s2 = FlowRunner(f).run(return_tasks=[b])
    s3 = FlowRunner(f).run(return_tasks=f.tasks)
    t1 = TaskRunner(inc).run()
    t2 = TaskRunner(Task(name="n")).run()
    from prefect.core import Edge

    e = Edge(Task(name="u"), inc, key="x")
    t3 = TaskRunner(inc).run(upstream_states={e: S.Success(result=4)})
    t4 = TaskRunner(inc).run(upstream_states={e: S.Failed()})
    t5 = TaskRunner(inc).run(upstream_states={e: S.Pending()})
    t6 = TaskRunner(inc).run(state=S.Success("a"))
    t7 = TaskRunner(inc).run(upstream_states={e: S.Skipped()})
    t8 = TaskRunner(inc).run(state=S.Scheduled(start_time=pendulum.now("utc").add(days=1)))
    return [show(x) for x in (s1, s2, s3, t1, t2, t3, t4, t5, t6, t7, t8)]


@situation
def runner_subclass():
    from prefect.engine import FlowRunner, TaskRunner

    ev = []

    class TR(TaskRunner):
        def get_task_run_state(self, state, inputs):
            ev.append([self.task.name, sorted(inputs)])
            return super().get_task_run_state(state=state, inputs=inputs)

    class FR(FlowRunner):
        def __init__(self, flow, **kw):
            super().__init__(flow, task_runner_cls=TR, **kw)

        def set_flow_to_running(self, state):
            ev.append(str(state))
            return super().set_flow_to_running(state=state)

    with Flow("p") as f:
        a = inc(1)
        inc.map([a])
    return [run(f, runner_cls=FR), ev]


@situation
def executor_attr():
    from prefect.executors import LocalDaskExecutor

    with Flow("p", executor=LocalDaskExecutor("threads", num_workers=2)) as f:
        inc.map([1, 2, 3])
    return [run(f), repr(f.executor), f.executor.scheduler]
