"""What a step of Restate costs: a handler of trivial steps, each made durable in the log of its server.

    .peers/restate/bin/python engine_restate.py --workload chain|map|threads --n 200 [--repeat 3]

chain: steps one after the other in one invocation.  map: the same with the elements of a list.  threads: n invocations of
one step, sixteen at a time.  The server (npm: @restatedev/restate-server, beside the interpreter's folder) and the
process of the handlers (restate_sdk on hypercorn) are started here, with their data in a folder of their own.  Prints one JSON line;
cpu_s is the process of the handlers, server_cpu_s the server, less what it takes when nothing is asked of it.
"""
import argparse
import glob
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _common import CLK, med, rnd  # noqa: E402

ap = argparse.ArgumentParser()
ap.add_argument("--workload", choices=["chain", "map", "threads"], default="chain")
ap.add_argument("--n", type=int, default=200)
ap.add_argument("--repeat", type=int, default=3)
ap.add_argument("--serve", type=int, help=argparse.SUPPRESS)
STARTS_WITHIN_SECONDS = 120


def serve(port):
    """Be the process of the handlers."""
    import asyncio

    import restate
    from hypercorn.asyncio import serve as hypercorn
    from hypercorn.config import Config

    service = restate.Service("bench")
    times = []

    def inc(x):
        times.append(time.perf_counter())
        return x + 1

    @service.handler()
    async def chain(ctx: restate.Context, n: int) -> int:
        x = 0
        for _ in range(n):
            x = await ctx.run_typed("inc", lambda x=x: inc(x))
        return x

    @service.handler()
    async def mapped(ctx: restate.Context, n: int) -> list[int]:
        return [await ctx.run_typed("inc", lambda i=i: inc(i)) for i in range(n)]

    @service.handler()
    async def begun(ctx: restate.Context, _: int) -> list[float]:
        found, times[:] = [*times], []
        return found

    config = Config()
    config.bind, config.loglevel = ["127.0.0.1:%d" % port], "ERROR"
    asyncio.run(hypercorn(restate.app([service]), config))


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def post(url, value):
    request = urllib.request.Request(url, json.dumps(value).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=600) as answer:
        return json.loads(answer.read() or b"null")


def wait_for(work, process):
    end = time.monotonic() + STARTS_WITHIN_SECONDS
    while True:
        try:
            return work()
        except OSError as error:
            if time.monotonic() > end or process.poll() is not None:
                raise SystemExit("Restate does not start: %s" % error) from error
            time.sleep(0.1)


class Restate:
    """A server with a process of handlers."""

    def __init__(self, url, service, server):
        self.url, self._service, self._server = url, service, server

    def call(self, handler, value=None):
        return post("%s/bench/%s" % (self.url, handler), value)

    def cpu_s(self):
        """Give what both have taken so far: the process of the handlers, the server."""
        return [sum(int(part) for part in open("/proc/%d/stat" % one.pid).read().rsplit(")", 1)[1].split()[11:13]) / CLK
                for one in (self._service, self._server)]


@contextmanager
def restate():
    # Not by the script of Node that starts it: its CPU is what counts.
    [binary] = glob.glob(os.path.join(sys.prefix, "node_modules", "@restatedev", "restate-server-*", "bin", "restate-server"))
    with ExitStack() as ending:
        folder = ending.enter_context(tempfile.TemporaryDirectory())
        ingress, admin, node, handlers = (free_port() for _ in range(4))
        said = ending.enter_context(open(os.path.join(folder, "log"), "wb"))

        def start(command, env):
            process = subprocess.Popen(command, env=env, cwd=folder, stdout=said, stderr=said)
            ending.callback(process.wait)
            ending.callback(process.kill)
            return process

        service = start([sys.executable, os.path.abspath(__file__), "--serve", str(handlers)], dict(os.environ))
        server = start([binary, "--base-dir", folder, "--node-name", "bench"], {
            **os.environ, "DO_NOT_TRACK": "1", "RESTATE_LOG_FILTER": "error",
            "RESTATE_INGRESS__BIND_ADDRESS": "127.0.0.1:%d" % ingress,
            "RESTATE_ADMIN__BIND_ADDRESS": "127.0.0.1:%d" % admin,
            "RESTATE_BIND_ADDRESS": "127.0.0.1:%d" % node,
            "RESTATE_ADVERTISED_ADDRESS": "http://127.0.0.1:%d" % node,
        })
        wait_for(lambda: socket.create_connection(("127.0.0.1", handlers)).close(), service)
        deployment = {"uri": "http://127.0.0.1:%d" % handlers}
        wait_for(lambda: post("http://127.0.0.1:%d/deployments" % admin, deployment), server)
        found = Restate("http://127.0.0.1:%d" % ingress, service, server)
        wait_for(lambda: found.call("chain", 2), server)
        found.call("begun", 0)
        yield found


def main():
    a = ap.parse_args()
    if a.serve:
        serve(a.serve)
        return
    from importlib.metadata import version

    with restate() as running:
        def threads(n):
            with ThreadPoolExecutor(16) as pool:
                return [found for one in pool.map(lambda _: running.call("mapped", 1), range(n)) for found in one]

        idle, begun = running.cpu_s(), time.perf_counter()
        threading.Event().wait(3)
        idle = [(after - before) / (time.perf_counter() - begun) for before, after in zip(idle, running.cpu_s())]
        walls, cpus = [], []
        for _ in range(a.repeat):
            before, begun = running.cpu_s(), time.perf_counter()
            if a.workload == "threads":
                result, want = threads(a.n), [1] * a.n
            else:
                result = running.call("chain" if a.workload == "chain" else "mapped", a.n)
                want = a.n if a.workload == "chain" else list(range(1, a.n + 1))
            walls.append(time.perf_counter() - begun)
            cpus.append([after - first - walls[-1] * rest for first, after, rest in zip(before, running.cpu_s(), idle)])
            if result != want:
                raise SystemExit("wrong result")
    print(json.dumps({
        "bench": "engine_restate", "impl": "restate " + version("restate_sdk"), "workload": a.workload, "n": a.n,
        "repeat": a.repeat, "wall_s": rnd(med(walls)), "cpu_s": rnd(med([one for one, _ in cpus])),
        "server_cpu_s": rnd(med([one for _, one in cpus])), "us_per_task": rnd(med(walls) / a.n * 1e6, 1),
    }))


if __name__ == "__main__":
    main()
