"""Where the microseconds of a task run go: the whole, and its parts measured alone.

    .venv/bin/python bench/task_path.py [--n 10000 --repeat 7]

CPU time per task or per call, the best of the repeats; output to /dev/null. Only for ours: the parts are named by where
they are. Prints one JSON line, whose fields are the rows of docs/decisions/0010-where-the-microseconds-go.md.
"""
import argparse
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _common import Out, cpu_s, rnd  # noqa: E402

ap = argparse.ArgumentParser()
ap.add_argument("--n", type=int, default=10000)
ap.add_argument("--repeat", type=int, default=7)


def main():
    a = ap.parse_args()
    out = Out(mute=True)
    import logging

    import prefect
    from prefect import Flow, task
    from prefect.engine import TaskRunner
    from prefect.engine.mapping import element_of
    from prefect.engine.result import Result
    from prefect.engine.state import Pending, Running, Success
    from prefect.executors import LocalExecutor
    from prefect.utilities.context import context, current_content
    from prefect.utilities.logging import get_logger

    @task
    def inc(x):
        return x + 1

    def per_item(work, calls):
        work()
        best = None
        for _ in range(a.repeat):
            c = cpu_s()
            work()
            took = (cpu_s() - c) / calls * 1e6
            best = took if best is None else min(best, took)
        return rnd(best, 2)

    def per_call(do):
        def work():
            for _ in range(a.n):
                do()
        return per_item(work, a.n)

    with Flow("bench-map", executor=LocalExecutor()) as mapped:
        inc.map(list(range(a.n)))
    with Flow("bench-chain", executor=LocalExecutor()) as chain:
        last = inc(0)
        for _ in range(999):
            last = inc(last)
    (edge,) = mapped.edges_to(next(t for t in mapped.tasks if t.name == "inc"))
    child, parent, seen = edge.downstream_task, Success(result=[1, 2, 3]), {}

    def in_a_run():
        seen.update(current_content())
    with Flow("bench-context", executor=LocalExecutor()) as flow:
        task(in_a_run)()
    flow.run()
    seen.pop("logger", None)

    def enter():
        with context(seen.copy()):
            pass

    def run_one():
        TaskRunner(task=child).run(upstream_states={edge: element}, context={**seen, "map_index": 1})

    view, logger = element_of(parent), get_logger("TaskRunner")
    element = view(0)
    with context(seen):
        one_record = per_call(lambda: logger.info("Task '%s': Starting task run...", "inc[1]"))
    rows = {"map_item": per_item(mapped.run, a.n), "chain_task": per_item(chain.run, 1000), "one_log_record": one_record}
    logging.getLogger("prefect").setLevel(logging.CRITICAL)
    rows.update(
        map_item_without_logs=per_item(mapped.run, a.n),
        task_runner_without_logs=per_call(run_one),
        context_entered_and_left=per_call(enter),
        three_states=per_call(lambda: (Pending(), Running("m"), Success("m", Result(1)))),
        task_runner_made=per_call(lambda: TaskRunner(task=child)),
        upstream_element=per_call(lambda: view(1)),
        the_function_itself=per_call(lambda: child.run(1)),
    )
    out.emit(bench="task_path", impl="prefect " + prefect.__version__, n=a.n, **rows)


if __name__ == "__main__":
    main()
