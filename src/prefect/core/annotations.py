"""Marks that a user puts around an argument to say how its edge behaves: ``mapped``, ``unmapped``, ``flatten``.

A mark holds its value and knows nothing of tasks or flows. Marks can be nested; where they disagree the inner one wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:  # so that a type checker lets it pass for any argument
    _Anything = Any
else:
    _Anything = object


class EdgeAnnotation(_Anything):  # type: ignore[misc]  # Any on purpose
    """A value together with what its edge shall be.

    Attributes:
        value: what was marked, without any mark around it.
        annotations: edge attribute (``mapped``, ``flattened``) -> its value.
    """

    value: Any
    annotations: ClassVar[Mapping[str, bool]] = MappingProxyType({})

    def __init__(self, value: Any) -> None:
        annotations = dict(type(self).annotations)
        if isinstance(value, EdgeAnnotation):
            annotations.update(value.annotations)
            value = value.value
        self.value = value
        self.annotations = annotations  # type: ignore[misc]  # of the class its own, of an instance those inside it too


class mapped(EdgeAnnotation):
    """Mark an argument to be mapped over: each child gets one element of it."""

    annotations = MappingProxyType({"mapped": True})


class unmapped(EdgeAnnotation):
    """Mark an argument to be passed whole to every child of a mapped task."""

    annotations = MappingProxyType({"mapped": False})


class flatten(EdgeAnnotation):
    """Mark an argument that is a list of lists, to be taken as one list."""

    annotations = MappingProxyType({"flattened": True})
