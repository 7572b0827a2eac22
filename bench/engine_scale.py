"""How the local engine grows: a map of n items at several n, and the building of a flow of 1,000 tasks.

    INTERPRETER engine_scale.py [--sizes 10000,30000,100000] [--repeat 3]

Runs unchanged on prefect==1.4.1 and on any package named `prefect` with the same API (give small sizes to the former).
For each size a process of its own, so that one measurement does not inherit the memory of another: CPU time of one
flow.run() of a mapped task over n items, and the growth of the resident memory from before the run to its peak and to
its end (with the final state still held), less what the values alone take. Linear means: us_per_task stays the same.
Prints one JSON line per size and one for the building.
"""
import argparse
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from _common import PAGE, Out, cpu_s, med, peak_rss_mb, rnd  # noqa: E402

ap = argparse.ArgumentParser()
ap.add_argument("--sizes", default="10000,30000,100000")
ap.add_argument("--repeat", type=int, default=3)
ap.add_argument("--one", type=int, help="measure this size in this process")
ap.add_argument("--build", action="store_true", help="measure the building in this process")


def rss():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * PAGE


def forget_peak():
    """Let the kernel count the peak of the resident memory from now on."""
    with open("/proc/self/clear_refs", "w") as f:
        f.write("5")


def peak():
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith("VmHWM"))


def one(out, n):
    import prefect
    from prefect import Flow, task
    from prefect.executors import LocalExecutor

    @task
    def inc(x):
        return x + 1

    def flow_of(count):
        with Flow("bench-scale", executor=LocalExecutor()) as flow:
            last = inc.map(list(range(1000, 1000 + count)))
        return flow, last

    flow_of(10)[0].run()  # what is loaded at the first run is not the items' cost
    flow, last = flow_of(n)
    start = rss()
    values = list(range(10 ** 9, 10 ** 9 + n))
    values_alone = rss() - start
    del values
    forget_peak()
    start, c, t = rss(), cpu_s(), time.perf_counter()
    state = flow.run()
    wall, cpu = time.perf_counter() - t, cpu_s() - c
    top, end = peak() - start, rss() - start
    if state.result[last].result != list(range(1001, 1001 + n)):
        out.fail("wrong result")
    out.emit(bench="engine_scale", impl="prefect " + prefect.__version__, n=n, wall_s=rnd(wall), cpu_s=rnd(cpu),
             us_per_task=rnd(cpu / n * 1e6, 2), bytes_per_item_peak=round((top - values_alone) / n),
             bytes_per_item_end=round((end - values_alone) / n), peak_rss_mb=peak_rss_mb())


def build(out, repeat):
    import prefect
    from prefect import Flow, task

    @task
    def inc(x):
        return x + 1

    walls = []
    for _ in range(repeat + 1):
        t = time.perf_counter()
        with Flow("bench-build"):
            last = inc(0)
            for _ in range(999):
                last = inc(last)
        walls.append(time.perf_counter() - t)
    out.emit(bench="engine_build", impl="prefect " + prefect.__version__, tasks=1000, build_s=rnd(med(walls), 4),
             first_s=rnd(walls[0], 4))


def main():
    a = ap.parse_args()
    if a.one or a.build:
        out = Out(mute=True)
        return one(out, a.one) if a.one else build(out, a.repeat)
    for n in [int(x) for x in a.sizes.split(",")]:
        for _ in range(a.repeat):
            subprocess.check_call([sys.executable, os.path.abspath(__file__), "--one", str(n)])
    subprocess.check_call([sys.executable, os.path.abspath(__file__), "--build", "--repeat", str(a.repeat)])


if __name__ == "__main__":
    main()
