"""Take a picture of each screen of the web UI, in both themes and two widths, over an invented week.

    make screenshots                      into docs/images/ui
    python tools/ui_screenshots.py --to FOLDER [--only run,form] [--keep URL]

Starts a server on a fresh SQLite file, fills it with tools/ui_data.py, and opens each address in a real Chromium.  A
screen that reports an error on its console, or breaks the page's policy, ends the command with code 1.
"""

from __future__ import annotations

import argparse
import base64
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

sys.path.insert(0, str(Path(__file__).parent))
from ui_data import Api

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[1]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--force-device-scale-factor=1",
]
SIZES = {"wide": (1440, 900), "phone": (380, 800)}
SETTLED_MS = 1_500
VIOLATIONS = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`))"""
#: Each screen by the name of its picture: where it is, with ids of the invented week in braces.
SCREENS = {
    "home": "",
    "runs": "runs",
    "runs-failed": "runs?state=Failed",
    "run": "flow-run/{running}",
    "run-failed": "flow-run/{failed}",
    "run-waiting": "flow-run/{waiting}",
    "run-tasks": "flow-run/{running}/tasks",
    "run-graph": "flow-run/{running}/graph",
    "run-parameters": "flow-run/{running}/parameters",
    "run-history": "flow-run/{failed}/history",
    "run-details": "flow-run/{failed}/details",
    "task-run": "task-run/{task_run}",
    "form": "flow/{flow}/run",
    "form-required": "flow/{report}/run",
    "flows": "flows",
    "flow": "flow/{flow}",
    "flow-runs": "flow/{flow}/runs",
    "flow-tasks": "flow/{flow}/tasks",
    "flow-graph": "flow/{flow}/graph",
    "flow-versions": "flow/{flow}/versions",
    "flow-schedules": "flow/{flow}/schedules",
    "flow-readme": "flow/{flow}/readme",
    "flow-settings": "flow/{flow}/settings",
    "task": "task/{task}",
    "compare": "compare?a={failed}&b={succeeded}",
    "queue": "queue",
    "calendar": "calendar",
    "agents": "agents",
    "agent": "agent/{agent}",
    "limits": "limits",
    "automations": "automations",
    "values": "values",
    "secrets": "secrets",
    "inbox": "inbox",
    "settings-projects": "settings/projects",
    "settings-keys": "settings/keys",
    "settings-audit": "settings/audit",
    "settings-tenant": "settings/tenant",
    "settings-me": "settings/me",
    "api": "api",
    "start": "start",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "images" / "ui")
    parser.add_argument("--only", help="names of screens, with commas between")
    parser.add_argument("--api", help="a server that is filled already, instead of one of its own")
    parser.add_argument("--children", type=int, default=2_000)
    args = parser.parse_args()
    wanted = args.only.split(",") if args.only else list(SCREENS)
    unknown = [name for name in wanted if name not in SCREENS]
    if unknown:
        parser.error(f"unknown screens: {', '.join(unknown)}; there are: {', '.join(SCREENS)}")
    args.to.mkdir(parents=True, exist_ok=True)
    with filled(args.children) if args.api is None else given(args.api) as address:
        return take(address, wanted, args.to)


@contextmanager
def given(address: str) -> Iterator[str]:
    yield address


@contextmanager
def filled(children: int) -> Iterator[str]:
    with server_with_week(children) as (address, _):
        yield address


@contextmanager
def server_with_week(children: int) -> Iterator[tuple[str, str]]:
    """A server with the invented week and its database's URL, in a folder that is removed afterwards."""
    from demo import free_port

    folder = Path(tempfile.mkdtemp(prefix="proctor-pictures-"))
    address, database = f"http://127.0.0.1:{free_port()}", f"sqlite:///{folder}/week.db"
    env = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    env |= {"PREFECT__HOME_DIR": str(folder), "PREFECT__USER_CONFIG_PATH": str(folder / "config.toml")}
    port = address.rpartition(":")[2]
    command = [sys.executable, "-m", "prefect", "server", "start", "--port", port, "--database-url", database]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, env=env, stdout=log, stderr=log)
    try:
        wait_for(f"{address}/health", server)
        filler = [sys.executable, str(ROOT / "tools" / "ui_data.py"), "--api", address, "--database-url", database]
        subprocess.run([*filler, "--children", str(children)], env=env, stdout=subprocess.DEVNULL, check=True)
        yield address, database
    finally:
        server.terminate()
        server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server did not start")


def ids_of(api: Api) -> dict[str, str]:
    """Find one of each thing that an address names."""
    data = api.ask(
        """{
          running: flow_run(where: {state: {_eq: "Running"}, flow: {name: {_eq: "nightly-load"}}}) { id }
          failed: flow_run(where: {state: {_eq: "Failed"}, flow: {name: {_eq: "nightly-load"}}}, limit: 1) { id }
          succeeded: flow_run(where: {state: {_eq: "Success"}, flow: {name: {_eq: "nightly-load"}}}, limit: 1) { id }
          waiting: flow_run(where: {state: {_eq: "Scheduled"}, flow: {name: {_eq: "train-model"}},
            labels: {_contains: ["gpu"]}}, order_by: {scheduled_start_time: asc}, limit: 1) { id }
          task_run(where: {state: {_eq: "Failed"}, map_index: {_gte: 0}}, limit: 1) { id }
          flow(where: {name: {_eq: "nightly-load"}, archived: {_eq: false}}) { flow_group_id tasks { id name } }
          report: flow(where: {name: {_eq: "customer-report"}}, limit: 1) { flow_group_id }
          agent(where: {name: {_eq: "eu-1"}}) { id }
        }"""
    )
    found = {name: data[name][0]["id"] for name in ("running", "failed", "succeeded", "waiting", "task_run", "agent")}
    clean = next(task["id"] for task in data["flow"][0]["tasks"] if task["name"] == "clean")
    flow, report = data["flow"][0]["flow_group_id"], data["report"][0]["flow_group_id"]
    return found | {"flow": flow, "report": report, "task": clean}


def take(address: str, wanted: list[str], folder: Path) -> int:
    from playwright.sync_api import sync_playwright

    api = Api(address)
    ids = ids_of(api)
    slug = api.ask("{ tenant { slug } }")["tenant"][0]["slug"]
    faults: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), headless=True, args=FLAGS)
        themes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
        for theme in themes:
            for size in SIZES:
                faults += pictures(
                    browser, f"{address}/{slug}", {n: SCREENS[n].format(**ids) for n in wanted}, folder, theme, size
                )
        browser.close()
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"{len(wanted) * len(SIZES) * 2} pictures in {folder}")
    return 1 if faults else 0


def chromium() -> str:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        raise SystemExit("There is no Chromium on PATH; on Debian: apt install chromium")
    return found


def pictures(
    browser: Browser, address: str, screens: dict[str, str], folder: Path, theme: Literal["light", "dark"], size: str
) -> list[str]:
    width, height = SIZES[size]
    faults: list[str] = []
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=theme,
        timezone_id="Europe/Berlin",
        reduced_motion="reduce",
    )
    context.add_init_script(VIOLATIONS)
    for name, path in screens.items():
        page = context.new_page()

        said: list[str] = []
        listen(page, said)
        page.goto(f"{address}/{path}" if path else address)
        page.wait_for_timeout(SETTLED_MS)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            said.append("the page scrolls sideways")
        save(page, folder / f"{name}-{theme}{'' if size == 'wide' else '-phone'}.webp")
        page.close()
        faults += [f"{name} ({theme}, {size}): {text}" for text in said]
    context.close()
    return faults


def listen(page: Page, said: list[str]) -> None:
    """Collect what a page reports of errors."""
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))


def save(page: Page, path: Path) -> None:
    """Keep a picture as WebP, a tenth of a PNG."""
    session = page.context.new_cdp_session(page)
    shot: dict[str, Any] = session.send("Page.captureScreenshot", {"format": "webp", "quality": 80})
    path.write_bytes(base64.b64decode(shot["data"]))


if __name__ == "__main__":
    sys.exit(main())
