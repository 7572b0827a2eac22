"""Tasks for Python's operators: what ``task + 1`` and the like become."""

from __future__ import annotations

from functools import reduce
from typing import Any

from prefect.core.authoring import defaults_from_attrs
from prefect.core.task import NoDefault, Task

__all__ = [
    "Add",
    "And",
    "Div",
    "Equal",
    "FloorDiv",
    "GetAttr",
    "GetItem",
    "GreaterThan",
    "GreaterThanOrEqual",
    "LessThan",
    "LessThanOrEqual",
    "Mod",
    "Mul",
    "Not",
    "NotEqual",
    "Or",
    "Pow",
    "Sub",
]


class GetItem(Task):
    """A task that gives one item of a result.

    Args:
        default: given when the key is missing; without one that is an error.
        **kwargs: as for ``Task``.
    """

    public_name = "prefect.tasks.core.operators.GetItem"

    def __init__(self, default: Any = NoDefault.value, *args: Any, **kwargs: Any) -> None:
        self.default = default
        super().__init__(*args, **kwargs)

    @defaults_from_attrs("default")
    def run(self, task_result: Any, key: Any, default: Any = NoDefault.value) -> Any:
        """Give ``task_result[key]``, or the default when there is no such key."""
        try:
            return task_result[key]
        except KeyError:
            if default is NoDefault.value:
                raise
            return default


class GetAttr(Task):
    """A task that gives one attribute of a result; dots lead to attributes of attributes.

    Args:
        default: given when the attribute is missing; without one that is an error.
        **kwargs: as for ``Task``.
    """

    public_name = "prefect.tasks.core.operators.GetAttr"

    def __init__(self, default: Any = NoDefault.value, *args: Any, **kwargs: Any) -> None:
        self.default = default
        super().__init__(*args, **kwargs)

    @defaults_from_attrs("default")
    def run(self, task_result: Any, attr: Any, default: Any = NoDefault.value) -> Any:
        """Give the attribute, or the default when there is no such attribute.

        Raises:
            TypeError: the attribute's name is no text.
        """
        if not isinstance(attr, str):
            raise TypeError("attribute name must be a string")
        try:
            return reduce(getattr, attr.split("."), task_result)
        except AttributeError:
            if default is NoDefault.value:
                raise
            return default


class Add(Task):
    """``x + y``"""

    public_name = "prefect.tasks.core.operators.Add"

    def run(self, x: Any, y: Any) -> Any:
        """Give ``x + y``."""
        return x + y


class Sub(Task):
    """``x - y``"""

    public_name = "prefect.tasks.core.operators.Sub"

    def run(self, x: Any, y: Any) -> Any:
        """Give ``x - y``."""
        return x - y


class Mul(Task):
    """``x * y``"""

    public_name = "prefect.tasks.core.operators.Mul"

    def run(self, x: Any, y: Any) -> Any:
        """Give ``x * y``."""
        return x * y


class Div(Task):
    """``x / y``"""

    public_name = "prefect.tasks.core.operators.Div"

    def run(self, x: Any, y: Any) -> Any:
        """Give ``x / y``."""
        return x / y


class FloorDiv(Task):
    """``x // y``"""

    public_name = "prefect.tasks.core.operators.FloorDiv"

    def run(self, x: Any, y: Any) -> Any:
        """Give ``x // y``."""
        return x // y


class Pow(Task):
    """``x ** y``"""

    public_name = "prefect.tasks.core.operators.Pow"

    def run(self, x: Any, y: Any) -> Any:
        """Give ``x ** y``."""
        return x**y


class Mod(Task):
    """``x % y``"""

    public_name = "prefect.tasks.core.operators.Mod"

    def run(self, x: Any, y: Any) -> Any:
        """Give ``x % y``."""
        return x % y


class And(Task):
    """``x and y``"""

    public_name = "prefect.tasks.core.operators.And"

    def run(self, x: Any, y: Any) -> Any:
        """Give ``x and y``."""
        return x and y


class Or(Task):
    """``x or y``"""

    public_name = "prefect.tasks.core.operators.Or"

    def run(self, x: Any, y: Any) -> Any:
        """Give ``x or y``."""
        return x or y


class Not(Task):
    """``not x``"""

    public_name = "prefect.tasks.core.operators.Not"

    def run(self, x: Any) -> bool:
        """Give ``not x``."""
        return not x


class Equal(Task):
    """``x == y``"""

    public_name = "prefect.tasks.core.operators.Equal"

    def run(self, x: Any, y: Any) -> Any:
        """Give ``x == y``."""
        return x == y


class NotEqual(Task):
    """``x != y``"""

    public_name = "prefect.tasks.core.operators.NotEqual"

    def run(self, x: Any, y: Any) -> Any:
        """Give ``x != y``."""
        return x != y


class GreaterThan(Task):
    """``x > y``"""

    public_name = "prefect.tasks.core.operators.GreaterThan"

    def run(self, x: Any, y: Any) -> Any:
        """Give ``x > y``."""
        return x > y


class GreaterThanOrEqual(Task):
    """``x >= y``"""

    public_name = "prefect.tasks.core.operators.GreaterThanOrEqual"

    def run(self, x: Any, y: Any) -> Any:
        """Give ``x >= y``."""
        return x >= y


class LessThan(Task):
    """``x < y``"""

    public_name = "prefect.tasks.core.operators.LessThan"

    def run(self, x: Any, y: Any) -> Any:
        """Give ``x < y``."""
        return x < y


class LessThanOrEqual(Task):
    """``x <= y``"""

    public_name = "prefect.tasks.core.operators.LessThanOrEqual"

    def run(self, x: Any, y: Any) -> Any:
        """Give ``x <= y``."""
        return x <= y
