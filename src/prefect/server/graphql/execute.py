"""From a request's body to the bytes of its answer.

A document whose text was seen before is neither parsed nor validated nor planned again. Table roots are one
statement each, and the database's JSON goes into the answer as it is. graphql-core executes introspection only.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    execute_sync,
    parse,
    validate,
)

from prefect.server import json_text
from prefect.server.errors import ApiError, Refused
from prefect.server.metrics import Metrics
from prefect.server.store.database import (
    DatabaseUnavailable,
    IntegrityViolation,
    InvalidValue,
    TookTooLong,
    Transaction,
)
from prefect.server.store.dialect import Dialect
from prefect.server.store.selection import TENANT_SLOT, Scope

from . import access
from .arguments import Arguments
from .depth import check_depth
from .inputs import Coercers, Variables
from .lift import Lifted, lift
from .naming import name_values
from .operations import Request
from .plan import IntrospectionRoot, OperationRoot, Plan, Planner, Root, TableRoot, TextRoot
from .schema import Schema

logger = logging.getLogger("prefect.server.graphql")

INTERNAL = "Unable to complete operation. An internal API error occurred."
#: Parsing takes time and memory in proportion; the largest documents of clients have some hundreds.
LARGEST_DOCUMENT_TOKENS = 15_000
#: The name under which reads of tables are counted, whichever they are.
TABLES = "tables"
NEEDS_SOCKET = "Subscriptions need a WebSocket that speaks graphql-transport-ws, at /graphql."
#: What a client sent wrongly is part of many errors, and may be long.
LONGEST_MESSAGE = 4_000
MOST_ERRORS = 100
KEPT_DOCUMENTS = 500
KEPT_PLANS = 200
LONGEST_KEPT_TEXT = 50_000


class RequestError(Exception):
    """The request can not be executed: answered with status 400 and no data."""

    def __init__(self, errors: list[GraphQLError], code: str) -> None:
        super().__init__(errors[0].message)
        self.errors = errors
        self.code = code


class _Operation:
    """One operation of a document, with the plans made for it."""

    def __init__(self, schema: Schema, node: OperationDefinitionNode, document: _Document, coercers: Coercers) -> None:
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


class _Document:
    """A parsed and validated document."""

    def __init__(self, schema: Schema, text: str, coercers: Coercers, lifted: Lifted | None) -> None:
        try:
            node: DocumentNode = parse(text, max_tokens=LARGEST_DOCUMENT_TOKENS)
        except GraphQLError as error:
            raise RequestError([error], "GRAPHQL_PARSE_FAILED") from None
        except RecursionError:
            raise RequestError([GraphQLError("The document is nested too deeply.")], "GRAPHQL_PARSE_FAILED") from None
        errors = validate(schema.types, node) or check_depth(node)
        if errors:
            raise RequestError(name_values(errors, node), "GRAPHQL_VALIDATION_FAILED")
        self.node = node
        self.lifted: Mapping[int, str] = {} if lifted is None else lifted.names()
        definitions = node.definitions
        self.fragments = {d.name.value: d for d in definitions if isinstance(d, FragmentDefinitionNode)}
        self.operations = [
            _Operation(schema, d, self, coercers) for d in definitions if isinstance(d, OperationDefinitionNode)
        ]

    def operation(self, name: str | None) -> _Operation:
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


class Prepared(NamedTuple):
    """What a body asks for, ready to be done."""

    plan: Plan
    bound: Mapping[str, Any]
    given: Mapping[str, Any]


class Executor:
    """Answers requests over one schema."""

    def __init__(self, schema: Schema, metrics: Metrics | None = None) -> None:
        self.schema = schema
        self.metrics = metrics or Metrics()
        self._coercers = Coercers()
        self._documents: OrderedDict[str, _Document] = OrderedDict()

    async def execute(self, request: Request, body: Mapping[str, Any]) -> tuple[int, bytes]:
        """Answer one request.

        Args:
            body: ``query``; ``variables``, as an object, as a text that holds one, null or absent; ``operationName``.

        Returns:
            The status (400 when nothing was executed, 503 when the database could do none of it, else 200) and the
            JSON of the answer.
        """
        prepared = self.prepare(request, body)
        if isinstance(prepared, bytes):
            return 400, prepared
        if prepared.plan.operation.operation is OperationType.SUBSCRIPTION:
            return 400, _refusal(RequestError([GraphQLError(NEEDS_SOCKET)], "BAD_REQUEST"))
        answer = _Answer(self.schema, self.metrics, request, *prepared)
        made = await answer.make()
        # Clients of 1.x send again after 503, and give up after an error in an answer.
        return (503 if answer.is_unavailable else 200), made

    def prepare(self, request: Request, body: Mapping[str, Any]) -> Prepared | bytes:
        """Make the plan of a body; the JSON of a refusal when there is none."""
        try:
            text, given, name = _read_body(body)
            dialect: Dialect = request.app.database.dialect
            return Prepared(*self._plan(text, given, name, dialect, request), given)
        except RequestError as error:
            return _refusal(error)
        except GraphQLError as error:
            return _refusal(RequestError([error], "GRAPHQL_VALIDATION_FAILED"))
        except InvalidValue as error:
            return _refusal(RequestError([GraphQLError(str(error))], "BAD_USER_INPUT"))
        except RecursionError:
            return _refusal(_malformed("The request is nested too deeply."))

    async def answer(self, request: Request, plan: Plan, bound: Mapping[str, Any], given: Mapping[str, Any]) -> bytes:
        """Do what was planned and give the JSON of the answer."""
        return await _Answer(self.schema, self.metrics, request, plan, bound, given).make()

    def _plan(
        self, text: str, given: Mapping[str, Any], name: str | None, dialect: Dialect, request: Request
    ) -> tuple[Plan, Mapping[str, Any]]:
        lifted = lift(text)
        scope = access.scope_of(request)
        more = {} if scope is None else {TENANT_SLOT: request.tenant_id}
        if lifted is not None:
            try:
                literals = {**lifted.values, **more}
                return self._plan_of(self._document(lifted.key, text, lifted), given, name, dialect, literals, scope)
            except (RequestError, GraphQLError, InvalidValue):
                # A literal may not fit its place: the text as it is gives the error that names it.
                pass
        return self._plan_of(self._document(text, text, None), given, name, dialect, more, scope)

    def _plan_of(
        self,
        document: _Document,
        given: Mapping[str, Any],
        name: str | None,
        dialect: Dialect,
        literals: Mapping[str, Any],
        scope: Scope | None,
    ) -> tuple[Plan, Mapping[str, Any]]:
        operation = document.operation(name)
        values = operation.variables.coerce(given)
        if isinstance(values, list):
            raise RequestError(values, "BAD_USER_INPUT")
        if literals:
            values.update(literals)
        plan = operation.plan(values, dialect, scope)
        return plan, _bound(plan, values)

    def _document(self, key: str, text: str, lifted: Lifted | None) -> _Document:
        document = self._documents.get(key)
        if document is None:
            document = _Document(self.schema, text, self._coercers, lifted)
            if len(key) <= LONGEST_KEPT_TEXT:
                self._documents[key] = document
                if len(self._documents) > KEPT_DOCUMENTS:
                    self._documents.popitem(last=False)
        else:
            self._documents.move_to_end(key)
        return document


def _bound(plan: Plan, values: Mapping[str, Any]) -> dict[str, Any]:
    """Give, by root, the arguments of operations and the values of statements, all checked before anything runs."""
    return {
        root.key: root.compiled.values(values) if isinstance(root, TableRoot) else root.arguments(values)
        for root in plan.roots
        if isinstance(root, TableRoot | OperationRoot)
    }


class _Answer:
    """The answer to one request, in the making."""

    def __init__(
        self,
        schema: Schema,
        metrics: Metrics,
        request: Request,
        plan: Plan,
        bound: Mapping[str, Any],
        given: Mapping[str, Any],
    ) -> None:
        self._schema = schema
        self._given = given
        self._request = request
        self._plan = plan
        self._bound = bound
        self._metrics = metrics
        self._errors: list[dict[str, Any]] = []
        self._is_void = False
        self._unavailable: set[str] = set()

    @property
    def is_unavailable(self) -> bool:
        """Tell whether nothing could be done for want of the database."""
        return bool(self._unavailable) and all(root.key in self._unavailable for root in self._plan.roots)

    async def make(self) -> bytes:
        found: dict[str, bytes] = {}
        operations = [root for root in self._plan.roots if isinstance(root, OperationRoot)]
        if self._plan.is_mutation or len(operations) == 1:
            for root in operations:
                found[root.key] = await self._run(root)
        elif operations:
            answers = await asyncio.gather(*[self._run(root) for root in operations])
            found.update(zip([root.key for root in operations], answers, strict=True))
        tables = [root for root in self._plan.roots if isinstance(root, TableRoot)]
        for hidden in [root for root in tables if root.is_hidden]:
            refused = Refused(f"{hidden.key} needs an API key with the role admin.", "FORBIDDEN")
            found[hidden.key] = self._failed(hidden, refused)
        tables = [root for root in tables if not root.is_hidden]
        if tables:
            found.update(await self._read(tables))
        for other in self._plan.roots:
            if other.key not in found:
                found[other.key] = await self._other(other)
        return self._assemble(found)

    def _assemble(self, found: Mapping[str, bytes]) -> bytes:
        data = b"{%s}" % b",".join(b'"%s":%s' % (root.key.encode(), found[root.key]) for root in self._plan.roots)
        if self._is_void:
            data = b"null"
        if self._errors:
            return b'{"errors":%s,"data":%s}' % (orjson.dumps(self._errors), data)
        return b'{"data":%s}' % data

    async def _run(self, root: OperationRoot) -> bytes:
        begun, outcome = time.perf_counter(), "ok"
        try:
            with self._request.app.spans.operation(root.operation.name):
                result = await access.run(self._request, root.operation, self._bound[root.key])
            return _dump(root.complete(result))
        except Exception as error:
            outcome = "refused" if isinstance(error, ApiError) else "failed"
            return self._failed(root, error)
        except BaseException:
            outcome = "left"  # whoever waited has gone
            raise
        finally:
            self._metrics.answered(root.operation.name, outcome, time.perf_counter() - begun)

    def _failed(self, root: OperationRoot | TableRoot, error: Exception) -> bytes:
        message, code = describe(error)
        if isinstance(error, DatabaseUnavailable):
            self._metrics.database_failures += 1
            self._unavailable.add(root.key)
        self._errors.append({"message": _shortened(message), "path": [root.key], "extensions": {"code": code}})
        if not root.is_nullable:
            self._is_void = True
        return b"null"

    async def _read(self, roots: list[TableRoot]) -> dict[str, bytes]:
        """Answer all table roots from one snapshot."""
        bound = self._bound

        def work(transaction: Transaction) -> dict[str, bytes | Exception]:
            found: dict[str, bytes | Exception] = {}
            for root in roots:
                try:
                    if len(roots) == 1:
                        found[root.key] = _rows(transaction.raw(root.compiled.sql, bound[root.key]), root)
                        break
                    with transaction.savepoint():
                        found[root.key] = _rows(transaction.raw(root.compiled.sql, bound[root.key]), root)
                except InvalidValue as error:
                    found[root.key] = error
            return found

        begun, outcome = time.perf_counter(), "ok"
        try:
            with self._request.app.spans.operation(TABLES):
                answers = await self._request.app.database.read(work, is_single=len(roots) == 1)
        except Exception as error:
            outcome = "failed"
            return {root.key: self._failed(root, error) for root in roots}
        finally:
            self._metrics.answered(TABLES, outcome, time.perf_counter() - begun)
        return {
            root.key: self._failed(root, answer) if isinstance(answer, Exception) else answer
            for root in roots
            if (answer := answers[root.key]) is not None
        }

    async def _other(self, root: Root) -> bytes:
        if isinstance(root, TextRoot):
            return orjson.dumps(root.text)
        assert isinstance(root, IntrospectionRoot)  # noqa: S101 - the last kind of root
        # Describing the whole schema takes a tenth of a second: the event loop can not wait for it.
        return await asyncio.to_thread(self._introspect, root)

    def _introspect(self, root: IntrospectionRoot) -> bytes:
        operation = self._plan.operation
        alone = OperationDefinitionNode(
            operation=OperationType.QUERY,
            name=operation.name,
            variable_definitions=operation.variable_definitions,
            directives=(),
            selection_set=SelectionSetNode(selections=root.nodes),
        )
        document = DocumentNode(definitions=(alone, *self._plan.fragments.values()))
        result = execute_sync(self._schema.types, document, variable_values=dict(self._given))
        for error in result.errors or ():
            self._errors.append({**error.formatted, "extensions": {"code": "INTERNAL_SERVER_ERROR"}})
        return orjson.dumps(None if result.data is None else result.data[root.key])


def _rows(rows: list[tuple[Any, ...]], root: TableRoot) -> bytes:
    if root.compiled.is_list:
        return ("[" + ",".join([row[0] for row in rows]) + "]").encode()
    return rows[0][0].encode() if rows else b"null"


def _dump(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:
        # Integers beyond 64 bits, which orjson refuses.
        return json.dumps(value, ensure_ascii=False, default=_dump_rare).encode()


def _dump_rare(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"An operation returned a {type(value).__name__}")


def describe(error: Exception) -> tuple[str, str]:
    """Give the message and code with which an exception goes out; what nobody foresaw is logged, not shown."""
    if isinstance(error, ApiError):
        return str(error), error.code
    if isinstance(error, InvalidValue):
        return str(error), "BAD_USER_INPUT"
    if isinstance(error, TookTooLong):
        return str(error), "INTERNAL_SERVER_ERROR"
    if isinstance(error, IntegrityViolation):
        if type(error) is not IntegrityViolation:
            return str(error), "INTERNAL_SERVER_ERROR"
    elif isinstance(error, DatabaseUnavailable):
        logger.error("%s", error)
        return "Unable to connect to the database.", "INTERNAL_SERVER_ERROR"
    logger.error("An operation failed", exc_info=error)
    return INTERNAL, "INTERNAL_SERVER_ERROR"


def _read_body(body: Any) -> tuple[str, Mapping[str, Any], str | None]:
    """Take a body apart.

    Raises:
        RequestError: naming the member that can not be used.
    """
    if not isinstance(body, dict):
        raise _malformed("The request body must be a JSON object.")
    text, name = body.get("query"), body.get("operationName")
    if not isinstance(text, str) or not text.strip():
        raise _malformed("Must provide query string.")
    if name is not None and not isinstance(name, str):
        raise _malformed("operationName must be a string.")
    given = body.get("variables")
    if isinstance(given, str):
        try:
            given = json_text.loads(given, document=text) if given.strip() else None
        except orjson.JSONDecodeError as error:
            raise _malformed(f"variables must be a JSON object, or a string that holds one: {error}") from None
    if given is None:
        given = {}
    if not isinstance(given, dict):
        raise _malformed(f"variables must be a JSON object, not {type(given).__name__}.")
    return text, given, name


def _shortened(message: str) -> str:
    """Keep what was wrong, without sending all of it back."""
    return message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]}…"


def _malformed(text: str) -> RequestError:
    return RequestError([GraphQLError(text)], "BAD_REQUEST")


def _refusal(error: RequestError) -> bytes:
    listed = [
        {**one.formatted, "message": _shortened(one.message), "extensions": {"code": error.code}}
        for one in error.errors[:MOST_ERRORS]
    ]
    return orjson.dumps({"errors": listed})
