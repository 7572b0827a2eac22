"""The figures of the web UI, in a headless Chromium over loopback: medians, with the machine's load beside them.

    .venv/bin/python bench/ui.py [--children 10000] [--runs 100000] [--lines 500000] [--tabs 10] [--minutes 1]

Starts a server on a fresh SQLite file, fills it with an invented week (tools/ui_data.py) and multiplies runs and log
lines by SQL.  Prints one JSON line: what was measured, its limit, and whether it was kept.  `--minutes 30` is the long
look at the heap.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import sqlite3
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "bench")]
from _common import SQL_UUID  # noqa: E402
from ui_data import Api  # noqa: E402
from ui_screenshots import FLAGS, chromium, server_with_week  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

LIMITS = {
    "first_view_ms": 1_000,
    "first_view_js_kb": 90,
    "change_to_screen_p95_ms": 500,
    "large_run_logs_ms": 500,
    "large_run_timeline_ms": 1_500,
    "large_run_longest_frame_ms": 100,
    "row_of_all_runs_ms": 300,
    "log_search_ms": 1_000,
    "ten_tabs_core_percent": 5,
    "heap_mb": 80,
}
FRAMES = """() => {
    window.longest = 0;
    let last = performance.now();
    const step = () => {
        const now = performance.now();
        window.longest = Math.max(window.longest, now - last);
        last = now;
        window.frames = requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
}"""
ROUNDS = 5


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--children", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--lines", type=int, default=500_000)
    parser.add_argument("--tabs", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=1.0)
    args = parser.parse_args()
    from playwright.sync_api import sync_playwright

    with server_with_week(args.children) as (address, database), sync_playwright() as playwright:
        api = Api(address)
        large = api.ask('{ flow_run(where: {state: {_eq: "Running"}, flow: {name: {_eq: "nightly-load"}}}) { id } }')
        run_id = large["flow_run"][0]["id"]
        spoken = multiply(database, args.runs, args.lines)
        browser = playwright.chromium.launch(executable_path=chromium(), headless=True, args=FLAGS)
        home = f"{address}/default"
        found: dict[str, float] = {"first_view_js_kb": script_kilobytes()}
        found["first_view_ms"] = statistics.median(first_view(browser, home) for _ in range(ROUNDS))
        print(json.dumps(found), file=sys.stderr)
        found |= large_run(browser, f"{home}/flow-run/{run_id}")
        print(json.dumps(found), file=sys.stderr)
        found["row_of_all_runs_ms"] = any_row(browser, f"{home}/runs")
        print(json.dumps(found), file=sys.stderr)
        found["log_search_ms"] = search(browser, f"{home}/flow-run/{spoken}")
        print(json.dumps(found), file=sys.stderr)
        found["change_to_screen_p95_ms"] = change_to_screen(
            browser, api, f"{home}/flow-run/{run_id}", run_id, args.tabs
        )
        print(json.dumps(found), file=sys.stderr)
        found["ten_tabs_core_percent"] = tabs_cost(
            browser, api, f"{home}/flow-run/{run_id}", run_id, args.tabs, process_of(database)
        )
        print(json.dumps(found), file=sys.stderr)
        found["heap_mb"] = heap(browser, api, f"{home}/flow-run/{run_id}", run_id, args.minutes)
        browser.close()
    rows = {
        name: {"measured": round(found[name], 1), "limit": limit, "kept": found[name] <= limit}
        for name, limit in LIMITS.items()
    }
    print(json.dumps({"load": os.getloadavg()[0], "figures": rows}))
    return 0 if all(row["kept"] for row in rows.values()) else 1


def multiply(database: str, runs: int, lines: int) -> str:
    """Copy what is there until there is so much of it; gives the run that has most lines."""
    connection = sqlite3.connect(database.removeprefix("sqlite:///"), timeout=60)
    columns = {
        table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")] for table in ("flow_run", "log")
    }

    def copied(table: str, changed: dict[str, str]) -> tuple[str, str]:
        names = ", ".join(f'"{name}"' for name in columns[table])
        values = ", ".join(changed.get(name, f'r."{name}"') for name in columns[table])
        return names, values

    moment = "strftime('%Y-%m-%dT%H:%M:%S.000000+00:00', r.{0}, '-' || (n.value * 7) || ' minutes')"
    times = {
        name: moment.format(name) for name in ("created", "updated", "scheduled_start_time", "start_time", "end_time")
    }
    names, values = copied("flow_run", times | {"id": SQL_UUID, "idempotency_key": "NULL"})
    spoken = connection.execute("SELECT id, event_seq FROM flow_run WHERE state = 'Failed' LIMIT 1").fetchone()
    run_id, seq = spoken
    ended = connection.execute("SELECT count(*) FROM flow_run WHERE end_time IS NOT NULL").fetchone()[0]
    with connection:
        connection.execute(
            f"INSERT INTO flow_run ({names}) SELECT {values} FROM (SELECT * FROM flow_run WHERE end_time IS NOT NULL) r,"
            f" (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < {runs // ended + 1})"
            " SELECT value FROM n) n"
        )
    line = {
        "id": SQL_UUID,
        "seq": f"{seq} + n.value",
        "timestamp": "strftime('%Y-%m-%dT%H:%M:%f000+00:00', r.timestamp, '+' || (n.value / 1000.0) || ' seconds')",
        "message": "'read ' || (n.value * 7919 % 1501) || ' rows from s3://raw/2026-11-27/part-' || n.value",
        "level": "CASE n.value % 1000 WHEN 0 THEN 'ERROR' WHEN 1 THEN 'WARNING' ELSE 'INFO' END",
    }
    names, values = copied("log", line)
    with connection:
        connection.execute(
            f"INSERT INTO log ({names}) SELECT {values} FROM (SELECT * FROM log WHERE flow_run_id = ? LIMIT 1) r,"
            f" (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < {lines})"
            " SELECT value FROM n) n",
            [run_id],
        )
        connection.execute("UPDATE flow_run SET event_seq = ? WHERE id = ?", [seq + lines, run_id])
    connection.execute("ANALYZE")
    connection.close()
    return str(run_id)


def script_kilobytes() -> float:
    stamp = json.loads((ROOT / "src/prefect/server/ui/static/build.json").read_text())
    return float(stamp["gzipped_bytes"]["first view, JavaScript"]) / 1024


def opened(browser: Browser, address: str) -> tuple[Page, float]:
    """A page in a browser that knows nothing of this server, and when it set out."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    begun = time.perf_counter()
    page.goto(address, wait_until="commit")
    return page, begun


def first_view(browser: Browser, address: str) -> float:
    page, begun = opened(browser, address)
    page.get_by_role("main").get_by_role("link").first.wait_for()
    took = (time.perf_counter() - begun) * 1e3
    page.context.close()
    return took


def large_run(browser: Browser, address: str) -> dict[str, float]:
    logs, timelines, frames = [], [], []
    for _ in range(ROUNDS):
        page, begun = opened(browser, address)
        page.get_by_role("region", name="Log lines").get_by_role("listitem").first.wait_for()
        logs.append((time.perf_counter() - begun) * 1e3)
        page.get_by_role("listbox", name="Task runs").get_by_role("option").nth(3).wait_for(state="attached")
        timelines.append((time.perf_counter() - begun) * 1e3)
        frames.append(longest_frame(page))
        page.context.close()
    return {
        "large_run_logs_ms": statistics.median(logs),
        "large_run_timeline_ms": statistics.median(timelines),
        "large_run_longest_frame_ms": statistics.median(frames),
    }


def longest_frame(page: Page) -> float:
    """Zoom in and pan over the timeline; the longest time between two frames, in ms."""
    page.wait_for_timeout(1_000)
    box = page.get_by_role("listbox", name="Task runs").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] + 400, box["y"] + 30
    page.keyboard.press("+")
    page.keyboard.press("+")
    page.wait_for_timeout(300)
    page.evaluate(FRAMES)
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(60):
        page.mouse.move(x - 5 * step, y)
    page.mouse.up()
    return float(page.evaluate("() => (cancelAnimationFrame(window.frames), window.longest)"))


