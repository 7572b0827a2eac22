"""Setting up is one quick look for versions, with a line that tells how far it is."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
# Each is released together with another of ours, which names exactly its version.
RELEASED_TOGETHER = {"dask", "opentelemetry-sdk"}
NEWER_THAN_ALL = "999999"


def load_tool():
    spec = importlib.util.spec_from_file_location("install_tool", ROOT / "tools" / "install.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def requirements(name: str) -> list[Requirement]:
    return [Requirement(text) for text in importlib.metadata.requires(name) or []]


def test_what_others_bound_above_is_bound_above_by_us():
    """An installer takes the newest that we allow first, and searches long among the others when they do not agree."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    texts = [*project["dependencies"], *(text for extra in project["optional-dependencies"].values() for text in extra)]
    ours = {canonicalize_name(found.name): found.specifier for found in map(Requirement, texts)}
    open_above = {
        f"{name}: {distribution.name} wants {found}"
        for distribution in importlib.metadata.distributions()
        for found in requirements(distribution.name)
        if (found.marker is None or found.marker.evaluate({"extra": ""}))
        and not found.specifier.contains(NEWER_THAN_ALL)
        and (name := canonicalize_name(found.name)) in ours.keys() - RELEASED_TOGETHER
        and ours[name].contains(NEWER_THAN_ALL)
    }
    assert open_above == set()


@pytest.mark.parametrize(
    ("line", "doing"),
    [
        ("Collecting boto3>=1.35 (from proctor==1.5.0)", "1 packages so far, looking at boto3"),
        ("Processing /some/where/numpy-2.4.6-cp311.whl (from bokeh)", "1 packages so far, looking at numpy"),
        (
            "  Downloading botocore-1.44.8-py3-none-any.whl (16.9 MB)",
            "0 packages so far, downloading botocore (16.9 MB)",
        ),
        ("INFO: pip is looking at multiple versions of x to determine", "choosing a version of x"),
        ("Installing collected packages: a, b, c", "unpacking 3 packages"),
        ("Something else", "starting"),
    ],
)
def test_progress_tells_what_pip_does(line, doing):
    progress = load_tool().Progress()
    progress.take(line)
    assert progress.doing == doing


def test_a_failure_shows_what_the_installer_said(tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    (tmp_path / "pip.py").write_text("import sys\nprint('Collecting x')\nprint('no such thing: x')\nsys.exit(3)\n")
    done = subprocess.run(
        [str(tmp_path / "venv/bin/python"), str(ROOT / "tools/install.py"), "x"],
        env={"PATH": "/nowhere", "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert "no such thing: x" in done.stderr
    assert (tmp_path / "venv/install.log").read_text() == "Collecting x\nno such thing: x\n"
