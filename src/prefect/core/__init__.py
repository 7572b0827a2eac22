"""Building a flow: tasks, parameters, edges and the graph they make.

Knows states and results as words only; how a flow is run, stored or sent is decided on the floors above.
"""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "Edge": "prefect.core.edge",
        "Flow": "prefect.core.flow",
        "Parameter": "prefect.core.parameter",
        "Task": "prefect.core.task",
    },
    rooms=(
        "annotations",
        "cache_validators",
        "collections",
        "constants",
        "edge",
        "flow",
        "function",
        "graph",
        "operators",
        "parameter",
        "plugs",
        "resource_manager",
        "serialize",
        "task",
        "visualize",
    ),
)
