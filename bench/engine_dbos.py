"""What a step of DBOS costs: a workflow of trivial steps, each made durable in SQLite, in one process.

    .peers/dbos/bin/python engine_dbos.py --workload chain|map|threads --n 200 [--repeat 3]

chain: steps one after the other in one workflow.  map: the same with the elements of a list.  threads:
n one-step workflows at once, in its pool of threads.  Prints one JSON line; cpu_s is the process, which does everything.
"""
import argparse
import os
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _common import Out, cpu_s, med, rnd  # noqa: E402

ap = argparse.ArgumentParser()
ap.add_argument("--workload", choices=["chain", "map", "threads"], default="chain")
ap.add_argument("--n", type=int, default=200)
ap.add_argument("--repeat", type=int, default=3)


def main():
    a = ap.parse_args()
    out = Out(mute=True)
    from importlib.metadata import version

    from dbos import DBOS

    folder = tempfile.mkdtemp()
    DBOS(config={"name": "bench", "system_database_url": "sqlite:///%s/dbos.db" % folder, "run_admin_server": False})

    @DBOS.step()
    def inc(x):
        return x + 1

    @DBOS.workflow()
    def chain(n):
        x = 0
        for _ in range(n):
            x = inc(x)
        return x

    @DBOS.workflow()
    def mapped(n):
        return [inc(i) for i in range(n)]

    @DBOS.workflow()
    def one(x):
        return inc(x)

    def threads(n):
        return [handle.get_result() for handle in [DBOS.start_workflow(one, i) for i in range(n)]]

    fn = {"chain": chain, "map": mapped, "threads": threads}[a.workload]
    want = a.n if a.workload == "chain" else list(range(1, a.n + 1))
    DBOS.launch()
    chain(2)
    walls, cpus = [], []
    for _ in range(a.repeat):
        c, t = cpu_s(), time.perf_counter()
        res = fn(a.n)
        walls.append(time.perf_counter() - t)
        cpus.append(cpu_s() - c)
        if res != want:
            out.fail("wrong result")
    out.emit(bench="engine_dbos", impl="dbos " + version("dbos"), workload=a.workload, n=a.n, repeat=a.repeat,
             wall_s=rnd(med(walls)), cpu_s=rnd(med(cpus)), us_per_task=rnd(med(walls) / a.n * 1e6, 1))
    DBOS.destroy()


if __name__ == "__main__":
    main()
