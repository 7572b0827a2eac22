"""Flows of the kind that users wrote for 1.x: states, handlers, triggers, retries, caching, results.

Each function is one situation; what it gives is compared with the answer of the released package. Only the public
interface of 1.4.1 is used: the same file runs with both.
"""

import collections
import inspect

import pendulum
from scene import Z, add, err, graph, ident, inc, look_at, run, situation

import prefect
import prefect.triggers as T
from prefect import Flow, Task, task
from prefect.engine import signals
from prefect.engine import state as S
from prefect.engine.signals import ENDRUN, RETRY, SKIP, TRIGGERFAIL, VALIDATIONFAIL
from prefect.tasks.control_flow import merge


@situation
def state_handler_notifier():
    ev = []

    def notify(obj, old, new):
        ev.append([repr(obj), type(old).__name__, type(new).__name__, str(new.message)])
        return new

    def fl(obj, state):
        ev.append(["fail", repr(obj), repr(state)])

    @task(state_handlers=[notify], on_failure=fl)
    def bad():
        raise ValueError("x")

    @task(state_handlers=[notify])
    def good():
        return 1

    with Flow("h", state_handlers=[notify], on_failure=fl) as f:
        bad()
        good()
    return [run(f), ev]


@situation
def handler_changes_state():
    def to_skip(t, old, new):
        if new.is_failed():
            return S.Skipped("quiet", result=0)

    @task(state_handlers=[to_skip])
    def bad():
        raise ValueError("x")

    with Flow("h") as f:
        b = bad()
        ident(b)
    return run(f)


@situation
def custom_trigger():
    def mostly(upstream_states):
        n = sum(s.is_successful() for s in upstream_states.values())
        if n / len(upstream_states) < 0.5:
            raise signals.TRIGGERFAIL("too few: %d" % n)
        return True

    def falsy(u):
        return False

    def broken(u):
        return 1 / 0

    @task
    def ok():
        return 1

    @task
    def bad():
        raise ValueError()

    @task(trigger=mostly)
    def join():
        return "done"

    j2 = task(lambda: 1, name="j2", trigger=falsy)
    j3 = task(lambda: 1, name="j3", trigger=broken)
    with Flow("t") as f:
        a, b, c = ok(), bad(), bad()
        join(upstream_tasks=[a, b])
        join(upstream_tasks=[a, b, c])
        j2(upstream_tasks=[a])
        j3(upstream_tasks=[a])
    return run(f)


@situation
def all_triggers():
    @task
    def ok():
        return 1

    @task
    def bad():
        raise ValueError()

    @task
    def sk():
        raise SKIP("s")

    with Flow("t") as f:
        o, b, s = ok(), bad(), sk()
        for n, tr in [
            ("all_successful", T.all_successful),
            ("all_failed", T.all_failed),
            ("all_finished", T.all_finished),
            ("any_s", T.any_successful),
            ("any_f", T.any_failed),
            ("some1", T.some_successful(at_least=1)),
            ("some2", T.some_successful(at_least=0.9)),
            ("somef", T.some_failed(at_most=0.4)),
            ("nas", T.not_all_skipped),
            ("always", T.always_run),
        ]:
            for ups, m in [([o, b], "ob"), ([b], "b"), ([o], "o"), ([], ""), ([s], "s"), ([s, o], "so")]:
                Task(name=n + "-" + m, trigger=tr, skip_on_upstream_skip=False).set_dependencies(f, upstream_tasks=ups)
    return run(f)


@situation
def reference_tasks():
    @task
    def bad():
        raise ValueError("no")

    with Flow("r") as f:
        b = bad()
        inc(1, upstream_tasks=[])
        cleanup = task(lambda: 1, name="cleanup", trigger=T.all_finished)(upstream_tasks=[b])
    r1 = run(f)
    f.set_reference_tasks([cleanup, b])
    r2 = run(f)
    e = err(f.set_reference_tasks, [Task()])
    f.set_reference_tasks([])
    r3 = graph(f)
    return [r1, r2, e, r3]


@situation
def run_single():
    return [
        inc.run(1),
        add.run(1, y=4),
        err(inc.run),
        err(inc, 1),
        err(lambda: inc.map([1])),
        inc.name,
        repr(inc),
        list(inspect.signature(inc).parameters),
        err(lambda: inc + 1),
    ]


@situation
def task_states_given():
    with Flow("ts") as f:
        a = inc(1)
        b = inc(a)
        inc(b)
    return [
        run(f, task_states={a: S.Success(result=100)}),
        run(f, task_states={b: S.Failed("given")}),
        run(f, task_states={a: S.Skipped("sk")}),
        run(f, task_states={b: S.Cached(result=5)}),
    ]


@situation
def terminal_handler():
    def th(flow, state, refs):
        return S.Failed("changed %d" % len(refs), result=state.result) if state.is_successful() else None

    with Flow("t", terminal_state_handler=th) as f:
        inc(1)
    return run(f)


@situation
def retry_on():
    n = collections.Counter()

    @task(max_retries=3, retry_delay=Z, retry_on=(KeyError, OSError))
    def r(k):
        n[k] += 1
        if n[k] == 1:
            raise KeyError("a")
        if n[k] == 2:
            raise FileNotFoundError("x")
        raise ValueError("end")

    with Flow("r") as f:
        r("a")
    return [run(f), dict(n)]


@situation
def raise_retry_signal():
    n = collections.Counter()

    @task
    def r():
        n[0] += 1
        if n[0] < 3:
            raise RETRY("again", start_time=pendulum.now("utc"))
        return prefect.context.task_run_count

    with Flow("r") as f:
        r()
    return [run(f), dict(n)]


