"""GraphQL text from nested Python values, answers with attribute access, and the compressed form of a flow."""

from __future__ import annotations

import base64
import gzip
import json
import textwrap
import uuid
from collections.abc import Iterable, KeysView, Mapping, ValuesView
from datetime import datetime
from typing import Any, Protocol

from prefect._dotted import DottedDict


class GraphQLResult(DottedDict):
    """An answer of the API with attribute access at every depth. Its ``repr`` is readable JSON."""

    __slots__ = ()

    def __repr__(self) -> str:
        try:
            return json.dumps(self.to_dict(), indent=4)
        except (TypeError, ValueError):
            return super().__repr__()


class EnumValue:
    """A text that stands in a document without quotes: a value of an enum, or a ``$variable``."""

    def __init__(self, value: str) -> None:
        self.value = value

    def __str__(self) -> str:
        return self.value

    def __repr__(self) -> str:
        return f"EnumValue({self.value!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EnumValue) and other.value == self.value

    def __hash__(self) -> int:
        return hash(self.value)


class GQLObject:
    """A GraphQL type as a Python class: its attributes name fields, its ``str`` is the name of the selection.

    ``class User(GQLObject): name = "name"`` lets one write ``{User(): {User.name}}``.
    """

    def __init__(self, name: str | None = None, _arguments: str | None = None) -> None:
        own_name = type(self).__name__
        self.__name = name or own_name[:1].lower() + own_name[1:]
        self.__arguments = _arguments

    def __call__(self, arguments: Any) -> GQLObject:
        """Give the same selection with arguments."""
        return type(self)(name=self.__name, _arguments=parse_graphql_arguments(arguments))

    def __str__(self) -> str:
        return with_args(self.__name, self.__arguments) if self.__arguments else self.__name

    def __repr__(self) -> str:
        return f'<GQL: "{self.__name}">'


def LiteralSetValue(value: Iterable[str]) -> str:
    """Give texts as a set literal of PostgreSQL, ``{a, b}``."""
    return "{" + ", ".join(value) + "}"


def parse_graphql(document: Any) -> str:
    """Write a nested structure as a GraphQL document.

    Keys of dictionaries open a selection; lists, tuples and sets hold fields. A dictionary's value ``True`` or
    ``...`` makes its key a plain field.
    """
    text = "\n".join(_lines(document))
    return textwrap.dedent(text).strip("\n") if "\n" in text else text


def _lines(document: Any) -> list[str]:
    if isinstance(document, str):
        return [line.rstrip() if not line.strip() else line for line in textwrap.dedent(document).splitlines()]
    if isinstance(document, Mapping):
        lines: list[str] = []
        for key, value in document.items():
            if value is True or value is ...:
                lines.extend(_lines(key if isinstance(key, str) else str(key)))
                continue
            lines.append(f"{key} {{")
            lines.extend(f"    {line}" if line else line for line in _lines(value) or [""])
            lines.append("}")
        return lines
    if isinstance(document, list | tuple | set | frozenset | KeysView | ValuesView):
        return [line for item in document for line in _lines(item)]
    if isinstance(document, type) and issubclass(document, GQLObject):
        return [str(document())]
    return _lines(str(document))


def parse_graphql_arguments(arguments: Any) -> str:
    """Write a mapping as GraphQL arguments, without the outer braces; text that is given is taken as it is."""
    if isinstance(arguments, str):
        return arguments
    text = _argument(arguments)
    return text[1:-1].strip() if isinstance(arguments, Mapping) else text


def _argument(value: Any) -> str:
    if isinstance(value, EnumValue):
        return value.value
    if isinstance(value, Mapping):
        inner = ", ".join(f"{key}: {_argument(item)}" for key, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple | set | frozenset | KeysView | ValuesView):
        return "[" + ", ".join(_argument(item) for item in value) + "]"
    if isinstance(value, uuid.UUID):
        return f'"{value}"'
    if isinstance(value, datetime):
        return value.isoformat()  # bare, as in 1.x: quote it by handing over text
    if value is None or isinstance(value, str | bool | int | float):
        return json.dumps(value)
    return str(value)


def with_args(field: Any, arguments: Any) -> str:
    """Give a field with its arguments: ``with_args("flow", {"limit": 1})`` is ``flow(limit: 1)``."""
    return f"{field}({parse_graphql_arguments(arguments)})"


def compress(input: Any) -> str:
    """Give the base64 text of the gzipped JSON of a value."""
    return base64.b64encode(gzip.compress(json.dumps(input).encode())).decode()


def decompress(string: str) -> Any:
    """Undo ``compress``."""
    return json.loads(gzip.decompress(base64.b64decode(string)).decode())


class _Request(Protocol):
    body: str | bytes | None


class _Response(Protocol):
    """What is read of an HTTP answer; ``requests`` and our own transport both have it."""

    request: _Request

    def json(self) -> Any: ...


def format_graphql_request_error(response: _Response) -> str:
    """Tell what the API found wrong with a document: its messages, the document and the variables."""
    errors = response.json().get("errors") or []
    request = json.loads(response.request.body or "{}")
    variables = request.get("variables")
    if not isinstance(variables, str):
        variables = json.dumps(variables)

    found = "\n".join(_error_line(error) for error in errors)
    told = (
        f"The following error messages were provided by the GraphQL server:\n\n{textwrap.indent(found, '    ')}\n"
        if errors
        else "The server did not provide any error messages.\n\n"
    )
    query = textwrap.indent(str(request.get("query", "")), "    ")
    return (
        f"\n{told}\nThe GraphQL query was:\n\n{query}\n\n"
        f"The passed variables were:\n\n{textwrap.indent(variables, '    ')}\n"
    )


def _error_line(error: Mapping[str, Any]) -> str:
    code = (error.get("extensions") or {}).get("code") or "UNKNOWN_ERROR"
    message = str(error.get("message") or "No error message supplied.").replace("\n", " ")
    return f"{code}: {message}"
