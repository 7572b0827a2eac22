"""Agents: they take due flow runs out of the server's queue and start them on infrastructure of their own."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {"Agent": "prefect.agent.agent"},
    rooms=("agent", "docker", "ecs", "kubernetes", "local", "polling", "vertex"),
)
