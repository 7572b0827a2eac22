"""What the tasks for Toloka share: how they are declared, a client, and objects read from mappings."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from functools import wraps
from inspect import Parameter
from typing import Any, TypeVar

from prefect.core.function import FunctionTask, task
from prefect.utilities.importtools import import_needed

DEFAULT_TOKEN_SECRET_NAME = "TOLOKA_TOKEN"  # noqa: S105 - the name of a secret
DEFAULT_ENV = "PRODUCTION"
R = TypeVar("R")
_OF_THE_CLIENT = [
    Parameter("token", Parameter.KEYWORD_ONLY, default=None, annotation="str | None"),
    Parameter("secret_name", Parameter.KEYWORD_ONLY, default=DEFAULT_TOKEN_SECRET_NAME, annotation="str"),
    Parameter("env", Parameter.KEYWORD_ONLY, default=DEFAULT_ENV, annotation="str"),
]


def operation(work: Callable[..., R]) -> FunctionTask[..., R]:
    """Make a task of a function whose first argument is a client of Toloka.

    The task has the arguments behind that one, and by name ``token``, ``secret_name`` and ``env``.
    """
    shape = inspect.signature(work)
    _, *own = shape.parameters.values()
    before = [parameter for parameter in own if parameter.kind is not Parameter.VAR_KEYWORD]
    parameters = [*before, *_OF_THE_CLIENT, *own[len(before) :]]

    @wraps(work)
    def run(
        *args: Any,
        token: str | None = None,
        secret_name: str = DEFAULT_TOKEN_SECRET_NAME,
        env: str = DEFAULT_ENV,
        **kwargs: Any,
    ) -> R:
        shape.bind(None, *args, **kwargs)  # refuses what does not fit before anybody is asked
        return work(toloka_client(token, secret_name, env, by=work.__name__), *args, **kwargs)

    run.__signature__ = shape.replace(parameters=parameters)  # type: ignore[attr-defined]
    hints = {parameter.name: parameter.annotation for parameter in parameters}
    run.__annotations__ = {**hints, "return": shape.return_annotation}
    return task(run)


def toloka_client(token: str | None, secret_name: str, env: str, by: str = "toloka_client") -> Any:
    """Give a client.

    Args:
        token: else the secret of this name.
        env: ``PRODUCTION`` or ``SANDBOX``.
        by: who asks, for the messages.

    Raises:
        ValueError, KeyError: there is no token.
    """
    from prefect.client.secrets import Secret

    client = import_needed("toloka.client", by="A task for Toloka")
    try:
        value = token or Secret(secret_name).get()
    except (ValueError, KeyError) as error:
        raise type(error)(f"{error.args[0]} (`token` of {by})") from None
    return client.TolokaClient(value, env)


def structure_from_conf(obj: Any, cl: Any) -> Any:
    """Give an object of a class of Toloka: itself, or read from a mapping, or from JSON as text or bytes."""
    if isinstance(obj, cl):
        return obj
    if isinstance(obj, (str, bytes)):
        obj = json.loads(obj)
    return cl.structure(obj)


def extract_id(obj: Any, cl: Any = None) -> str:
    """Give the id of an object, of a mapping, or the id itself."""
    if isinstance(obj, str):
        return obj
    found: str | None = obj.get("id") if isinstance(obj, dict) else getattr(obj, "id", None)
    if not found:
        raise ValueError(f"An object of Toloka, or its id, is needed, not {type(obj).__name__}")
    return found
