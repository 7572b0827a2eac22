"""What a person waits for who works on flows: `prefect dev`, fixtures of tests, the API inside a process.

    python develop.py [--starts 5] [--saves 20] [--tests 50]

One JSON line per figure: dev_ready (from the command to its banner), dev_saved (from the moment a file is saved to the line
that tells of its registration), fixture (a fresh backend, made and ended), run_flow (a run of two tasks in it, all told and
read back), embedded_first (a new interpreter to its first answer, beside an interpreter that only imports the package).
All are wall times in ms: median, smallest, and 95th percentile; cpu_ms is CPU time of the process itself (dev_ready, fixture): it hardly depends on who else is at work.
"""
import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _common import CLK, Out  # noqa: E402

FLOW = "from prefect import Flow, task\n@task\ndef one():\n    return 1\nwith Flow('flow %d') as flow:\n    one()\n"


def figures(times):
    times = sorted(1000 * t for t in times)
    return {"median_ms": round(times[len(times) // 2], 1), "min_ms": round(times[0], 1),
            "p95_ms": round(times[min(len(times) - 1, int(len(times) * 0.95))], 1), "n": len(times)}


def environ(home):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
    return {**clean, "HOME": home, "PREFECT__HOME_DIR": os.path.join(home, ".prefect"), "PYTHONUNBUFFERED": "1"}


class Dev:
    def __init__(self, folder):
        self.process = subprocess.Popen([sys.executable, "-m", "prefect", "dev", "flow.py", "--port", "0"], cwd=folder,
                                        env=environ(folder), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def until(self, pattern):
        for line in self.process.stdout:
            if re.search(pattern, line):
                return time.perf_counter()
        raise SystemExit("prefect dev ended with %s" % self.process.wait())

    def cpu(self):
        fields = open("/proc/%d/stat" % self.process.pid).read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / CLK

    def end(self):
        self.process.send_signal(signal.SIGINT)
        self.process.communicate()


def dev(out, starts, saves):
    ready, saved, cpu = [], [], []
    for number in range(starts + 1):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "flow.py")
            with open(path, "w") as file:
                file.write(FLOW % 0)
            begun = time.perf_counter()
            running = Dev(folder)
            told = running.until("Web UI")
            if number:  # the first one fills caches
                ready.append(told - begun)
                cpu.append(running.cpu())
            running.until("'flow 0' registered")
            if number == starts:
                for count in range(1, saves + 1):
                    with open(path + ".new", "w") as file:
                        file.write(FLOW % count)
                    begun = time.perf_counter()
                    os.replace(path + ".new", path)
                    saved.append(running.until("'flow %d' registered" % count) - begun)
            running.end()
    out.emit(bench="dev_ready", cpu_ms=figures(cpu)["median_ms"], **figures(ready))
    out.emit(bench="dev_saved", **figures(saved))


def tests(out, count):
    from prefect import Flow, task
    from prefect.testing import in_process_server
    from prefect.utilities.logging import temporary_logger_config

    @task
    def one():
        return 1

    with Flow("two") as flow:
        one(upstream_tasks=[one()])
    made, ran, cpu = [], [], []
    with temporary_logger_config(100), tempfile.TemporaryDirectory() as folder:
        for number in range(count + 1):
            begun, used = time.perf_counter(), time.process_time()
            with in_process_server(os.path.join(folder, str(number))) as server:
                middle, middle_used = time.perf_counter(), time.process_time()
                server.run(flow)
                after, after_used = time.perf_counter(), time.process_time()
            ended, ended_used = time.perf_counter(), time.process_time()
            if number:  # the first one loads the server and makes the tables
                made.append(ended - after + middle - begun)
                cpu.append(ended_used - after_used + middle_used - used)
                ran.append(after - middle)
    out.emit(bench="fixture", cpu_ms=figures(cpu)["median_ms"], **figures(made))
    out.emit(bench="run_flow", **figures(ran))


def embedded(out, count):
    sources = {"import": "import prefect; from prefect import Client",
               "embedded_first": "from prefect import Client; Client().graphql('{ project { id } }')"}
    times = {name: [] for name in sources}
    with tempfile.TemporaryDirectory() as home:
        env = {**environ(home), "PREFECT__SERVER__ENDPOINT": "embedded"}
        for number in range(count + 1):
            for name, source in sources.items():
                begun = time.perf_counter()
                subprocess.run([sys.executable, "-c", source], env=env, check=True)
                if number:
                    times[name].append(time.perf_counter() - begun)
    for name in sources:
        out.emit(bench=name, **figures(times[name]))


ap = argparse.ArgumentParser()
ap.add_argument("--starts", type=int, default=5)
ap.add_argument("--saves", type=int, default=20)
ap.add_argument("--tests", type=int, default=50)
a = ap.parse_args()
out = Out()
dev(out, a.starts, a.saves)
embedded(out, a.starts)
tests(out, a.tests)