def any_row(browser: Browser, address: str) -> float:
    """From a jump of the scroll bar to rows that are read, median of twenty places."""
    page, _ = opened(browser, address)
    page.get_by_role("row").nth(5).wait_for()
    chance = random.Random(7)
    took = []
    for _ in range(20):
        took.append(
            page.evaluate(
                """async share => {
                    const grid = [...document.querySelectorAll("[role=grid], [role=grid] *")]
                        .find(one => one.scrollHeight > one.clientHeight + 1000);
                    const begun = performance.now();
                    grid.scrollTop = share * (grid.scrollHeight - grid.clientHeight);
                    const box = grid.getBoundingClientRect();
                    const seen = () => [...grid.querySelectorAll("[role=row] a")].filter(link => {
                        const at = link.getBoundingClientRect();
                        return at.top > box.top + 40 && at.bottom < box.bottom;
                    });
                    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
                    while (seen().length < 5 && performance.now() - begun < 20000)
                        await new Promise(done => requestAnimationFrame(done));
                    return performance.now() - begun;
                }""",
                chance.random(),
            )
        )
    page.context.close()
    return float(statistics.median(took))


def search(browser: Browser, address: str) -> float:
    """From the last letter typed to the number of hits among all lines, median."""
    took = []
    for text in ("part-250001", "part-499000", "part-77777", "part-123456", "part-400123"):
        page, _ = opened(browser, address)
        page.get_by_role("region", name="Log lines").get_by_role("listitem").first.wait_for()
        field = page.get_by_label("Search the logs")
        begun = time.perf_counter()
        field.fill(text)
        page.get_by_role("region", name="Logs").get_by_role("status").filter(
            has_text=re.compile("^[0-9/]+$")
        ).wait_for()
        took.append((time.perf_counter() - begun) * 1e3)
        page.context.close()
    return statistics.median(took)


