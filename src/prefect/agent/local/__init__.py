"""An agent that starts flow runs as processes of this machine."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(__name__, {"LocalAgent": "prefect.agent.local.agent"}, rooms=("agent",))
