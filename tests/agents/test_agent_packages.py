"""Agents whose vendor's package is missing, and what importing the agents loads."""

from __future__ import annotations

import re
import subprocess
import sys
import threading

import pytest

from prefect.agent import Agent
from prefect.agent.docker import DockerAgent
from prefect.agent.ecs import ECSAgent
from prefect.agent.kubernetes import KubernetesAgent
from prefect.agent.local import LocalAgent
from prefect.agent.vertex import VertexAgent
from prefect.utilities.agent import get_flow_image
from prefect.utilities.configuration import set_temporary_config
from prefect.utilities.installing import install_command

AGENTS = [
    pytest.param(DockerAgent, "docker", "docker", id="docker"),
    pytest.param(KubernetesAgent, "kubernetes", "kubernetes", id="kubernetes"),
    pytest.param(ECSAgent, "boto3", "aws", id="ecs"),
    pytest.param(VertexAgent, "google.auth", "gcp", id="vertex"),
]


@pytest.mark.parametrize(("agent", "module", "extra"), AGENTS)
def test_a_missing_package_is_told_with_the_extra_that_brings_it(agent, module, extra, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)

    with pytest.raises(ImportError, match=re.escape(install_command(f"proctor[{extra}]")) + "$"):
        agent()


def test_agents_are_found_without_loading_any_vendors_package():
    text = """
import sys, prefect.agent
from prefect.agent import docker, ecs, kubernetes, vertex
assert "prefect.agent.agent" not in sys.modules
docker.DockerAgent, ecs.ECSAgent, kubernetes.KubernetesAgent, vertex.VertexAgent
loaded = {name.partition(".")[0] for name in sys.modules}
assert not loaded & {"docker", "kubernetes", "boto3", "botocore", "google", "yaml"}, loaded
"""
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("version", "setting", "image"),
    [
        ("1.4.1", "", "prefecthq/prefect:1.4.1"),
        ("0.15.3+4.gabc", "", "prefecthq/prefect:0.15.3"),
        ("1.5.0", "", "proctor:1.5.0"),
        ("2.0.0+dirty", "", "proctor:2.0.0"),
        (None, "", "prefecthq/prefect:latest"),
        ("1.5.0", "registry/flows:{version}", "registry/flows:1.5.0"),
        ("1.4.1", "mine", "mine"),
    ],
)
def test_a_flow_run_that_names_no_image_gets_that_of_its_version_or_the_configured_one(version, setting, image):
    run = {"flow": {"storage": {"type": "Local"}, "core_version": version}, "run_config": None}
    with set_temporary_config({"cloud.agent.image": setting}):
        assert get_flow_image(run) == image


def test_documents_that_keep_agents_running_take_the_arguments_of_1_4_1():
    import yaml

    conf = LocalAgent.generate_supervisor_conf("ignored", ["a"], {"X": "1"}, ["/p"], True, "k", "t", "c")
    command = next(line for line in conf.splitlines() if line.startswith("command="))
    deployment = next(
        yaml.safe_load_all(KubernetesAgent.generate_deployment_yaml("http://api:4200", "ns", labels=["a"]))
    )

    assert command.split("start ")[1] == (
        "--key k --tenant-id t --agent-config-id c --label a --env X=1 --import-path /p --show-flow-logs"
    )
    assert deployment["metadata"]["namespace"] == "ns"
    environ = deployment["spec"]["template"]["spec"]["containers"][0]["env"]
    assert {"name": "PREFECT__CLOUD__API", "value": "http://api:4200"} in environ
    assert {"name": "PREFECT__CLOUD__AGENT__LABELS", "value": "['a']"} in environ


def test_a_subclass_says_how_often_its_agent_looks_after_what_it_started(tmp_path):
    class Quick(Agent):
        def __init__(self):
            super().__init__()
            self.heartbeat_period = 0.001
            self.beaten = threading.Event()

        def heartbeat(self):
            self.beaten.set()

    with set_temporary_config({"cloud.api": "http://127.0.0.1:1", "home_dir": str(tmp_path)}):
        agent = Quick()
    beats = threading.Thread(target=agent._beat)
    beats.start()
    assert agent.beaten.wait(30)
    agent._finished.set()
    beats.join()
