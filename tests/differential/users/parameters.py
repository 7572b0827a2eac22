"""Flows of the kind that users wrote for 1.x: parameters, secrets, schedules, context.

Each function is one situation; what it gives is compared with the answer of the released package. Only the public
interface of 1.4.1 is used: the same file runs with both.
"""

import datetime
import os
import sys

import pendulum
from scene import err, graph, ident, inc, look_at, run, show, situation

import prefect
from prefect import Flow, Parameter, tags, task
from prefect.engine.results import LocalResult


@situation
def params():
    from prefect.core.parameter import DateTimeParameter

    @task
    def typ(x):
        return [isinstance(x, pendulum.DateTime), type(x).__name__, str(x)]

    with Flow("p") as f:
        a = Parameter("a")
        b = Parameter("b", default=None)
        c = Parameter("c", required=False)
        d = DateTimeParameter("d", required=False)
        e = DateTimeParameter("e", default="2020-01-01")
        for q in (a, b, c, d, e):
            typ(q)
    return [
        graph(f),
        err(run, f),
        err(run, f, a=1, zz=2),
        run(f, a=1, e=None),
        run(f, a=None, d="2021-05-05T10:00:00+02:00", e=datetime.datetime(2020, 1, 2)),
        err(run, f, parameters={"zz": 1, "yy": 2, "a": 3}),
        repr(a),
        a.required,
        b.required,
        c.required,
        d.required,
        show(c.default),
        show(a.default),
        err(Parameter),
        show(a.result),
        show(d.result),
    ]


@situation
def params_misc():
    p = Parameter("x", default=3)
    q = p.copy("y")
    e = err(p.copy)
    f = Flow("f")
    f.add_task(p)
    e2 = err(f.add_task, Parameter("x"))
    e3 = err(f.add_edge, inc, p)
    with Flow("g") as g:
        p()
        s = Parameter("z", default=[1, 2])[0]
        inc(s)
    return [q.name, q.slug, q.default, e, e2, e3, graph(g), run(g), err(p.run), show(p.serialize())]


@situation
def param_types():
    with Flow("s") as f:
        for i, d in enumerate([0, "", False, None, [], {}, 1.5, "a"]):
            ident(Parameter("p%d" % i, default=d))
    return [graph(f), run(f), sorted((p.name, p.required) for p in f.parameters())]


@situation
def required_missing():
    with Flow("s") as f:
        a = Parameter("a")
        b = Parameter("b", required=False)
        ident(a)
        ident(b)
    from prefect.engine import FlowRunner

    look_at(f)
    return [
        err(f.run),
        show(FlowRunner(f).run(return_tasks=f.tasks)),
        show(FlowRunner(f).run(return_tasks=f.tasks, parameters={"a": 1})),
        run(f, a=None),
    ]


@situation
def secret_use():
    from prefect.client import Secret
    from prefect.tasks.secrets import EnvVarSecret, PrefectSecret

    os.environ["MY_ENV_X"] = "5"
    with Flow("s") as f:
        ident(PrefectSecret("TOK"))
        ident(EnvVarSecret("MY_ENV_X", cast=int))
        ident(EnvVarSecret("NOPE_X"))
        ident(EnvVarSecret("NOPE_X", raise_if_missing=True, name="NX"))
        e = err(lambda: Secret("TOK").get())
    with prefect.context(secrets=dict(TOK='{"a": 1}')):
        r = run(f)
        g = Secret("TOK").get()
        ex = Secret("TOK").exists()
    return [graph(f), r, show(g), ex, run(f), e, err(Secret("none").get), Secret("none").exists()]


@situation
def secrets_in_flow():
    from prefect.tasks.secrets import PrefectSecret

    with Flow("s") as f:
        s = PrefectSecret("A")
        ident(s)
        t = PrefectSecret()
        ident(t(name="B"))
        PrefectSecret(name=None)
    with prefect.context(secrets={"A": "x", "B": [1]}):
        r = run(f)
    return [
        graph(f),
        r,
        err(lambda: PrefectSecret("A", result=LocalResult())),
        err(PrefectSecret("A").run),
        repr(s.result),
        s.checkpoint,
        err(lambda: PrefectSecret().run()),
    ]


