"""Every command and code block of the documents is run, in order, in an empty folder with a server of its own.

Fences: ``console`` (lines after ``$ `` are commands; the rest shows what comes), ``python`` (run; written to a file
when its first line is ``# <name>.py``), ``graphql`` (posted, must give no errors), ``toml`` (parsed). ``text`` is
prose. ``prefect server start``, ``prefect dev`` and ``prefect agent ... start`` go to the background, as in a terminal
of their own.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.road import Road, wait_until

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
KNOWN = {"console", "python", "graphql", "toml", "text", "mermaid"}
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def blocks(document: Path) -> Iterator[tuple[str, str]]:
    for match in FENCE.finditer(document.read_text()):
        yield match[1], match[2]


def runnable(document: Path) -> bool:
    return any(language in ("console", "python", "graphql") for language, _ in blocks(document))


class Reader:
    """Does what a document says, as its reader would."""

    def __init__(self, road: Road) -> None:
        self.road = road
        road.env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{road.env['PATH']}"
        road.env["PREFECT__SERVER__PORT"] = str(road.port)
        # An environment that was made before the package had a plugin for pytest does not find it by itself.
        road.env["PYTEST_PLUGINS"] = "prefect.pytest_plugin"

    def do(self, language: str, text: str) -> None:
        if language == "console":
            for line in re.findall(r"^\$ (.*(?:\\\n.*)*)", text, re.MULTILINE):
                self.command(line.replace("\\\n", " "))
        elif language == "python":
            self.script(text)
        elif language == "graphql":
            answer = self.road.graphql(text)
            assert "errors" not in answer, f"{text}\n{answer}"
        elif language == "toml":
            tomllib.loads(text)

    def command(self, line: str) -> None:
        line = line.partition("  #")[0].strip()
        if line.startswith("make"):
            assert line.split()[1] in TARGETS, line
        elif line.startswith("prefect server start"):
            self.road.start(*line.split()[1:])
            wait_until("server of the document", self.road.is_healthy, 30)
        elif line.startswith("prefect dev"):
            self.road.start(*line.split()[1:])
            wait_until("`prefect dev` of the document", self.road.is_healthy, 30)
        elif re.match(r"prefect agent \w+ start", line):
            self.road.start(*line.split()[1:])
        elif line.startswith(("cd ", "git clone", "source ")):
            return  # the reader's own folder; there is nothing to check
        else:
            self.shell(["bash", "-c", line], line)

    def script(self, text: str) -> None:
        named = re.match(r"# (\w+\.py)\n", text)
        path = self.road.write(named[1] if named else "block.py", text)
        if not named:
            self.shell([sys.executable, path.name], text)

    def shell(self, command: list[str], shown: str) -> None:
        done = subprocess.run(
            command,
            env=self.road.env,
            cwd=self.road.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, f"{shown}\n{done.stdout}\n{done.stderr}"


@pytest.mark.process
@pytest.mark.parametrize("document", [d for d in DOCUMENTS if runnable(d)], ids=lambda d: str(d.relative_to(ROOT)))
def test_document_does_what_it_says(document: Path, tmp_path: Path) -> None:
    with Road(tmp_path) as road:
        reader = Reader(road)
        for language, text in blocks(document):
            reader.do(language, text)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: str(d.relative_to(ROOT)))
def test_fences_name_a_language_and_links_lead_somewhere(document: Path) -> None:
    text = document.read_text()
    assert text.count("```") % 2 == 0
    for language, _ in blocks(document):
        assert language in KNOWN, f"{document.name}: a fence of '{language}'"
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (document.parent / target).exists(), f"{document.name} -> {target}"
