"""Wheels and source archives carry the built web UI, none is made without it, and who installs one needs no Node."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest

from support.servers import ServerProcess

ROOT = Path(__file__).parents[2]
INDEX = '<!doctype html><head><base href="/"><title>carried along</title></head>'
SCRIPT = "export const name = 'carried along';\n"
CARRIED = {"index.html": INDEX, "ui/assets/main.a1b2c3d4.js": SCRIPT, "ui/assets/main.a1b2c3d4.js.gz": "packed"}
#: Whoever makes a package may have Node: here nobody has.
WITHOUT_NODE = {**os.environ, "PATH": "/nonexistent"}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What git holds, as far as packages are concerned; nothing is built."""
    made = tmp_path / "clone"
    made.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", ".gitignore"):
        shutil.copy(ROOT / name, made / name)
    for name, kept_out in (("src", "static*"), ("tools", "mutation"), ("ui", "node_modules")):
        shutil.copytree(ROOT / name, made / name, ignore=shutil.ignore_patterns(kept_out, "__pycache__"))
    return made


def pretend_built(clone: Path) -> None:
    static = clone / "src/prefect/server/ui/static"
    for name, text in CARRIED.items():
        (static / name).parent.mkdir(parents=True, exist_ok=True)
        (static / name).write_text(text)
    shutil.rmtree(clone / "ui")  # without sources nothing can be newer than what is built


def make(clone: Path, *kinds: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hatchling", "build", "-d", "made", *(f"-t{kind}" for kind in kinds)]
    done = subprocess.run(command, cwd=clone, env=WITHOUT_NODE, capture_output=True, text=True, timeout=120)
    assert done.returncode == code, done.stdout + done.stderr
    return done


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
@pytest.mark.parametrize("is_stale", [False, True], ids=["not built", "built of older sources"])
def test_no_package_is_made_without_the_ui(clone, kind, is_stale):
    if is_stale:
        static = clone / "src/prefect/server/ui/static"
        static.mkdir()
        (static / "index.html").write_text(INDEX)
        (static / "build.json").write_text('{"sources": "other"}')

    done = make(clone, kind, code=1)

    assert "make ui" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(clone.glob("made/*"))


def test_an_editable_install_needs_no_ui(clone):
    text = "from hatchling.build import build_editable; print(build_editable('.'))"
    done = subprocess.run([sys.executable, "-c", text], cwd=clone, env=WITHOUT_NODE, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith(".whl")


def test_a_wheel_made_of_a_source_archive_serves_the_page_without_node(clone, tmp_path):
    pretend_built(clone)
    make(clone, "sdist")
    (archive,) = clone.glob("made/*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path / "unpacked", filter="data")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    assert {path.name for path in unpacked.iterdir()} >= {"src", "tools", "pyproject.toml", "LICENSE"}
    assert not (unpacked / "ui").exists()
    make(unpacked, "wheel")
    (wheel,) = unpacked.glob("made/*.whl")
    with zipfile.ZipFile(wheel) as packed_wheel:
        carried = {name for name in packed_wheel.namelist() if "/ui/static/" in name}
    assert carried == {f"prefect/server/ui/static/{name}" for name in CARRIED}

    server = Installed(tmp_path, wheel)
    server.start()
    try:
        page = urllib.request.Request(f"{server.url}/default/runs", headers={"Accept": "text/html"})
        with urllib.request.urlopen(page, timeout=30) as answer:
            assert answer.read().decode() == INDEX
        with urllib.request.urlopen(f"{server.url}/ui/assets/main.a1b2c3d4.js", timeout=30) as answer:
            assert answer.read().decode() == SCRIPT
    finally:
        server.stop()


class Installed(ServerProcess):
    """A server out of a wheel, in an environment of its own; what we depend on comes from that of the tests."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        super().__init__(folder)
        environment = folder / "environment"
        venv.create(environment, symlinks=True)
        self.executable = str(environment / "bin" / "python")
        inside = sysconfig.get_path("purelib", vars={"base": str(environment)})
        with zipfile.ZipFile(wheel) as packed:
            packed.extractall(inside)  # what an installer does with a wheel of plain Python
        # Not looked into for .pth files of its own, one of which leads to these sources.
        (Path(inside) / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")

    @property
    def own_settings(self) -> dict[str, str]:
        return {**super().own_settings, "PATH": "/nonexistent"}
