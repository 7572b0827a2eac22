"""Install into the environment of the interpreter that runs this, and show what is going on meanwhile.

    .venv/bin/python tools/install.py -e '.[dev]'

Uses uv where it is there, and else pip, whose output is kept in ``<environment>/install.log`` and shown when it fails.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path

LOG = Path(sys.prefix) / "install.log"
# How often a line is printed where there is no terminal, on which one line can be written over.
LINE_SECONDS = 10.0
NOISE = "is ignored: it is neither a file nor a directory"
SHOWN_LINES = 40


class Progress:
    """What pip has said, in a few words."""

    def __init__(self) -> None:
        self.found: set[str] = set()
        self.doing = "starting"
        self.count = 0

    def take(self, line: str) -> None:
        if match := re.match(r"\s*(?:Collecting|Processing|Requirement already satisfied:?) (\S+)", line):
            name = re.split(r"[\[<>=!~; -]", match[1].rpartition("/")[2])[0]
            self.found.add(name.lower())
            self.doing = f"{len(self.found)} packages so far, looking at {name}"
        elif match := re.match(r"\s*Downloading (\S+?)-\d\S* \(([^)]+)\)", line):
            self.doing = f"{len(self.found)} packages so far, downloading {match[1]} ({match[2]})"
        elif match := re.search(r"looking at multiple versions of (\S+)", line):
            self.doing = f"choosing a version of {match[1]}"
        elif match := re.match(r"\s*Installing collected packages: (.*)", line):
            self.count = len(match[1].split(","))
            self.doing = f"unpacking {self.count} packages"


def install_with_pip(what: list[str]) -> int:
    """Run pip, with one line that tells how far it is; gives its exit code."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
    progress, begun = Progress(), time.monotonic()
    is_over = threading.Event()

    def show() -> None:
        is_terminal = sys.stdout.isatty()
        while not is_over.wait(0.5 if is_terminal else LINE_SECONDS):
            text = f"  {progress.doing} ({time.monotonic() - begun:.0f} s)"
            print(f"\r\033[K{text[:100]}" if is_terminal else text, end="" if is_terminal else "\n", flush=True)
        if is_terminal:
            print("\r\033[K", end="", flush=True)

    shower = threading.Thread(target=show)
    shower.start()
    try:
        with (
            LOG.open("w") as log,
            subprocess.Popen(
                [*command, "--progress-bar", "off", *what],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            ) as process,
        ):
            for line in process.stdout or ():
                log.write(line)
                progress.take(line)
            code = process.wait()
    finally:
        is_over.set()
        shower.join()
    if code:
        print(*last_lines(LOG.read_text(errors="replace").splitlines()), f"All of it: {LOG}", sep="\n", file=sys.stderr)
    else:
        print(f"  {progress.count} packages installed in {time.monotonic() - begun:.0f} s", flush=True)
    return code


def last_lines(lines: Iterable[str]) -> list[str]:
    return [line for line in lines if NOISE not in line][-SHOWN_LINES:]


def main(what: list[str]) -> int:
    uv = shutil.which("uv")
    if uv is not None:
        # It shows its progress itself.
        if subprocess.run([uv, "pip", "install", "--python", sys.executable, *what], check=False).returncode == 0:
            return 0
        print("  uv could not do it; now with pip", flush=True)
    return install_with_pip(what)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