@situation
def raise_on_exc():
    from prefect.utilities.debug import raise_on_exception

    @task
    def bad():
        raise ZeroDivisionError("z")

    with Flow("r") as f:
        bad()

    def go():
        with raise_on_exception():
            f.run()

    return err(go)


@situation
def pause_resume():
    import builtins

    real = builtins.input
    asked = []

    def fake(prompt=""):
        asked.append(prompt)
        return "y"

    builtins.input = fake
    try:

        @task(trigger=T.manual_only)
        def m(x):
            return x

        from prefect.utilities.tasks import pause_task

        @task
        def p():
            pause_task("hold")
            return "ok"

        with Flow("p") as f:
            m(1)
            p()
        return [run(f), sorted(asked)]
    finally:
        builtins.input = real


@situation
def on_failure_order():
    ev = []

    def of(t, s):
        ev.append([type(s).__name__, s.message])

    n = [0]

    @task(max_retries=1, retry_delay=Z, on_failure=of)
    def bad():
        n[0] += 1
        raise ValueError(n[0])

    @task(on_failure=of)
    def dep(x):
        pass

    with Flow("o") as f:
        dep(bad())
    return [run(f), ev]


@situation
def handler_exceptions():
    def h(t, o, n):
        if n.is_running():
            raise KeyError("h")

    def h2(t, o, n):
        if n.is_successful():
            raise SKIP("hs")

    def h3(f, o, n):
        if n.is_finished():
            raise ValueError("flowhandler")

    with Flow("h") as f:
        inc(1, task_args=dict(state_handlers=[h]))
        inc(1, task_args=dict(state_handlers=[h2]))
    with Flow("h3", state_handlers=[h3]) as g:
        inc(1)
    return [run(f), run(g)]


@situation
def reduce_exceptions():
    @task
    def b(x):
        if x:
            raise ValueError(x)
        return 0

    @task(trigger=T.all_finished)
    def rep(xs):
        return [repr(x) for x in xs]

    @task(trigger=T.some_failed(at_least=1))
    def alert(xs):
        return len(xs)

    with Flow("r") as f:
        m = b.map([0, 1, 2])
        rep(m)
        alert(m)
        rep(b(5))
    f.set_reference_tasks([f.get_tasks("rep")[0]])
    return run(f)


@situation
def cleanup_pattern():
    @task
    def create():
        return "cluster"

    @task
    def work(c):
        raise RuntimeError("died")

    @task(trigger=T.always_run)
    def destroy(c):
        return "gone " + c

    with Flow("c") as f:
        c = create()
        w = work(c)
        destroy(c, upstream_tasks=[w])
        f.set_reference_tasks([w])
    return [graph(f), run(f)]


@situation
def state_handler_retry_count():
    out = []

    def sh(t, o, n):
        if isinstance(n, S.Retrying):
            out.append([n.run_count, n.message])
        if n.is_finished() and not n.is_failed():
            n.message = "patched"
        return n

    k = [0]

    @task(max_retries=2, retry_delay=Z, state_handlers=[sh])
    def flaky():
        k[0] += 1
        if k[0] < 3:
            raise OSError("x")
        return k[0]

    with Flow("h") as f:
        flaky()
    return [run(f), out]


@situation
def flow_state_handler_seq():
    ev = []

    def a(fl, o, n):
        ev.append(["a", str(o), str(n)])

    def b(fl, o, n):
        ev.append(["b", str(o), str(n)])
        return S.Success("forced", result=n.result) if n.is_failed() else n

    @task
    def bad():
        raise ValueError

    with Flow("h", state_handlers=[a, b]) as f:
        bad()
    return [run(f), ev]


@situation
def endrun_signal():
    @task
    def e():
        raise ENDRUN(S.Success("ended", result=4))

    @task
    def v():
        raise VALIDATIONFAIL("vf", result=1)

    @task
    def tf():
        raise TRIGGERFAIL("tf")

    with Flow("t") as f:
        ident(e())
        v()
        tf()
    return run(f)


@situation
def return_state():
    @task
    def r():
        return S.Failed("as value")

    @task
    def raising():
        raise KeyError("q")

    with Flow("t") as f:
        ident(r())
        raising()
    return run(f)


@situation
def keyboard():
    @task
    def b():
        raise KeyboardInterrupt()

    with Flow("t") as f:
        ident(b())
    return err(run, f)


@situation
def sys_exit():
    @task
    def b():
        raise SystemExit(2)

    with Flow("t") as f:
        b()
    return err(run, f)


@situation
def base_exceptions():
    @task
    def b():
        raise BaseException("base")

    with Flow("t") as f:
        b()
    return err(f.run)


@situation
def gen_and_async():
    @task
    def g():
        return (i for i in range(3))

    @task
    async def a():
        return 1

    with Flow("t") as f:
        ident(g())
        inc.map(g())
    r = run(f)
    return r


@situation
def deep_chain():
    with Flow("l") as f:
        x = inc(0)
        for _ in range(400):
            x = inc(x)
    st = f.run()
    look_at(None)
    return [st.result[x].result, f.slugs[x]]


@situation
def notifier_in_flow():
    from prefect.utilities.notifications import callback_factory

    sent = []
    h = callback_factory(
        lambda o, s: sent.append([repr(o), repr(s)]), check=lambda s: isinstance(s, (S.Failed, S.Retrying))
    )

    @task(state_handlers=[h], max_retries=1, retry_delay=Z)
    def bad():
        raise ValueError("q")

    with Flow("n", state_handlers=[h]) as f:
        bad()
    return [run(f), sent]


@situation
def upstream_none_result():
    @task
    def none():
        pass

    with Flow("n") as f:
        ident(none())
        merge(none(), inc(1))
        [inc.map(none())]
    return run(f)
