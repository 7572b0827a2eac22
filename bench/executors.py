"""What the executors add to the work itself.

    INTERPRETER executors.py threads   [--n 1000 --ms 10 --workers 16 --repeat 3]
    INTERPRETER executors.py dask      [--n 10000 --repeat 3]

threads: a map of n tasks that each sleep, on LocalDaskExecutor("threads"); ideal = n * ms / workers, the same from bare
threads beside it.  dask: a map of n trivial tasks on DaskExecutor, and n plain futures of `distributed` with the same
function, in turn on one cluster of two worker processes (one thread each); over = executor's wall time / futures'.
Prints one JSON line.  Runs unchanged on prefect==1.4.1.
"""
import argparse
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _common import Out, cpu_s, med, rnd  # noqa: E402

ap = argparse.ArgumentParser()
ap.add_argument("what", choices=["threads", "dask"])
ap.add_argument("--n", type=int)
ap.add_argument("--ms", type=float, default=10)
ap.add_argument("--workers", type=int, default=16)
ap.add_argument("--repeat", type=int, default=3)


def threads(a, out):
    from concurrent.futures import ThreadPoolExecutor

    import prefect
    from prefect import Flow, task
    from prefect.executors import LocalDaskExecutor

    n, seconds = a.n or 1000, a.ms / 1000
    ideal = n * seconds / a.workers

    @task
    def nap(x):
        time.sleep(seconds)
        return x

    with Flow("bench-threads", executor=LocalDaskExecutor("threads", num_workers=a.workers)) as flow:
        last = nap.map(list(range(n)))
    walls, cpus, bare = [], [], []
    for _ in range(a.repeat):
        t = time.perf_counter()
        with ThreadPoolExecutor(a.workers) as pool:
            list(pool.map(lambda x: time.sleep(seconds), range(n)))
        bare.append(time.perf_counter() - t)
        c, t = cpu_s(), time.perf_counter()
        state = flow.run()
        walls.append(time.perf_counter() - t)
        cpus.append(cpu_s() - c)
        if state.result[last].result != list(range(n)):
            out.fail("wrong result")
    w = med(walls)
    out.emit(bench="executor_threads", impl="prefect " + prefect.__version__, n=n, ms=a.ms, workers=a.workers,
             ideal_s=rnd(ideal), wall_s=rnd(w), over=rnd(w / ideal), bare_threads_s=rnd(med(bare)), cpu_s=rnd(med(cpus)),
             walls_s=[rnd(x) for x in walls])


def add_one(x):
    return x + 1


def dask(a, out):
    from distributed import Client, LocalCluster

    import prefect
    from prefect import Flow, task
    from prefect.executors import DaskExecutor

    n = a.n or 10000
    want = list(range(1, n + 1))
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as cluster:
        with Flow("bench-dask", executor=DaskExecutor(address=cluster.scheduler_address)) as flow:
            last = task(add_one, name="add_one").map(list(range(n)))
        ours, theirs = [], []
        for turn in range(a.repeat + 1):
            t = time.perf_counter()
            with Client(cluster.scheduler_address, set_as_default=False) as client:
                got = client.gather([client.submit(add_one, x, pure=False) for x in range(n)])
            futures_s = time.perf_counter() - t
            if got != want:
                out.fail("wrong result of the futures")
            t = time.perf_counter()
            state = flow.run()
            flow_s = time.perf_counter() - t
            if not state.is_successful() or state.result[last].result != want:
                out.fail("wrong result: %r" % state)
            if turn:  # the first one warms the workers up
                ours.append(flow_s)
                theirs.append(futures_s)
    out.emit(bench="executor_dask", impl="prefect " + prefect.__version__, n=n, wall_s=rnd(med(ours)),
             futures_s=rnd(med(theirs)), over=rnd(med(ours) / med(theirs)), walls_s=[rnd(x) for x in ours],
             futures_walls_s=[rnd(x) for x in theirs])


def main():
    a = ap.parse_args()
    out = Out(mute=True)
    (threads if a.what == "threads" else dask)(a, out)


if __name__ == "__main__":
    main()
