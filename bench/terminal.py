"""What the terminal costs a person: help, a run that is created, a line that is followed.

    .venv/bin/python bench/terminal.py help    [--repeat 5]
    .venv/bin/python bench/terminal.py create  [--repeat 11]
    .venv/bin/python bench/terminal.py follow  [--repeat 60]

``help`` and ``create``: CPU (user and system) and wall time of the command, medians; ``help`` of every command there is,
and the worst of them. ``follow``: how long after it was printed in a task of a run that a local agent started a line
comes out of ``prefect logs RUN --follow``; a line each 0.2 s.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from starts import PEOPLE, costs, emit, quantile, server  # noqa: E402

PREFECT = [sys.executable, "-m", "prefect"]
FLOW = """
import time
from prefect import Flow, Parameter, task

@task(log_stdout=True)
def tell(count):
    for _ in range(count):
        time.sleep(0.2)
        print(time.time())

with Flow("tells") as flow:
    tell(Parameter("count"))
"""


def commands() -> list[list[str]]:
    """Give the words of every command."""
    import click
    from prefect.cli import cli

    def below(group: click.Command, words: list[str]) -> list[list[str]]:
        found = [words]
        if isinstance(group, click.Group):
            inner = click.Context(group)
            for name in group.list_commands(inner):
                command = group.get_command(inner, name)
                if command is not None:
                    found += below(command, [*words, name])
        return found

    return below(cli, [])


def help_of_each(repeat: int) -> None:
    environ = {key: value for key, value in os.environ.items() if not key.startswith("PREFECT_")}
    cpu: dict[str, float] = {}
    for words in [["version"], *([*words, "--help"] for words in commands())]:
        costs([*PREFECT, *words], environ)  # the first warms the file cache
        cpu[" ".join(words)] = statistics.median(costs([*PREFECT, *words], environ)[0] for _ in range(repeat))
    worst = max(cpu, key=cpu.__getitem__)
    emit(
        bench="terminal_help",
        commands=len(cpu),
        repeat=repeat,
        median_cpu_ms=round(statistics.median(cpu.values()), 1),
        worst_cpu_ms=round(cpu[worst], 1),
        worst=worst,
        bare_interpreter_cpu_ms=round(costs([sys.executable, "-c", "pass"], environ)[0], 1),
    )


def create(repeat: int) -> None:
    with tempfile.TemporaryDirectory() as folder, server(folder) as environ:
        for options in ([], ["--quiet"], ["--json"]):
            words = [*PREFECT, "run", "--name", "nothing", *options]
            costs(words, environ)
            found = [costs(words, environ) for _ in range(repeat)]
            emit(
                bench="terminal_create",
                what=" ".join(words[2:]),
                repeat=repeat,
                cpu_ms=round(statistics.median(cpu for cpu, _ in found), 1),
                wall_ms=round(statistics.median(wall for _, wall in found), 1),
            )


def follow(lines: int) -> None:
    with tempfile.TemporaryDirectory() as folder, server(folder) as environ:
        Path(folder, "tells.py").write_text(FLOW)
        register = [*PREFECT, "register", "--project", "bench", "-p", f"{folder}/tells.py"]
        subprocess.run(register, env=environ, check=True, **PEOPLE)
        agent = subprocess.Popen([*PREFECT, "agent", "local", "start"], env=environ, cwd=folder, **PEOPLE)
        try:
            words = [*PREFECT, "run", "--name", "tells", "--param", f"count={lines}", "--quiet"]
            run_id = subprocess.run(words, env=environ, check=True, capture_output=True, text=True).stdout.strip()
            words = [*PREFECT, "logs", run_id, "--follow", "-o", "jsonl", "--columns", "message"]
            late = []
            with subprocess.Popen(words, env=environ, stdout=subprocess.PIPE, text=True) as follower:
                assert follower.stdout is not None
                for line in follower.stdout:
                    now, message = time.time(), json.loads(line)["message"]
                    if message.replace(".", "", 1).isdigit():
                        late.append((now - float(message)) * 1e3)
            assert len(late) == lines, late
            emit(
                bench="terminal_follow",
                lines=lines,
                p50_ms=round(statistics.median(late), 1),
                p95_ms=round(quantile(late, 0.95), 1),
                most_ms=round(max(late), 1),
            )
        finally:
            agent.send_signal(signal.SIGTERM)
            agent.wait()


def main() -> None:
    ap = argparse.ArgumentParser()
    ap.add_argument("what", choices=["help", "create", "follow"])
    ap.add_argument("--repeat", type=int)
    options = ap.parse_args()
    if options.what == "help":
        help_of_each(options.repeat or 5)
    elif options.what == "create":
        create(options.repeat or 11)
    else:
        follow(options.repeat or 60)


if __name__ == "__main__":
    main()