def change_to_screen(browser: Browser, api: Api, address: str, run_id: str, tabs: int) -> float:
    """From the request that renames a run to its new name in the headings of all tabs, 95th of a hundred."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    pages = [context.new_page() for _ in range(tabs)]
    for page in pages:
        page.goto(address)
    for page in pages:
        page.get_by_role("heading", level=1).first.wait_for()
    pages[0].wait_for_timeout(2_000)
    took = []
    for change in range(20):
        name = f"renamed-{change}"
        for page in pages:
            page.evaluate(
                """name => { window.seen = new Promise(done => {
                    const look = () => document.querySelector("h1")?.textContent.includes(name) && done(Date.now());
                    new MutationObserver(look).observe(document.body, {subtree: true, childList: true, characterData: true});
                }); }""",
                name,
            )
        begun = time.time() * 1e3
        api.do("set_flow_run_name", "success", flow_run_id=run_id, name=name)
        took += [page.evaluate("() => window.seen") - begun for page in pages]
    context.close()
    return statistics.quantiles(took, n=20)[-1]


def process_of(database: str) -> int:
    """Find the server of a database among the processes of this machine."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if database.encode() in command and b"start" in command:
            return int(folder.name)
    raise RuntimeError("the server is not among the processes")


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def speak(api: Api, run_id: str, seconds: float) -> None:
    """Write five lines of a run's log in each second, as a busy run does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        lines = [{"name": "prefect.bench", "level": "INFO", "message": f"line {n} of this second"} for n in range(5)]
        api.do("write_run_logs", "success", logs=[{"flow_run_id": run_id, **line} for line in lines])
        time.sleep(1)


def tabs_cost(browser: Browser, api: Api, address: str, run_id: str, tabs: int, pid: int, seconds: float = 30) -> float:
    """What so many tabs of a run that speaks cost the server more than none do, in percent of a core."""
    begun = cpu_seconds(pid)
    speak(api, run_id, seconds)
    alone = cpu_seconds(pid) - begun
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    pages = [context.new_page() for _ in range(tabs)]
    for page in pages:
        page.goto(address)
        page.get_by_role("region", name="Log lines").get_by_role("listitem").first.wait_for()
    pages[0].wait_for_timeout(5_000)
    begun = cpu_seconds(pid)
    speak(api, run_id, seconds)
    with_tabs = cpu_seconds(pid) - begun
    context.close()
    return (with_tabs - alone) / seconds * 100


def heap(browser: Browser, api: Api, address: str, run_id: str, minutes: float) -> float:
    """What JavaScript keeps after so long on a run that speaks, in MB, after a collection."""
    page, _ = opened(browser, address)
    page.get_by_role("region", name="Log lines").get_by_role("listitem").first.wait_for()
    end = time.monotonic() + minutes * 60
    while time.monotonic() < end:
        speak(api, run_id, 5)
        page.wait_for_timeout(10)  # its messages are read
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used: dict[str, Any] = session.send("Runtime.getHeapUsage")
    page.context.close()
    return float(used["usedSize"]) / 1e6


if __name__ == "__main__":
    sys.exit(main())
