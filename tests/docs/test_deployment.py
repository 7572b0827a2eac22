"""The files in deploy/, the Dockerfile and compose.yaml say what this version of the server understands."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from prefect.cli.server import start
from prefect.server.settings import load_settings

ROOT = Path(__file__).parents[2]
FLAGS = {flag for option in start.params for flag in (*option.opts, *option.secondary_opts)}
INSTRUCTIONS = {"FROM", "WORKDIR", "COPY", "RUN", "USER", "ENV", "VOLUME", "EXPOSE"}
INSTRUCTIONS |= {"HEALTHCHECK", "STOPSIGNAL", "ENTRYPOINT", "CMD"}
KUBERNETES = sorted((ROOT / "deploy/kubernetes").glob("*.yaml"))


def instructions() -> list[tuple[str, str]]:
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(None, 1)[0], line.split(None, 1)[1].strip()) for line in lines]


def check_start(arguments: list[str]) -> None:
    assert arguments[:2] == ["server", "start"]
    for argument in arguments[2:]:
        assert not argument.startswith("--") or argument in FLAGS, argument


def check_variable(name: str) -> None:
    """A setting of the server that is not known would be passed over in silence."""
    if name.startswith("PREFECT_SERVER__"):
        known = load_settings({}, environment={})
        keys = {field.metadata["key"] for field in type(known).__dataclass_fields__.values() if "key" in field.metadata}
        assert name.removeprefix("PREFECT_SERVER__").lower().replace("__", ".") in keys


def test_the_image_copies_what_is_there_and_starts_what_exists() -> None:
    found = instructions()
    assert {name for name, _ in found} <= INSTRUCTIONS
    for name, text in found:
        if name == "COPY" and "--from" not in text:
            for source in text.split()[:-1]:
                assert (ROOT / source).exists(), source
                assert f"!{source}" in (ROOT / ".dockerignore").read_text().splitlines()
    (extras,) = re.findall(r"\.\[([a-z,]+)\]", (ROOT / "Dockerfile").read_text())
    for extra in extras.split(","):
        assert re.search(rf"^{extra} = \[", (ROOT / "pyproject.toml").read_text(), re.MULTILINE), extra
    assert json.loads(dict(found)["ENTRYPOINT"]) == ["prefect"]
    check_start(json.loads(dict(found)["CMD"]))
    assert dict(found)["USER"] != "root"


def test_the_agents_unit_starts_what_exists_with_known_settings() -> None:
    from prefect.cli.agent import start_local
    from prefect.utilities.setting_sources import files

    unit = (ROOT / "deploy/systemd/proctor-agent.service").read_text()
    (command,) = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)
    _, *words = shlex.split(command)
    assert words[:3] == ["agent", "local", "start"]
    known = {flag for option in start_local.params for flag in option.opts}  # type: ignore[attr-defined]
    assert set(words[3:]) <= known
    guide = (ROOT / "docs/guides/agent-under-systemd.md").read_text()
    settings = files()[0].settings
    named = re.findall(r"PREFECT__(\w+)=", unit + guide)
    assert len(named) > 3
    for name in named:
        assert name.lower().replace("__", ".") in settings
    assert "proctor-agent.service" in guide


def test_the_compose_file_names_known_settings_and_keeps_the_data() -> None:
    found = yaml.safe_load((ROOT / "compose.yaml").read_text())
    server, database = found["services"]["server"], found["services"]["database"]
    for name in server["environment"]:
        check_variable(name)
    assert {volume.partition(":")[0] for one in (server, database) for volume in one["volumes"]} == set(
        found["volumes"]
    )
    assert all(port.startswith("127.0.0.1:") for port in server["ports"])


def containers(document: Any) -> list[dict[str, Any]]:
    return list(document.get("spec", {}).get("template", {}).get("spec", {}).get("containers", []))


@pytest.mark.parametrize("path", KUBERNETES, ids=lambda path: path.name)
def test_manifests_parse_and_fit_together(path: Path) -> None:
    documents = list(yaml.safe_load_all(path.read_text()))
    labels = [document["spec"]["template"]["metadata"]["labels"] for document in documents if containers(document)]
    for document in documents:
        assert document["apiVersion"]
        assert document["kind"]
        assert document["metadata"]["name"]
        if document["kind"] in ("Service", "PodDisruptionBudget"):
            selector = document["spec"]["selector"]
            assert selector.get("matchLabels", selector) in labels
        for container in containers(document):
            check_start(container["args"])
            for variable in container["env"]:
                check_variable(variable["name"])
            mounted = {mount["name"] for mount in container["volumeMounts"]}
            assert mounted == {volume["name"] for volume in document["spec"]["template"]["spec"]["volumes"]}


def test_the_unit_starts_what_exists(tmp_path: Path) -> None:
    unit = ROOT / "deploy/systemd/proctor-server.service"
    (command,) = re.findall(r"^ExecStart=(.*)$", unit.read_text(), re.MULTILINE)
    program, *arguments = shlex.split(command)
    check_start(arguments)
    verifier = shutil.which("systemd-analyze")
    if verifier is None:
        pytest.skip("no systemd-analyze here")
    # The program is not installed here, and its account is not made.
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text().replace(program, "/bin/true").replace("User=proctor", "User=root"))
    done = subprocess.run([verifier, "verify", "--man=no", str(copy)], capture_output=True, text=True, timeout=60)
    complaints = [line for line in done.stderr.splitlines() if unit.name in line]
    assert complaints == []