@situation
def schedule_run():
    from prefect.schedules import Schedule
    from prefect.schedules.clocks import DatesClock

    ran = []

    @task
    def s(p):
        ran.append([p, str(prefect.context.scheduled_start_time == None)])
        return p

    now = pendulum.now("utc")
    with Flow(
        "s",
        schedule=Schedule(
            clocks=[DatesClock([now.add(seconds=1)], parameter_defaults={"p": 2}), DatesClock([now.add(seconds=2)])]
        ),
    ) as f:
        s(Parameter("p", default=1))
    r = run(f)
    r2 = run(f, run_on_schedule=False)
    r3 = err(f.run)
    return [r, r2, r3, ran]


@situation
def scheduled_params():
    from prefect.schedules import Schedule, clocks

    now = pendulum.now("utc")
    got = []

    @task
    def g(p):
        got.append(p)

    with Flow(
        "s",
        schedule=Schedule(
            [
                clocks.DatesClock([now.add(seconds=1)], parameter_defaults={"p": "a"}),
                clocks.DatesClock([now.add(seconds=2)], parameter_defaults={"p": "b"}),
            ]
        ),
    ) as f:
        g(Parameter("p"))
    return [err(run, f), err(run, f, p="given"), got]


@situation
def context_usage():
    @task
    def c():
        x = prefect.context
        return {
            k: x.get(k) is not None
            for k in (
                "date today yesterday tomorrow today_nodash parameters scheduled_start_time flow_name "
                "flow_id flow_run_id flow_run_name task_name task_slug task_full_name task_tags task_id "
                "task_run_id task_run_count task_run_version map_index logger config caches checkpointing "
                "flow_run_version project_name running_with_backend task_run_name task_loop_count "
            ).split()
        }

    @task(tags=["a"])
    def d(x):
        return [
            prefect.context.map_index,
            prefect.context.task_full_name,
            prefect.context.task_slug,
            prefect.context.task_name,
            prefect.context.logger.name,
            sorted(prefect.context.task_tags),
            isinstance(prefect.context.date, pendulum.DateTime),
            type(prefect.context.parameters).__name__,
            prefect.context.get("today") == prefect.context.date.strftime("%Y-%m-%d"),
        ]

    with Flow("c") as f:
        c()
        d.map([1, 2])
        d(1)
    return run(f, context=dict(extra=1))


@situation
def context_given():
    @task
    def g():
        return [
            prefect.context.get("mykey"),
            prefect.context.today,
            prefect.context.tomorrow_nodash,
            prefect.context.yesterday,
            str(prefect.context.date),
        ]

    with Flow("c") as f:
        g()
    return [
        run(f, context={"mykey": 5, "date": "2020-02-29T12:00:00+00:00"}),
        run(f, context={"today": "xx"}),
        run(f, context={"date": "nonsense"}),
        run(f, context={"date": datetime.datetime(2020, 1, 1)}),
    ]


@situation
def tags_and_contexts():
    @task(tags=["t1"])
    def show_tags():
        return sorted(prefect.context.task_tags)

    with Flow("t") as f:
        with tags("x"):
            a = show_tags()
        b = show_tags(task_args={"tags": ["y"]})
        show_tags.map(upstream_tasks=[[1, 2]])
    s = f.run()
    look_at(f)
    return [graph(f), show(s), sorted(s.result[a].context["tags"]), sorted(s.result[b].context["tags"])]


@situation
def mapped_task_run_name():
    @task(task_run_name="{x}-{map_index}")
    def t(x):
        return prefect.context.get("task_run_name")

    @task(task_run_name=lambda **k: "call-%s" % k["x"])
    def u(x):
        return prefect.context.get("task_run_name")

    @task(task_run_name="{nope}")
    def v(x):
        return 1

    with Flow("n") as f:
        t.map([1, 2])
        u(5)
        v(1)
    return run(f)


@situation
def log_stdout():
    @task(log_stdout=True)
    def p(x):
        print("out", x)
        print("")
        print("multi\nline")
        prefect.context.logger.info("inf %s", x)
        sys.stdout.write("raw")
        return x

    with Flow("p") as f:
        p(1)
        p.map([2])
    return run(f)


@situation
def task_library_small():
    from prefect.tasks.shell import ShellTask
    from prefect.tasks.templates import StringFormatter

    with Flow("l") as f:
        ShellTask(command="echo hi", return_all=True)()
        ShellTask()(command="exit 3")
        StringFormatter(template="{a}-{b}")(a=1, b=Parameter("b", default=2))
        ShellTask(helper_script="X=5")(command="echo $X")
    return run(f)
