"""An agent that starts flow runs as Docker containers."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(__name__, {"DockerAgent": "prefect.agent.docker.agent"}, rooms=("agent", "volumes"))
