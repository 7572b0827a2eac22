"""Run the quick part of the tests with the other supported versions of Python, and with the oldest allowed packages.

    .venv/bin/python tools/other_pythons.py [VERSION ...|lowest]

Each has an environment of its own, ``.venv-<version>``, kept for the next time; all run at once. The quick part is
``tests/unit`` without what starts servers or asks databases: a minute of processor time for each version. Ends with 1
when a test fails; a version that is not found is told and counts as tried. ``lowest`` is this version of Python with
the least version of each package that ``pyproject.toml`` allows, which uv finds; without uv it is not tested.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOWEST = "lowest"
VERSIONS = ("3.12", "3.13", "3.14", LOWEST)
OURS = ["-e", ".[aws,databricks,dask,docker,kubernetes,prometheus,redis,rss,templates,viz]"]
#: What the tests need besides, which is no business of whoever installs the package.
TOOLS = [
    "moto[s3]>=5",
    "pytest>=8.3",
    "hypothesis>=6.100",
    "time-machine>=2.16",
    "pandas>=2.2",
    "psutil",
]
QUICK = ["tests/unit", "-m", "not process and not postgres"]
# Types and small faults are the same in every version.
LEFT_OUT = ["--ignore", "tests/unit/typing", "--ignore", "tests/unit/mutants"]
SHOWN_LINES = 60


def find(version: str) -> Path | None:
    """Give the interpreter of a version: from the path, or among those of pyenv."""
    found = shutil.which(f"python{version}")
    roots = [os.environ.get("PYENV_ROOT"), Path.home() / ".pyenv"]
    candidates = [Path(found)] if found else []
    candidates += [
        path for root in roots if root for path in sorted(Path(root).glob(f"versions/{version}.*/bin/python"))
    ]
    for candidate in candidates:
        # A shim of pyenv is there for versions that are not switched on, too.
        asked = subprocess.run(
            [candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True
        )
        if asked.returncode == 0 and asked.stdout.decode().strip() == version:
            return candidate
    return None


def run(version: str, interpreter: Path) -> tuple[str, bool]:
    """Prepare the environment of a version, run the tests, and give what to print."""
    begin = time.monotonic()
    folder = ROOT / f".venv-{version}"
    python = folder / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    steps = [] if python.exists() else [[str(interpreter), "-m", "venv", str(folder)]]
    if version == LOWEST:
        uv = [str(python), "-m", "uv", "pip", "install", "--quiet", "--python", str(python)]
        steps += [[*pip, "uv"], [*uv, "--resolution", "lowest-direct", *OURS], [*uv, *TOOLS]]
    else:
        steps += [[*pip, *OURS, *TOOLS]]
    steps += [[str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", *QUICK, *LEFT_OUT]]
    # What is not tested there is tested by the suite itself: a skip is no failure here.
    env = {name: value for name, value in os.environ.items() if name not in ("PROCTOR_CI", "VIRTUAL_ENV")}
    for step in steps:
        done = subprocess.run(step, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        lines = done.stdout.splitlines()
        if done.returncode:
            if step[-1] == "uv":
                return f"{named(version)}: uv is not to be had here, not tested", True
            return "\n".join([f"{named(version)}: failed: {' '.join(step[1:4])}", *lines[-SHOWN_LINES:]]), False
    return (
        f"{named(version)}: {lines[-1] if lines else 'no test'} ({time.monotonic() - begin:.0f} s with setting up)",
        True,
    )


def named(version: str) -> str:
    return "The oldest allowed packages" if version == LOWEST else f"Python {version}"


def main(versions: list[str]) -> int:
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    found = {
        version: Path(sys.executable) if version == LOWEST else find(version) for version in versions if version != here
    }
    for version, interpreter in found.items():
        if interpreter is None:
            print(f"Python {version}: not found on this machine, not tested", flush=True)
    present = {version: interpreter for version, interpreter in found.items() if interpreter is not None}
    with ThreadPoolExecutor(max(1, len(present))) as pool:
        answers = list(pool.map(run, present.keys(), present.values()))
    for text, _ in answers:
        print(text, flush=True)
    return 0 if all(passed for _, passed in answers) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(VERSIONS)))
