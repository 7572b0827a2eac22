"""Make `.compat/`: the released 1.4.1 package with the pins that make it work today.

The compatibility tests and the benchmarks use it as a separate program over the network or side by side; nothing of it
is imported by ours. One of its dependencies is compiled at installation: a C compiler and Python's headers are needed.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[1] / ".compat"
PINS = [
    "prefect==1.4.1",
    "pendulum<3",  # cron clocks use a class that pendulum 3 dropped
    "marshmallow<3.20",  # 4 breaks every serialization
    "marshmallow-oneofschema<3.1",
    "python-box<6",
    "click<8.2",
    "setuptools<70",  # pkg_resources
    "docker<7",
]


def main() -> int:
    python = FOLDER / "bin" / "python"
    stamp = FOLDER / ".installed"
    if stamp.exists() and stamp.read_text() == "\n".join(PINS):
        return 0
    print(f"Installing the released 1.4.1 into {FOLDER} (a minute) ...", flush=True)
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(FOLDER)], check=True)
    subprocess.run([str(python), "-m", "pip", "--disable-pip-version-check", "-q", "install", *PINS], check=True)
    stamp.write_text("\n".join(PINS))
    return 0


if __name__ == "__main__":
    sys.exit(main())
