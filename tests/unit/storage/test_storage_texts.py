"""What users give as texts, into generated files and lines: it arrives whole."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from prefect import Flow
from prefect.storage import GCS, S3, Azure, Docker, Local, Webhook


def dockerfile(folder: Path, **given: Any) -> list[str]:
    storage = Docker(image_name="i", image_tag="t", stored_as_script=True, path="/flow.py", **given)
    storage.add_flow(Flow("f"))
    return Path(storage.create_dockerfile_object(str(folder))).read_text().splitlines()


@pytest.mark.parametrize(
    "package", ["some-package>=2.0,<3", "a[b]~=1", "git+https://host/x.git@main#egg=x&y", "it's; echo hacked", "$HOME"]
)
def test_a_dependency_reaches_pip_as_one_word(package: str, tmp_path: Path) -> None:
    (line,) = (line for line in dockerfile(tmp_path, python_dependencies=[package]) if line.startswith("RUN pip"))
    program = tmp_path / "pip"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    program.chmod(0o755)

    told = subprocess.run(
        ["sh", "-c", line.removeprefix("RUN ")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}:/bin:/usr/bin"},
    )
    assert told.stdout.splitlines() == ["install", package, "wheel"]


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"base_image": "python:3.11-slim"}, "RUN python -c 'import prefect' || pip install proctor=="),
        (
            {"base_image": "python:3.11-slim", "prefect_version": "1.4.1"},
            "RUN python -c 'import prefect' || pip install prefect==1.4.1",
        ),
        ({}, None),
    ],
    ids=["base", "base of a version", "our own image"],
)
def test_a_base_image_gets_the_package_if_it_has_none(given: Any, line: str | None, tmp_path: Path) -> None:
    (tmp_path / "context").mkdir()
    found = [text for text in dockerfile(tmp_path / "context", **given) if "import prefect" in text]
    assert len(found) == (line is not None)
    assert line is None or found[0].startswith(line)


def test_a_dockerfile_of_ones_own_stays_as_it_is(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("FROM mine:1\nRUN make it")
    (tmp_path / "context").mkdir()
    lines = dockerfile(tmp_path / "context", dockerfile=str(own))
    assert lines[:2] == ["FROM mine:1", "RUN make it"]
    assert not [line for line in lines if "pip" in line]


def test_variables_files_and_settings_are_in_the_image(tmp_path: Path) -> None:
    source = tmp_path / "a file.txt"
    source.write_text("x")
    same = [tmp_path / "one" / "same", tmp_path / "two" / "same"]
    for file in same:
        file.parent.mkdir()
        file.write_text(file.parent.name)
    (tmp_path / "context").mkdir()
    lines = dockerfile(
        tmp_path / "context",
        env_vars={"A": 'say "x" for $5 \\ now', "B": "it is $5", "C": 3, "UNSET": None},
        files={str(source): "/opt/a place/file.txt", str(same[0]): "/opt/first", str(same[1]): "/opt/second"},
    )
    begin = lines.index(r'ENV A="say \"x\" for \$5 \\ now" \\'[:-1])
    assert lines[begin + 1 : begin + 3] == ["    B='it is $5' \\", "    C=3 \\"]
    assert lines[begin + 3] == "    PREFECT__USER_CONFIG_PATH='/opt/prefect/config.toml'"
    assert not [line for line in lines if "UNSET" in line]
    assert 'COPY ["a file.txt", "/opt/a place/file.txt"]' in lines
    assert "COPY 3-same /opt/second" in lines


@pytest.mark.parametrize(
    "make",
    [
        lambda folder: Local(folder),
        lambda folder: Docker(),
        lambda folder: S3(bucket="b"),
        lambda folder: GCS(bucket="b"),
        lambda folder: Azure(container="b"),
        lambda folder: Webhook({}, "POST", {}, "GET"),
    ],
    ids=["Local", "Docker", "S3", "GCS", "Azure", "Webhook"],
)
def test_a_flow_is_in_a_storage_by_its_name(make: Any, tmp_path: Path) -> None:
    storage, flow = make(str(tmp_path)), Flow("f")
    assert flow not in storage
    assert "f" not in storage
    storage.add_flow(flow)
    assert flow in storage
    assert "f" in storage
    assert Flow("f") in storage
    assert Flow("g") not in storage
    assert 5 not in storage
