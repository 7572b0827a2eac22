"""What a page costs the server, and whether its memory grows.

    .venv/bin/python bench/page.py [--pages 300] [--soak 20000] [--warm-up 10000]

Page: 50 flow runs, each with its flow and 20 task runs, by one client; server CPU in ms for each page.
Soak: so many runs created, claimed and ended by 8 clients after a warm-up; growth of private memory in percent.
One new server on a new SQLite file; prints one JSON line.
"""
import argparse
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _common import Out, pct, proc_figures, rnd  # noqa: E402

ap = argparse.ArgumentParser()
ap.add_argument("--pages", type=int, default=300)
ap.add_argument("--soak", type=int, default=20_000)
ap.add_argument("--warm-up", type=int, default=10_000, help="runs before the soak: SQLite's caches must be full")
args = ap.parse_args()
out = Out()
PORT = 4298
PAGE = ("query($f: uuid) { flow_run(where: {flow_id: {_eq: $f}}, order_by: {created: desc}, limit: 50) { id name state "
        "start_time end_time flow { id name } task_runs(order_by: {created: asc}) { id name state start_time end_time "
        "task { name } } } }")


class Client:
    def __init__(self):
        self.conn = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)

    def raw(self, query, variables=None):
        self.conn.request("POST", "/", json.dumps({"query": query, "variables": variables}),
                          {"Content-Type": "application/json"})
        return self.conn.getresponse().read()

    def do(self, name, what, /, **given):
        said = json.loads(self.raw("mutation($input: %s_input!) { %s(input: $input) { %s } }" % (name, name, what),
                                   {"input": given}))
        if "errors" in said:
            out.fail(json.dumps(said["errors"]))
        return said["data"][name]


def private_mb(pid):
    """Memory that is the process' own: the mapped database file is not."""
    with open("/proc/%d/status" % pid) as f:
        return round(sum(int(line.split()[1]) for line in f if line.startswith("RssAnon")) / 1024, 1)


def flow(client, project, name, tasks):
    listed = [{"slug": "t-%d" % i, "name": "t%d" % i} for i in range(tasks)]
    return client.do("create_flow", "id", project_id=project, serialized_flow={
        "name": name, "tasks": listed, "edges": [], "parameters": [], "storage": {"type": "Local"},
        "run_config": {"type": "UniversalRun", "labels": []}, "__version__": "1.4.1"})["id"]


def live_and_die(flow_id, n):
    client = Client()
    for _ in range(n):
        run_id = client.do("create_flow_run", "id", flow_id=flow_id)["id"]
        for state in ("Submitted", "Running"):
            client.do("set_flow_run_states", "states { id }", states=[{"flow_run_id": run_id, "state": {"type": state}}])
        client.do("write_run_logs", "success", logs=[{"flow_run_id": run_id, "message": "line"}])
        client.do("set_flow_run_states", "states { id }", states=[{"flow_run_id": run_id, "state": {"type": "Success"}}])


def crowd(flow_id, n, clients=8):
    threads = [threading.Thread(target=live_and_die, args=(flow_id, n // clients)) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


with tempfile.TemporaryDirectory() as folder:
    env = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT")} | {"PREFECT__HOME_DIR": folder}
    server = subprocess.Popen([sys.executable, "-m", "prefect", "server", "start", "--hide-welcome", "--port", str(PORT),
                               "--database-url", "sqlite:///%s/p.db" % folder], env=env, stdout=subprocess.DEVNULL)
    try:
        for _ in range(300):
            try:
                http.client.HTTPConnection("127.0.0.1", PORT, timeout=1).request("GET", "/health")
                break
            except OSError:
                time.sleep(0.1)
        client = Client()
        project = client.do("create_project", "id", name="p")["id"]
        wide, small = flow(client, project, "wide", 20), flow(client, project, "small", 2)
        for _ in range(50):
            client.do("create_flow_run", "id", flow_id=wide)
        for _ in range(20):
            size = len(client.raw(PAGE, {"f": wide}))
        cpu, took = proc_figures([server.pid])["cpu_s"], []
        for _ in range(args.pages):
            begun = time.perf_counter()
            client.raw(PAGE, {"f": wide})
            took.append((time.perf_counter() - begun) * 1e3)
        cpu = (proc_figures([server.pid])["cpu_s"] - cpu) * 1e3 / args.pages
        idle = proc_figures([server.pid])["rss_mb"]
        crowd(small, args.warm_up)
        before = private_mb(server.pid)
        begun = time.time()
        crowd(small, args.soak)
        soak_s = time.time() - begun
        after = private_mb(server.pid)
    finally:
        server.terminate()
        server.wait(30)
out.emit(bench="page", database="sqlite", page_cpu_ms=rnd(cpu, 2), page_p50_ms=rnd(pct(took, 50), 2), page_bytes=size,
         rss_mb_first=idle, private_mb_warm=before, private_mb_after=after, growth_percent=rnd((after / before - 1) * 100, 1),
         soak_runs=args.soak, soak_s=rnd(soak_s, 1))
