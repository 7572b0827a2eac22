"""The web UI is built when its sources changed, with a Node new enough, within its size; or it is said why not."""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from support.processes import end_marked, marked

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def ui() -> Any:
    spec = importlib.util.spec_from_file_location("ui_tool", ROOT / "tools" / "ui.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A clone with sources of a UI, made up, and the tools."""
    (tmp_path / "ui" / "src").mkdir(parents=True)
    (tmp_path / "ui" / "package.json").write_text('{"name": "made-up"}')
    (tmp_path / "ui" / "package-lock.json").write_text(
        '{"lockfileVersion": 3, "packages": {"": {"devDependencies": {"vite": "1"}}}}'
    )
    (tmp_path / "ui" / "src" / "main.ts").write_text("export {};")
    (tmp_path / "src" / "prefect" / "server" / "ui").mkdir(parents=True)
    shutil.copytree(ROOT / "tools", tmp_path / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


# ------------------------------------------------------------------------------------- when


def test_what_is_built_is_known_by_what_the_sources_say(ui, tree):
    sources, static = tree / "ui", tree / "static"
    assert not ui.is_built(static, sources)
    static.mkdir()
    (static / "index.html").write_text("<p>")
    assert not ui.is_built(static, sources)
    (static / ui.STAMP).write_text(json.dumps({"sources": ui.digest_of_sources(sources)}))
    assert ui.is_built(static, sources)

    for path in (sources / "src").rglob("*"):
        os.utime(path, (1, 1))
    assert ui.is_built(static, sources), "a time is no change"
    for path in ("tests/a.test.ts", "node_modules/x/index.js", "README.md", ".build.lock"):
        (sources / path).parent.mkdir(parents=True, exist_ok=True)
        (sources / path).write_text("x")
        assert ui.is_built(static, sources), path
    for path in ("src/tests/a.ts", "package-lock.json", "public/ui/icons.svg", "index.html"):
        before = ui.digest_of_sources(sources)
        (sources / path).parent.mkdir(parents=True, exist_ok=True)
        (sources / path).write_text("changed")
        assert ui.digest_of_sources(sources) != before, path
    assert not ui.is_built(static, sources)


def test_a_file_that_moved_is_a_change(ui, tree):
    before = ui.digest_of_sources(tree / "ui")
    (tree / "ui/src/main.ts").rename(tree / "ui/src/other.ts")

    assert ui.digest_of_sources(tree / "ui") != before


def test_without_sources_what_came_along_is_all_there_can_be(ui, tmp_path):
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "index.html").write_text("<p>")

    assert ui.is_built(tmp_path / "static", tmp_path / "nothing")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ui, "SOURCES", tmp_path / "nothing")
        with pytest.raises(ui.CannotBuild, match="not here"):
            ui.build()


# ------------------------------------------------------------------------------------- Node


def made_node(folder: Path, version: str, *, npm: bool = True) -> Path:
    folder.mkdir()
    for name in ("node", *(["npm"] if npm else [])):
        (folder / name).write_text(f"#!/bin/sh\necho {version}\n")
        (folder / name).chmod(0o755)
    return folder


def test_the_first_node_that_is_new_enough_is_taken(ui, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "environment"))
    old, bare = made_node(tmp_path / "old", "v18.20.1"), made_node(tmp_path / "bare", "v22.1.0", npm=False)
    broken, just = made_node(tmp_path / "broken", "no version"), made_node(tmp_path / "just", "v20.19.0")
    new = made_node(tmp_path / "new", "v26.0.0")

    assert ui.find_node("") is None
    assert ui.find_node(os.pathsep.join(map(str, (old, bare, broken, tmp_path / "nothing")))) is None
    assert ui.find_node(os.pathsep.join(map(str, (old, just, new)))) == just / "node"
    (tmp_path / "environment").mkdir()
    inside = made_node(tmp_path / "environment" / "bin", "v24.1.0")
    assert ui.find_node(str(old)) == inside / "node"


OFFLINE = {
    "PIP_NO_INDEX": "1",
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_FIND_LINKS": "",
    "UV_OFFLINE": "1",
    "npm_config_registry": "http://127.0.0.1:9/",
    "npm_config_fetch_retries": "0",
    "npm_config_cache": "/nonexistent",
}


