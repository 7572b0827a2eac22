"""An agent that starts flow runs as AWS ECS tasks."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(__name__, {"ECSAgent": "prefect.agent.ecs.agent"}, rooms=("agent", "definitions"))
