"""Does the server stay as quick with a long history?  One server, a new SQLite file, then the same file filled by SQL.

    .venv/bin/python bench/history.py [--runs 200000] [--tasks-per-run 5] [--logs 500000] [--requests 400]

Measures create, claim (queue look + Submitted), task-run state change and the list page (newest 50 runs with their
flow) before and after filling: p50 and p99 in ms of one client after the other, and the ratio of the p99s.  Each pair
is measured on the same machine within minutes; prints one JSON line.
"""
import argparse
import http.client
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _common import SQL_UUID, Out, pct, rnd  # noqa: E402

ap = argparse.ArgumentParser()
ap.add_argument("--runs", type=int, default=200_000)
ap.add_argument("--tasks-per-run", type=int, default=5)
ap.add_argument("--logs", type=int, default=500_000)
ap.add_argument("--requests", type=int, default=400)
args = ap.parse_args()
out = Out()
PORT = 4299
LIST = ("query { flow_run(order_by: {%s: desc}, limit: 50) { id name state start_time scheduled_start_time "
        "flow { id name project { name } } } }")


class Client:
    def __init__(self):
        self.conn = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)

    def ask(self, query, variables=None):
        self.conn.request("POST", "/", json.dumps({"query": query, "variables": variables}),
                          {"Content-Type": "application/json"})
        said = json.loads(self.conn.getresponse().read())
        if "errors" in said:
            out.fail(json.dumps(said["errors"]))
        return said["data"]

    def do(self, name, what, /, **given):
        return self.ask("mutation($input: %s_input!) { %s(input: $input) { %s } }" % (name, name, what),
                        {"input": given})[name]


def start(folder):
    env = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT")}
    env |= {"PREFECT__HOME_DIR": folder}
    process = subprocess.Popen([sys.executable, "-m", "prefect", "server", "start", "--hide-welcome", "--port", str(PORT),
                                "--database-url", "sqlite:///%s/p.db" % folder], env=env, stdout=subprocess.DEVNULL)
    end = time.time() + 60
    while time.time() < end:
        try:
            http.client.HTTPConnection("127.0.0.1", PORT, timeout=1).request("GET", "/health")
            return process
        except OSError:
            time.sleep(0.1)
    out.fail("the server does not answer")


def timed(n, work):
    took = []
    for i in range(n):
        begun = time.perf_counter()
        work(i)
        took.append((time.perf_counter() - begun) * 1e3)
    return {"p50_ms": rnd(pct(took, 50)), "p99_ms": rnd(pct(took, 99))}