def without_network(tree: Path) -> dict[str, str]:
    """An environment in which there is no Node on PATH and nothing can be had from elsewhere."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "PIP_", "npm_"))}
    (tree / "bin").mkdir(exist_ok=True)
    return {**clean, **OFFLINE, **marked(tree), "PATH": str(tree / "bin"), "npm_config_cache": str(tree / "cache")}


def test_where_there_is_no_node_and_none_can_be_had_it_is_said_in_words(tree):
    done = subprocess.run(
        [sys.executable, tree / "tools/ui.py", "build"],
        env=without_network(tree),
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 1
    assert "could not be installed" in done.stderr or "npm could not install" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert not (tree / "src/prefect/server/ui/static").exists()


def test_the_demo_goes_on_without_the_pages(tree):
    done = subprocess.run(
        [sys.executable, tree / "tools/demo.py"], env=without_network(tree), capture_output=True, text=True, timeout=240
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Build the web UI" in done.stdout
    assert "Not built: " in done.stdout
    assert "Flow run succeeded!" in done.stdout
    end_marked(tree)


def test_the_demo_leaves_server_and_agent_to_whoever_wants_to_look(tree):
    env = {**without_network(tree), "KEEP": "1", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [sys.executable, tree / "tools/demo.py"], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as demo:
        assert demo.stdout is not None
        try:
            said, page = [], ""
            for line in demo.stdout:
                said.append(line)
                if line.startswith("The run's page: "):
                    page = line.removeprefix("The run's page: ").strip()
                if "until Ctrl-C" in line:
                    break
            assert page, "".join(said)
            request = urllib.request.Request(page, headers={"Accept": "text/html"})
            with urllib.request.urlopen(request, timeout=30) as answer:
                assert answer.headers["Content-Type"].startswith("text/html")
            demo.send_signal(signal.SIGINT)
            rest = demo.stdout.read()
            assert demo.wait(60) == 0, rest
        finally:
            if demo.poll() is None:
                demo.kill()
            end_marked(tree)


# ------------------------------------------------------------------------------------- size

FIRST, LATER = "index.html", "src/screens/graph/Graph.svelte"
HOME = "src/screens/home/Home.svelte"


def made_build(folder: Path, sizes: dict[str, int]) -> Path:
    """A build whose files have these gzipped sizes, about."""
    manifest = {
        FIRST: {"file": "ui/assets/main.js", "isEntry": True, "imports": ["_shared.js"], "css": ["ui/assets/all.css"]},
        "_shared.js": {"file": "ui/assets/shared.js"},
        HOME: {"file": "ui/assets/home.js", "src": HOME, "isDynamicEntry": True, "imports": [FIRST]},
        LATER: {
            "file": "ui/assets/graph.js",
            "src": LATER,
            "isDynamicEntry": True,
            "imports": [FIRST, "_layout.js"],
            "css": ["ui/assets/graph.css"],
        },
        "_layout.js": {"file": "ui/assets/layout.js"},
    }
    (folder / "ui" / "assets").mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    numbers = random.Random(7)
    for name in ("main.js", "shared.js", "home.js", "graph.js", "layout.js", "all.css", "graph.css"):
        path = folder / "ui" / "assets" / name
        path.write_bytes(numbers.randbytes(sizes.get(name, 100)) + b" " * 50_000)
        path.with_name(name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
    return folder


def test_the_sizes_are_those_of_what_a_browser_loads(ui, tmp_path):
    sizes = {"main.js": 20_000, "shared.js": 10_000, "home.js": 5_000, "graph.js": 30_000, "layout.js": 15_000}

    found = ui.sizes_of(made_build(tmp_path, {**sizes, "all.css": 4_000, "graph.css": 1_000}))

    assert found["first view, JavaScript"] == pytest.approx(35_000, abs=1500)
    assert found["largest part loaded later"] == pytest.approx(45_000, abs=1500)
    assert found["first view, CSS"] == pytest.approx(4_000, abs=1500)


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ({"main.js": 60_000, "home.js": 40_000}, "first view, JavaScript"),
        ({"shared.js": 95_000}, "first view, JavaScript"),
        ({"graph.js": 70_000, "layout.js": 70_000}, "largest part is src/screens/graph/Graph.svelte"),
        ({"all.css": 16_000}, "first view, CSS"),
    ],
    ids=["entry and first screen", "what is shared", "a part with what it alone imports", "sheets of the first view"],
)
def test_what_is_too_large_is_not_built(ui, tmp_path, sizes, said):
    with pytest.raises(ui.CannotBuild, match=said):
        ui.sizes_of(made_build(tmp_path, sizes))


ROUTES = """
export const SCREENS: readonly Screen[] = [
  screen("", "home", "Home", () => import("../screens/home/Home.svelte")),
  screen(
    "graph/:id/:tab?",
    "runs",
    "Graph",
    () => import("../screens/graph/Graph.svelte"),
    first,
  ),
];
"""


def test_each_screen_names_what_the_page_does_not_have_yet(ui, tmp_path):
    made = made_build(tmp_path / "made", {})
    (tmp_path / "routes.ts").write_text(ROUTES)

    home, graph = ui.parts_of_screens(made, tmp_path / "routes.ts")

    assert home == {"path": "", "scripts": ["ui/assets/home.js"], "sheets": []}
    assert sorted(graph["scripts"]) == ["ui/assets/graph.js", "ui/assets/layout.js"]
    assert graph["sheets"] == ["ui/assets/graph.css"]
    fits = re.compile(graph["path"]).fullmatch
    assert [bool(fits(path)) for path in ("graph/1", "graph/1/x", "graph", "graph/1/x/y", "graph//x")] == [
        *(True, True),
        *(False, False, False),
    ]


def test_a_table_of_addresses_that_is_not_understood_is_not_built(ui, tmp_path):
    made = made_build(tmp_path / "made", {})
    (tmp_path / "routes.ts").write_text(ROUTES.replace('import("../screens/home/Home.svelte")', "Home"))

    with pytest.raises(ui.CannotBuild, match=r"routes\.ts"):
        ui.parts_of_screens(made, tmp_path / "routes.ts")
