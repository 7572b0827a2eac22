"""Documents that were parsed, bounded and validated, with the plans made for their operations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    parse,
)

from prefect.contract.limits import DOCUMENT_CHARACTERS, DOCUMENT_LINES, DOCUMENT_TOKENS
from prefect.server.store.dialect import Dialect
from prefect.server.store.selection import Scope

from .arguments import Arguments
from .inputs import Coercers, Variables
from .lift import Lifted
from .naming import name_values
from .plan import Plan, Planner
from .schema import Schema
from .validation import errors_in

__all__ = ["Document", "Operation", "RequestError", "read"]

KEPT_PLANS = 200
TOO_DEEP = "The document is nested too deeply."


class RequestError(Exception):
    """The request can not be executed: answered with status 400 and no data."""

    def __init__(self, errors: list[GraphQLError], code: str) -> None:
        super().__init__(errors[0].message)
        self.errors = errors
        self.code = code


def read(text: str) -> DocumentNode:
    """Parse a document.

    Raises:
        RequestError: it can not be parsed, or is too long.
    """
    if len(text) > DOCUMENT_CHARACTERS:
        raise _unreadable(f"The document is too long: expected at most {DOCUMENT_CHARACTERS} characters.")
    if text.count("\n") + text.count("\r") > DOCUMENT_LINES:  # each error counts them for its place
        raise _unreadable(f"The document is too long: expected at most {DOCUMENT_LINES} lines.")
    try:
        return parse(text, max_tokens=DOCUMENT_TOKENS)
    except GraphQLError as error:
        raise RequestError([error], "GRAPHQL_PARSE_FAILED") from None
    except RecursionError:
        raise _unreadable(TOO_DEEP) from None


def _unreadable(text: str) -> RequestError:
    return RequestError([GraphQLError(text)], "GRAPHQL_PARSE_FAILED")


class Operation:
    """One operation of a document, with the plans made for it."""

    def __init__(self, schema: Schema, node: OperationDefinitionNode, document: Document, coercers: Coercers) -> None:
        self.node = node
        self._schema = schema
        self._document = document
        self.variables = Variables(schema.types, node, coercers)
        self._plans: dict[tuple[Any, ...], Plan] = {}
        self._null_matters: tuple[str, ...] = ()
        self._value_matters: tuple[str, ...] = ()

    def _key(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        nulls = tuple([values.get(name) is None for name in self._null_matters])
        if not self._value_matters:
            return nulls
        return (*nulls, *[repr(values.get(name)) for name in self._value_matters])

    def plan(self, values: Mapping[str, Any], dialect: Dialect, scope: Scope | None) -> Plan:
        """Give the plan for these values and what the caller may see: one kept, or a new one."""
        found = self._plans.get((scope, *self._key(values)))
        if found is not None:
            return found
        lifted = self._document.lifted
        arguments = Arguments(self.variables.types, values, lifted)
        planner = Planner(self._schema, self._document.fragments, arguments, dialect, lifted, scope)
        plan = planner.plan(self.node)
        nulls = {*self._null_matters, *arguments.null_matters}
        shaping = {*self._value_matters, *arguments.value_matters}
        if nulls != set(self._null_matters) or shaping != set(self._value_matters):
            # Plans made before this was known to matter were kept under shorter keys.
            self._plans.clear()
            self._null_matters, self._value_matters = tuple(sorted(nulls)), tuple(sorted(shaping))
        if len(self._plans) >= KEPT_PLANS:
            self._plans.clear()
        self._plans[scope, *self._key(values)] = plan
        return plan


class Document:
    """A parsed and validated document."""

    def __init__(self, schema: Schema, text: str, coercers: Coercers, lifted: Lifted | None) -> None:
        node = read(text)
        try:
            errors = errors_in(schema.types, node)
        except RecursionError:
            errors = [GraphQLError(TOO_DEEP)]
        if errors:
            raise RequestError(name_values(errors, node), "GRAPHQL_VALIDATION_FAILED")
        self.node = node
        self.lifted: Mapping[int, str] = {} if lifted is None else lifted.names()
        definitions = node.definitions
        self.fragments = {d.name.value: d for d in definitions if isinstance(d, FragmentDefinitionNode)}
        self.operations = [
            Operation(schema, d, self, coercers) for d in definitions if isinstance(d, OperationDefinitionNode)
        ]

    def operation(self, name: str | None) -> Operation:
        if name:
            for operation in self.operations:
                if operation.node.name is not None and operation.node.name.value == name:
                    return operation
            raise RequestError([GraphQLError(f"Unknown operation named {name!r}.")], "BAD_USER_INPUT")
        if len(self.operations) != 1:
            what = "Must provide operation name if query contains multiple operations."
            text = what if self.operations else "Must provide an operation."
            raise RequestError([GraphQLError(text)], "BAD_USER_INPUT")
        return self.operations[0]
