"""Reading the API as values (flows, runs, tenants, artifacts, the key-value store), and running one flow run.

It is above the engine and the client, and knows nothing of agents and commands.
"""

from __future__ import annotations

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "FlowView": "prefect.backend.flow",
        "FlowRunView": "prefect.backend.flow_run",
        "TaskRunView": "prefect.backend.task_run",
        "TenantView": "prefect.backend.tenant",
        "create_link_artifact": "prefect.backend.artifacts",
        "create_markdown_artifact": "prefect.backend.artifacts",
        "delete_artifact": "prefect.backend.artifacts",
        "update_link_artifact": "prefect.backend.artifacts",
        "update_markdown_artifact": "prefect.backend.artifacts",
        "delete_key": "prefect.backend.kv_store",
        "get_key_value": "prefect.backend.kv_store",
        "list_keys": "prefect.backend.kv_store",
        "set_key_value": "prefect.backend.kv_store",
    },
    rooms=("artifacts", "execution", "flow", "flow_run", "kv_store", "task_run", "tenant"),
)
