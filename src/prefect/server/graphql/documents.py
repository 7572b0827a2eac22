"""Documents that were parsed, bounded and validated, with the plans made for their operations."""

from __future__ import annotations

import threading
from collections import OrderedDict
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
from .inputs import Coerce, Coercers, Variables
from .lift import NotLiftable, declare
from .naming import name_values
from .plan import Plan, Planner, TableRoot
from .schema import Schema
from .validation import errors_in

__all__ = ["Document", "Kept", "Operation", "RequestError", "read"]

KEPT_DOCUMENTS = 500
KEPT_CHARACTERS = 250_000
LONGEST_KEPT_TEXT = 25_000
#: Of one operation: plans, and the characters of their statements.
KEPT_PLANS = 200
KEPT_SQL = 100_000
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
        self.variables = Variables(schema.types, node, coercers, document.literals)
        self._plans: dict[tuple[Any, ...], Plan] = {}
        self._size = 0
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
        arguments = Arguments(self.variables.types, values)
        planner = Planner(self._schema, self._document.fragments, arguments, dialect, scope)
        plan = planner.plan(self.node)
        nulls = {*self._null_matters, *arguments.null_matters}
        shaping = {*self._value_matters, *arguments.value_matters}
        if nulls != set(self._null_matters) or shaping != set(self._value_matters):
            # Plans made before this was known to matter were kept under shorter keys.
            self._plans.clear()
            self._size = 0
            self._null_matters, self._value_matters = tuple(sorted(nulls)), tuple(sorted(shaping))
        size = sum(len(root.compiled.sql) for root in plan.roots if isinstance(root, TableRoot))
        if len(self._plans) >= KEPT_PLANS or self._size + size > KEPT_SQL:
            self._plans.clear()
            self._size = 0
        self._size += size
        self._plans[scope, *self._key(values)] = plan
        return plan


class Kept:
    """Documents by their texts, the last used; each takes some hundred times the memory of its text."""

    def __init__(self) -> None:
        self._documents: OrderedDict[str, Document | NotLiftable] = OrderedDict()
        self._lock = threading.Lock()  # one thread reads the large ones
        #: The characters of all texts.
        self.size = 0

    def __len__(self) -> int:
        return len(self._documents)

    def __contains__(self, text: str) -> bool:
        return text in self._documents

    def get(self, text: str) -> Document | NotLiftable | None:
        """Give the document of a text; ``NotLiftable`` for one that must not be read with its literals lifted."""
        with self._lock:
            found = self._documents.get(text)
            if found is not None:
                self._documents.move_to_end(text)
            return found

    def keep(self, text: str, document: Document | NotLiftable) -> None:
        if len(text) > LONGEST_KEPT_TEXT:
            return
        with self._lock:
            if text not in self._documents:
                self.size += len(text)
            self._documents[text] = document
            while len(self._documents) > KEPT_DOCUMENTS or self.size > KEPT_CHARACTERS:
                dropped, _ = self._documents.popitem(last=False)
                self.size -= len(dropped)


class Document:
    """A parsed and validated document.

    Raises:
        RequestError: it is none.
        NotLiftable: its literals were lifted, and can not be.
    """

    def __init__(self, schema: Schema, text: str, coercers: Coercers, *, is_lifted: bool = False) -> None:
        node = read(text)
        self.literals: Mapping[str, Coerce] = {}
        if is_lifted:
            node, self.literals = declare(schema.types, node)
        try:
            errors = errors_in(schema.types, node)
        except RecursionError:
            errors = [GraphQLError(TOO_DEEP)]
        if errors:
            raise RequestError(name_values(errors, node), "GRAPHQL_VALIDATION_FAILED")
        self.node = node
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
