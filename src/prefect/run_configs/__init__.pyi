# Made by tools/stubs.py from the table in the module beside it.
from prefect.run_configs import base as base
from prefect.run_configs import docker as docker
from prefect.run_configs import ecs as ecs
from prefect.run_configs import kubernetes as kubernetes
from prefect.run_configs import local as local
from prefect.run_configs import vertex as vertex
from prefect.run_configs.base import RunConfig as RunConfig
from prefect.run_configs.base import UniversalRun as UniversalRun
from prefect.run_configs.docker import DockerRun as DockerRun
from prefect.run_configs.ecs import ECSRun as ECSRun
from prefect.run_configs.kubernetes import KubernetesRun as KubernetesRun
from prefect.run_configs.local import LocalRun as LocalRun
from prefect.run_configs.vertex import VertexRun as VertexRun
