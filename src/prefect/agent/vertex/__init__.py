"""An agent that starts flow runs as custom jobs of Google Vertex AI."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(__name__, {"VertexAgent": "prefect.agent.vertex.agent"}, rooms=("agent",))
