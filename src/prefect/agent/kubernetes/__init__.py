"""An agent that starts flow runs as Kubernetes jobs."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__, {"KubernetesAgent": "prefect.agent.kubernetes.agent"}, rooms=("agent", "jobs", "manifests", "watching")
)
