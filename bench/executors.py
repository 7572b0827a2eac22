"""What the executors add to the work itself.

    INTERPRETER executors.py threads   [--n 1000 --ms 10 --workers 16 --repeat 4]
    INTERPRETER executors.py dask      [--n 2500 --repeat 4]

threads: a map of n tasks that each sleep, on LocalDaskExecutor("threads"); ideal = n * ms / workers, the same from bare
threads beside it.  dask: a map of n trivial tasks on DaskExecutor, and n plain futures of `distributed` with the same
function, in turn on one cluster of two worker processes (one thread each); over = executor's wall time / futures', of
all repeats together: many short turns, so that what else the machine does falls on both.
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
ap.add_argument("--repeat", type=int, default=4)


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

    def futures(n):
        with Client(address, set_as_default=False) as client:
            return client.gather([client.submit(add_one, x, pure=False) for x in range(n)])

    def mapped(n):
        with Flow("bench-dask", executor=DaskExecutor(address=address)) as flow:
            last = task(add_one, name="add_one").map(list(range(n)))
        state = flow.run()
        return state.result[last].result if state.is_successful() else state

    n, took = a.n or 2500, {futures: [], mapped: []}
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as cluster:
        address = cluster.scheduler_address
        for way in took:  # what is loaded at the first call is not the items' cost
            way(200)
        for _ in range(a.repeat):
            for way, walls in took.items():
                t = time.perf_counter()
                got = way(n)
                walls.append(time.perf_counter() - t)
                if got != list(range(1, n + 1)):
                    out.fail("wrong result: %.200r" % (got,))
    ours, theirs = sum(took[mapped]), sum(took[futures])
    out.emit(bench="executor_dask", impl="prefect " + prefect.__version__, n=n * a.repeat, wall_s=rnd(ours), futures_s=rnd(theirs),
             over=rnd(ours / theirs), walls_s=[rnd(x) for x in took[mapped]],
             futures_walls_s=[rnd(x) for x in took[futures]])


def main():
    a = ap.parse_args()
    out = Out(mute=True)
    (threads if a.what == "threads" else dask)(a, out)


if __name__ == "__main__":
    main()
