"""How a run wants to be launched, as plain values that agents read.

Nothing here launches anything, or knows of flows or agents.
"""

from prefect._lazy import lazy

_HOMES = {
    "DockerRun": "prefect.run_configs.docker",
    "ECSRun": "prefect.run_configs.ecs",
    "KubernetesRun": "prefect.run_configs.kubernetes",
    "LocalRun": "prefect.run_configs.local",
    "RunConfig": "prefect.run_configs.base",
    "UniversalRun": "prefect.run_configs.base",
    "VertexRun": "prefect.run_configs.vertex",
}

__all__ = sorted(_HOMES)

__getattr__, __dir__ = lazy(__name__, _HOMES, rooms=("base", "docker", "ecs", "kubernetes", "local", "vertex"))