def measure(client, flow_id, agent_id):
    n = args.requests
    client.conn = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
    made = []
    found = {"create": timed(n, lambda i: made.append(client.do("create_flow_run", "id", flow_id=flow_id)["id"]))}

    def claim(i):
        ids = client.do("get_runs_in_queue", "flow_run_ids")["flow_run_ids"]
        client.do("set_flow_run_states", "states { id }",
                  states=[{"flow_run_id": ids[0], "version": 1, "state": {"type": "Submitted"}}])
    found["claim"] = timed(n, claim)
    for run_id in made[:n // 2]:
        client.do("set_flow_run_states", "states { id }", states=[{"flow_run_id": run_id, "state": {"type": "Running"}}])
    tasks = [row["id"] for run_id in made[:n // 2] for row in client.ask(
        "query($id: uuid!) { task_run(where: {flow_run_id: {_eq: $id}}) { id } }", {"id": run_id})["task_run"]]
    found["state"] = timed(min(n, len(tasks)), lambda i: client.do(
        "set_task_run_states", "states { id }", states=[{"task_run_id": tasks[i], "state": {"type": "Running"}}]))
    for column in ("created", "scheduled_start_time", "start_time"):
        found["list by " + column] = timed(n // 4, lambda i: client.ask(LIST % column))
    for run_id in made:
        client.do("set_flow_run_states", "states { id }", states=[{"flow_run_id": run_id, "state": {"type": "Success"}}])
    return found


def fill(path):
    db = sqlite3.connect(path)
    db.executescript("PRAGMA synchronous=OFF; PRAGMA cache_size=-400000; PRAGMA temp_store=MEMORY;")

    def copy(table, source, replace, where):
        names = [row[1] for row in db.execute("PRAGMA table_info(%s)" % table)]
        values = ["(%s)" % replace[name] if name in replace else 'r."%s"' % name for name in names]
        db.execute("INSERT INTO %s (%s) SELECT %s FROM %s, (SELECT * FROM %s WHERE %s LIMIT 1) AS r"
                   % (table, ",".join('"%s"' % n for n in names), ",".join(values), source, table, where))
    when = "strftime('%Y-%m-%dT%H:%M:%S.000000+00:00', '2020-01-01', '+' || k.i || ' minutes')"
    times = dict.fromkeys(("created", "updated", "scheduled_start_time", "start_time", "end_time", "state_timestamp",
                           "heartbeat", "timestamp"), when)
    many = "(WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < %d) SELECT i FROM c) AS k"
    copy("flow_run", many % args.runs, times | {"id": SQL_UUID, "idempotency_key": "NULL"}, "state = 'Success'")
    db.execute("CREATE TEMP TABLE old AS SELECT id, row_number() OVER () AS i FROM flow_run WHERE created < '2025'")
    copy("flow_run_state", "old AS k", times | {"id": SQL_UUID, "flow_run_id": "k.id", "version": "1"}, "state = 'Success'")
    places = "(SELECT old.id, old.i, m.i AS place FROM old, %s) AS k" % (many % args.tasks_per_run).replace("AS k", "AS m")
    copy("task_run", places, times | {"id": SQL_UUID, "flow_run_id": "k.id", "map_index": "k.place", "state": "'Success'",
                                      "state_start_time": "NULL"}, "1")
    lines = "(SELECT old.id, old.i FROM old LIMIT %d) AS k" % args.logs
    for _ in range(max(1, args.logs // args.runs)):
        copy("log", lines, times | {"id": SQL_UUID, "flow_run_id": "k.id"}, "1")
    db.commit()
    counts = {t: db.execute("SELECT count(*) FROM " + t).fetchone()[0] for t in ("flow_run", "task_run", "log")}
    db.executescript("PRAGMA analysis_limit=400; PRAGMA optimize;")
    db.close()
    return counts


with tempfile.TemporaryDirectory() as folder:
    server = start(folder)
    try:
        client = Client()
        project = client.do("create_project", "id", name="p")["id"]
        tasks = [{"slug": "t-%d" % i, "name": "t"} for i in range(5)]
        flow_id = client.do("create_flow", "id", project_id=project, serialized_flow={
            "name": "f", "tasks": tasks, "edges": [], "parameters": [], "storage": {"type": "Local"},
            "run_config": {"type": "UniversalRun", "labels": []}, "__version__": "1.4.1"})["id"]
        agent_id = client.do("register_agent", "id", type="LocalAgent", name="a", labels=[])["id"]
        run_id = client.do("create_flow_run", "id", flow_id=flow_id)["id"]
        client.do("set_flow_run_states", "states { id }", states=[{"flow_run_id": run_id, "state": {"type": "Success"}}])
        client.do("write_run_logs", "success", logs=[{"flow_run_id": run_id, "message": "one line of a log"}])
        measure(client, flow_id, agent_id)  # warm-up
        empty = measure(client, flow_id, agent_id)
        server.terminate()
        server.wait(30)
        begun = time.time()
        counts = fill(folder + "/p.db")
        seconds = time.time() - begun
        server = start(folder)
        client.conn = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
        measure(client, flow_id, agent_id)
        full = measure(client, flow_id, agent_id)
    finally:
        server.terminate()
        server.wait(30)
ratios = {name: rnd(full[name]["p99_ms"] / empty[name]["p99_ms"], 2) for name in full}
out.emit(bench="history", database="sqlite", rows=counts, fill_s=rnd(seconds, 1), empty=empty, full=full, p99_ratio=ratios)
