"""Why a mutation changed nothing: clients of 1.x read ``success: false``, and people want to know what was wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefect.server.errors import shorten
from prefect.server.graphql.operations import Operation

__all__ = ["explained"]

#: What an id names, where its field does not say it.
_WORDS = {"key_id": "API key", "task_run_artifact_id": "artifact", "key_value_id": "key of the key-value store"}
#: Operations that change nothing for another reason as well.
_OR = {
    "set_schedule_active": ", or it has no schedule",
    "update_agent_config": ", or nothing was given that should change",
}


def explained(operation: Operation, inputs: Mapping[str, Any], answer: Any) -> Any:
    """Give the answer of a mutation, with a reason where it says that nothing was changed, and none why.

    Args:
        inputs: as the caller gave them.
    """
    if not isinstance(answer, Mapping) or answer.get("success") is not False or answer.get("error"):
        return answer
    return {**answer, "error": _reason(operation, inputs)}


def _reason(operation: Operation, inputs: Mapping[str, Any]) -> str:
    named = [field for field in operation.inputs if field.endswith("_id") and isinstance(inputs.get(field), str)]
    # The tenant is what others are looked for in, unless it is all that was named.
    if named:
        field = min(named, key="tenant_id".__eq__)
        what = _WORDS.get(field, field.removesuffix("_id").replace("_", " "))
        return f"There is no {what} {inputs[field]}{_OR.get(operation.name, '')}."
    if isinstance(inputs.get("name"), str):
        return f"There is no {operation.name.rpartition('_')[2]} {shorten(inputs['name'])}."
    return "Nothing was there to change."
