"""The main job from nothing to Success: server, agent, registration, one watched flow run.

Everything it makes (database, logs, home folder) lives in a temporary folder that is removed at the end,
on a port that is free at the moment, so it can run beside a real installation and twice in a row.  With ``KEEP=1`` in
the environment server and agent go on until Ctrl-C, so that the run's page can be opened.
"""

from __future__ import annotations

import _thread
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import ui  # beside this file

PREFECT = [sys.executable, "-m", "prefect"]
READY_SECONDS = 30.0
STOP_SECONDS = 10.0


def main() -> int:
    folder = Path(tempfile.mkdtemp(prefix="proctor-demo-"))
    address = f"http://127.0.0.1:{free_port()}"
    # Settings of the caller's shell must not lead the demo to another server.
    env = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    env |= {
        "PREFECT__HOME_DIR": str(folder),
        "PREFECT__USER_CONFIG_PATH": str(folder / "config.toml"),
        "PREFECT__BACKEND": "server",
        "PREFECT__SERVER__ENDPOINT": address,
        "PYTHONUNBUFFERED": "1",
    }
    signal.signal(signal.SIGTERM, lambda *_: _thread.interrupt_main())  # ends what was started, as Ctrl-C does
    try:
        build_pages()
        with contextlib.ExitStack() as stack:
            return walk(stack, env, folder, address)
    except KeyboardInterrupt:
        print("\nInterrupted; everything that was started has been stopped.")
        return 130
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def build_pages() -> None:
    """Build the web UI if its sources are newer; all else works without it."""
    if ui.is_built():
        return
    say("Build the web UI (only when its sources changed)")
    try:
        ui.build(if_needed=True)
    except (ui.CannotBuild, OSError) as reason:
        print(f"  Not built: {reason}")
        print("  Everything else works without it; its page will say how to get it.", flush=True)


def walk(stack: contextlib.ExitStack, env: dict[str, str], folder: Path, address: str) -> int:
    say("Start the server (one process, one SQLite file)")
    port = address.rpartition(":")[2]
    server = ["server", "start", "--port", port, "--database-url", f"sqlite:///{folder}/demo.db"]
    stack.enter_context(background(server, env, folder / "server.log", ready=f"{address}/health"))

    say("Make a project and register the flow hello-world in it")
    foreground(["create", "project", "demo"], env)
    foreground(["register", "--project", "demo", "--module", "prefect.hello_world"], env)

    say("Start a local agent: it waits for runs and starts each in a process of its own")
    stack.enter_context(background(["agent", "local", "start"], env, folder / "agent.log"))

    say("Create a flow run and watch it")
    code = subprocess.run(show(["run", "--name", "hello-world", "--watch"]), env=env).returncode
    if code:
        for name in ("server.log", "agent.log"):
            print(f"\n--- {name}\n{(folder / name).read_text(errors='replace')[-4000:]}", file=sys.stderr)
        return code
    print(f"\nThe run's page: {address}/default/flow-run/{newest_run(address)}", flush=True)
    if os.environ.get("KEEP", "").strip() in ("", "0"):
        print("(gone now; with `make demo KEEP=1` server and agent go on, so that you can open it)")
        print(NEXT)
        return 0
    with contextlib.suppress(KeyboardInterrupt):  # from before the line that invites to press it
        print("Server and agent go on until Ctrl-C.", flush=True)
        while True:
            signal.pause()
    print("\nStopping them.", flush=True)
    return 0


def newest_run(address: str) -> str:
    """Give the id of the run that was created last."""
    body = json.dumps({"query": "{ flow_run(order_by: {created: desc}, limit: 1) { id } }"}).encode()
    request = urllib.request.Request(f"{address}/graphql", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(json.load(answer)["data"]["flow_run"][0]["id"])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def say(text: str) -> None:
    print(f"\n# {text}", flush=True)


def show(arguments: list[str]) -> list[str]:
    print("$ prefect " + " ".join(f'"{a}"' if " " in a else a for a in arguments), flush=True)
    return PREFECT + arguments


def foreground(arguments: list[str], env: dict[str, str]) -> None:
    subprocess.run(show(arguments), env=env, check=True)


@contextlib.contextmanager
def background(arguments: list[str], env: dict[str, str], log: Path, ready: str | None = None) -> Iterator[None]:
    """Run a command beside us, its output in ``log``; stop it by SIGTERM when the block ends."""
    with log.open("wb") as sink:
        process = subprocess.Popen(
            show(arguments), env=env, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT
        )
        try:
            if ready is not None:
                wait_for(ready, process, log)
            yield
        finally:
            stop(process)


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise SystemExit(f"The server ended with code {process.returncode}:\n{log.read_text(errors='replace')}")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise SystemExit(f"No answer from {url} within {READY_SECONDS:.0f} s:\n{log.read_text(errors='replace')}")


def stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


NEXT = """
That was the whole road. To walk it by hand, in three terminals (after `source .venv/bin/activate`):

    prefect server start                               # GraphQL API at http://localhost:4200
    prefect agent local start
    prefect create project demo
    prefect register --project demo --module prefect.hello_world
    prefect run --name hello-world --param name='"Ada"' --watch

Then write a flow of your own: docs/tutorial.md
"""

if __name__ == "__main__":
    sys.exit(main())
