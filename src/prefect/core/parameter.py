"""Parameters: tasks whose value is given when a flow run is created."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, overload

from prefect._lazy import lazy
from prefect.core.task import NoDefault, Task
from prefect.utilities.context import context

if TYPE_CHECKING:
    from typing_extensions import TypeVar  # known to checkers; it need not be installed

    from prefect.model.serializers import Serializer

    T = TypeVar("T", default=Any)

    class _TaskForAnything(Task, Any):  # type: ignore[misc]  # Any on purpose
        """A type checker lets it pass for any argument of a task."""
else:
    from typing import TypeVar

    _TaskForAnything = Task
    T = TypeVar("T")

no_default = NoDefault.value


class Parameter(_TaskForAnything, Generic[T]):
    """A task whose value is given when a flow run is created.

    Args:
        name: also the slug, so that a flow has no two parameters of one name.
        default: the value when none is given; must be JSON for a flow that is registered.
        required: whether a value must be given; default: when there is no default.
        tags: as for ``Task``.
        description: a sentence for whoever gives the value.
        choices: the values that it may have, shown to whoever gives it.
    """

    public_name = "prefect.core.parameter.Parameter"

    @overload
    def __init__(
        self: Parameter[Any],
        name: str,
        *,
        required: bool | None = None,
        tags: Iterable[str] | None = None,
        description: str | None = None,
        choices: Iterable[Any] | None = None,
    ) -> None: ...

    @overload
    def __init__(
        self,
        name: str,
        default: T,
        required: bool | None = None,
        tags: Iterable[str] | None = None,
        *,
        description: str | None = None,
        choices: Iterable[T] | None = None,
    ) -> None: ...

    def __init__(
        self,
        name: str,
        default: Any = no_default,
        required: bool | None = None,
        tags: Iterable[str] | None = None,
        *,
        description: str | None = None,
        choices: Iterable[Any] | None = None,
    ) -> None:
        if required is None:
            required = default is no_default
        self.required = required
        self.default = None if default is no_default else default
        if description is not None:
            self.description = description
        if choices is not None:
            self.choices = list(choices)
        super().__init__(name=name, slug=name, tags=tags, result=_parameter_result(None), checkpoint=True)

    def __repr__(self) -> str:
        return f"<Parameter: {self.name}>"

    def copy(self, name: str, **task_args: Any) -> Parameter[T]:  # type: ignore[override]
        """Copy this parameter under another name."""
        return super().copy(name=name, slug=name, **task_args)

    def __call__(self, *, flow: Any = None, **kwargs: Any) -> Any:  # type: ignore[override]
        """Add this parameter to a flow; unlike other tasks it is not copied."""
        return self.bind(flow=flow, **kwargs)

    if TYPE_CHECKING:

        def run(self) -> T: ...

    else:  # the annotation is registered with the flow, as that of any task

        def run(self) -> Any:
            """Give the value of this parameter in the flow run.

            Raises:
                FAIL: it is required and was not given.
            """
            given = context.get("parameters") or {}
            if self.required and self.name not in given:
                from prefect.model.signals import FAIL

                raise FAIL(f'Parameter "{self.name}" was required but not provided.')
            return given.get(self.name, self.default)

    def serialize(self) -> dict[str, Any]:
        """Give this parameter as JSON."""
        from prefect.core.as_json import dump_parameter

        return dump_parameter(self)


class DateTimeParameter(Parameter[Any]):
    """A parameter that is a point in time: text is parsed, and the value is a ``pendulum.DateTime``.

    Args:
        name, default, tags, description: as for ``Parameter``.
        required: a value must be given, also when there is a default.
    """

    public_name = "prefect.core.parameter.DateTimeParameter"

    def __init__(
        self,
        name: str,
        default: Any = no_default,
        required: bool = True,
        tags: Iterable[str] | None = None,
        *,
        description: str | None = None,
    ) -> None:
        from prefect.model.serializers import DateTimeSerializer

        super().__init__(name=name, default=default, required=required, tags=tags, description=description)
        self.result = _parameter_result(DateTimeSerializer())

    def run(self) -> Any:
        """Give the value of this parameter in the flow run, None as None."""
        value = super().run()
        if value is None:
            return None
        if not isinstance(value, (str, datetime)):
            raise ValueError(f'Parameter "{self.name}" must be a datetime or text, not {type(value).__name__}')
        from prefect.model.user_time import parse, user_time

        return parse(value) if isinstance(value, str) else user_time(value)


def _parameter_result(serializer: Serializer | None) -> Any:
    from prefect.model.result import PrefectResult

    return PrefectResult() if serializer is None else PrefectResult(serializer=serializer)


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "PrefectResult": "prefect.engine.results",
            "prefect": "prefect:",
        },
    )
