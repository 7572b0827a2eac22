"""What a person who fills in a parameter may want to know: the type that its tasks expect, and the values it may have.

Read from the annotations of the functions that take it. It is told, never enforced.
"""

from __future__ import annotations

import enum
import inspect
import types
import typing
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prefect.core.flow import Flow
    from prefect.core.parameter import Parameter

__all__ = ["hints_of", "type_text", "with_hints"]

LONGEST_HINT = 200
MOST_CHOICES = 200
_PLAIN = (str, int, float, bool, type(None))


def with_hints(flow: Flow, serialized: Mapping[str, Any]) -> dict[str, Any]:
    """Give the document of a flow with what it tells of its parameters besides; what they say themselves wins.

    This is for registration: ``Flow.serialize`` and the hash of it stay as 1.4.1's.
    """
    told = {parameter.name: hints_of(flow, parameter) for parameter in flow.parameters()}
    parameters = [{**told.get(document["name"], {}), **document} for document in serialized["parameters"]]
    return {**serialized, "parameters": parameters}


def hints_of(flow: Flow, parameter: Parameter) -> dict[str, Any]:
    """Give ``type_hint`` and ``choices`` of a parameter as far as its flow tells them; the rest is left out.

    A type is told when all functions that take the parameter whole, and say a type, say the same.
    """
    found: list[Any] = []
    for edge in flow.edges_from(parameter):
        if edge.key and not edge.mapped and not edge.flattened:
            hint = _annotation(edge.downstream_task.run, edge.key)
            if hint is not inspect.Parameter.empty and hint is not Any:
                found.append(hint)
    texts = {type_text(hint) for hint in found}
    if len(texts) != 1:
        return {}
    told: dict[str, Any] = {"type_hint": texts.pop()[:LONGEST_HINT]}
    choices = _choices(found[0])
    return {**told, "choices": choices} if choices else told


def _annotation(run: Any, name: str) -> Any:
    """Give the annotation of an argument; as it was written when what it names cannot be found."""
    function = getattr(run, "__func__", run)
    written = getattr(function, "__annotations__", {})
    if name not in written:
        return inspect.Parameter.empty
    try:
        return typing.get_type_hints(function)[name]
    except Exception:  # whatever a user's annotations do when they are evaluated
        return written[name]


def type_text(hint: Any) -> str:
    """Write a type as a person would: ``int``, ``list[str]``, ``datetime.date``, ``int | None``."""
    if isinstance(hint, str):
        return hint
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return " | ".join("None" if part is type(None) else type_text(part) for part in typing.get_args(hint))
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return hint.__qualname__
    return inspect.formatannotation(hint).removeprefix("typing.")


def _choices(hint: Any) -> list[Any]:
    """Give the values of a ``Literal`` or an enumeration, if JSON can say them and they are not too many."""
    if typing.get_origin(hint) is typing.Literal:
        values = list(typing.get_args(hint))
    elif isinstance(hint, type) and issubclass(hint, enum.Enum):
        values = [member.value for member in hint]
    else:
        return []
    return values if len(values) <= MOST_CHOICES and all(isinstance(value, _PLAIN) for value in values) else []
