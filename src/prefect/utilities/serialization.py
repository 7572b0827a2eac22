"""Objects to their qualified names and back.

The marshmallow fields and schemas of 1.x are not here: this package does not use marshmallow. The schemas of flows,
states and the like are in ``prefect.serialization``.
"""

from __future__ import annotations

import sys
from typing import Any


def to_qualified_name(obj: Any) -> str:
    """Give ``module.name`` of a class or function; of those of this package the path that users import it by.

    Raises:
        AttributeError: the object has no name of its own, being an instance.
    """
    name = f"{obj.__module__}.{obj.__qualname__}"
    # Looked up in the object itself: a subclass does not have its parent's name.
    return str(vars(obj).get("public_name") or name) if hasattr(obj, "__dict__") else name


def from_qualified_name(obj_str: str) -> Any:
    """Give the object of that name, without importing anything: its module must have been imported already.

    Raises:
        ValueError: no imported module has it.
    """
    module_name = obj_str
    attributes: list[str] = []
    while module_name:
        if module_name in sys.modules:
            found = sys.modules[module_name]
            try:
                for attribute in attributes:
                    found = getattr(found, attribute)
            except AttributeError:
                break
            return found
        module_name, _, last = module_name.rpartition(".")
        attributes.insert(0, last)
    raise ValueError(f"Couldn't load \"{obj_str}\"; maybe it hasn't been imported yet?")
