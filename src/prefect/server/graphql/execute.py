"""From a request's body to the bytes of its answer.

A document whose text was seen before is neither parsed nor validated nor planned again. Table roots are one
statement each, and the database's JSON goes into the answer as it is. graphql-core executes introspection only.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import orjson
from graphql import (
    DocumentNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    execute_sync,
)

from prefect.contract.limits import DOCUMENT_ERRORS, INTROSPECTED_FIELDS
from prefect.server import interpreter, json_text
from prefect.server.errors import ApiError, Refused, extensions_of
from prefect.server.metrics import Metrics
from prefect.server.store.database import (
    AnswerTooLarge,
    DatabaseUnavailable,
    ForeignKeyViolation,
    InvalidValue,
    TookTooLong,
    Transaction,
    UniquenessViolation,
)
from prefect.server.store.dialect import Dialect
from prefect.server.store.selection import TENANT_SLOT, Scope

from . import access
from .documents import Document, Kept, RequestError
from .inputs import Coercers
from .lift import PREFIX, NotLiftable, lift
from .operations import Request
from .plan import IntrospectionRoot, OperationRoot, Plan, Root, TableRoot, TextRoot
from .schema import Schema

logger = logging.getLogger("prefect.server.graphql")

INTERNAL = "Unable to complete operation. An internal API error occurred."
#: The name under which reads of tables are counted, whichever they are.
TABLES = "tables"
NEEDS_SOCKET = "Subscriptions need a WebSocket that speaks graphql-transport-ws, at /graphql."
#: What a client sent wrongly is part of many errors, and may be long.
LONGEST_MESSAGE = 4_000
#: Documents up to so many characters, and bodies up to so many bytes, are read at once: some milliseconds.
SHORT_TEXT = 4_000
MAX_ANSWER_BYTES = 50_000_000
SMALL_BODY = 256_000

FEW_ROWS = 1_000
T = TypeVar("T")


class _TooMuch(BaseException):
    """The answer about the schema grows beyond its bound; graphql-core would turn an ``Exception`` into one null."""


class Prepared(NamedTuple):
    """What a body asks for, ready to be done."""

    plan: Plan
    bound: Mapping[str, Any]
    given: Mapping[str, Any]


class Executor:
    """Answers requests over one schema."""

    def __init__(
        self, schema: Schema, metrics: Metrics | None = None, *, max_answer_bytes: int = MAX_ANSWER_BYTES
    ) -> None:
        self.schema = schema
        self.max_answer_bytes = max_answer_bytes
        self.metrics = metrics or Metrics()
        self._coercers = Coercers()
        self._documents = Kept()
        self._lane = ThreadPoolExecutor(1, thread_name_prefix="documents")

    def again(self, metrics: Metrics) -> Executor:
        """Give one for another server of this process, its database of the same kind: it knows what this one does."""
        other = copy(self)
        other.metrics = metrics
        return other

    async def execute(self, request: Request, body: Mapping[str, Any], size: int = 0) -> tuple[int, bytes]:
        """Answer one request.

        Args:
            body: ``query``; ``variables``, as an object, as a text that holds one, null or absent; ``operationName``.
            size: bytes in which the body came.

        Returns:
            The status (400 when nothing was executed, 503 when the database could do none of it, else 200) and the
            JSON of the answer.
        """
        prepared = await self.prepare(request, body, size)
        if isinstance(prepared, bytes):
            return 400, prepared
        if prepared.plan.operation.operation is OperationType.SUBSCRIPTION:
            return 400, _refusal(RequestError([GraphQLError(NEEDS_SOCKET)], "BAD_REQUEST"))
        answer = _Answer(self, request, *prepared)
        made = await answer.make()
        # Clients of 1.x send again after 503, and give up after an error in an answer.
        return (503 if answer.is_unavailable else 200), made

    async def aside(self, work: Callable[..., T], *arguments: Any) -> T:
        """Do what takes long beside the event loop, one after the other: two at once would only slow everybody."""
        return await interpreter.aside(self._lane, work, *arguments)

    async def prepare(self, request: Request, body: Mapping[str, Any], size: int = 0) -> Prepared | bytes:
        """Make the plan of a body that came in ``size`` bytes; the JSON of a refusal when there is none."""
        text = body.get("query")
        is_short = not isinstance(text, str) or len(text) <= SHORT_TEXT or self._is_kept(text)
        if is_short and size <= SMALL_BODY:
            return self._prepare(request, body)
        return await self.aside(self._prepare, request, body)

    def _prepare(self, request: Request, body: Mapping[str, Any]) -> Prepared | bytes:
        try:
            text, given, name = _read_body(body)
            dialect: Dialect = request.app.database.dialect
            return Prepared(*self._plan(text, given, name, dialect, request))
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
        return await _Answer(self, request, plan, bound, given).make()

    def _plan(
        self, text: str, given: Mapping[str, Any], name: str | None, dialect: Dialect, request: Request
    ) -> tuple[Plan, Mapping[str, Any], Mapping[str, Any]]:
        # A text that is kept as it is has no literals, or none that can be lifted.
        lifted = None if self._is_kept(text) else lift(text)
        scope = access.scope_of(request)
        more = {} if scope is None else {TENANT_SLOT: request.tenant_id}
        if lifted is not None:
            try:
                document = self._document(lifted.key, is_lifted=True)
                return self._plan_of(document, given, lifted.values, name, dialect, more, scope)
            except (NotLiftable, RequestError, GraphQLError, InvalidValue):
                # A literal may not fit its place: the text as it is gives the error that names it.
                pass
        return self._plan_of(self._document(text), given, {}, name, dialect, more, scope)

    def _plan_of(
        self,
        document: Document,
        given: Mapping[str, Any],
        literals: Mapping[str, Any],
        name: str | None,
        dialect: Dialect,
        more: Mapping[str, Any],
        scope: Scope | None,
    ) -> tuple[Plan, Mapping[str, Any], Mapping[str, Any]]:
        operation = document.operation(name)
        values = operation.variables.coerce(given)
        if isinstance(values, list):
            raise RequestError(values, "BAD_USER_INPUT")
        if literals:
            values.update(operation.variables.read_literals(literals))
            given = {**given, **literals}
        if more:
            values.update(more)
        plan = operation.plan(values, dialect, scope)
        return plan, _bound(plan, values), given

    def _is_kept(self, text: str) -> bool:
        """Tell whether the document of a text is kept as it is, and not that of another whose literals were lifted."""
        return text in self._documents and PREFIX not in text

    def _document(self, key: str, *, is_lifted: bool = False) -> Document:
        """Give the document of a text.

        Raises:
            RequestError: it is none.
            NotLiftable: a text whose literals were lifted is better taken as it was.
        """
        if not is_lifted and PREFIX in key:  # under this text, that of another may be kept
            return Document(self.schema, key, self._coercers)
        found = self._documents.get(key)
        if found is None:
            found = self._read(key, is_lifted=is_lifted)
            self._documents.keep(key, found)
        if isinstance(found, NotLiftable):
            raise NotLiftable
        return found

    def _read(self, text: str, *, is_lifted: bool) -> Document | NotLiftable:
        try:
            return Document(self.schema, text, self._coercers, is_lifted=is_lifted)
        except (NotLiftable, RequestError):
            if is_lifted:
                return NotLiftable()
            raise


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
        executor: Executor,
        request: Request,
        plan: Plan,
        bound: Mapping[str, Any],
        given: Mapping[str, Any],
    ) -> None:
        self._executor = executor
        self._given = given
        self._request = request
        self._plan = plan
        self._bound = bound
        self._metrics = executor.metrics
        self._errors: list[dict[str, Any]] = []
        self._introspected = 0
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
            answers = await asyncio.gather(*[self._run_beside(root) for root in operations])
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

    async def _run_beside(self, root: OperationRoot) -> bytes:
        """Run one of several, which together keep few readers busy."""
        async with self._request.reading:
            return await self._run(root)

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
        self._errors.append({"message": _shortened(message), "path": [root.key], "extensions": extensions_of(code)})
        if not root.is_nullable:
            self._is_void = True
        return b"null"

    async def _read(self, roots: list[TableRoot]) -> dict[str, bytes]:
        """Answer all table roots from one snapshot."""
        bound = self._bound

        most = self._executor.max_answer_bytes

        def work(transaction: Transaction) -> dict[str, bytes | Exception]:
            found: dict[str, bytes | Exception] = {}
            left = most
            for root in roots:
                try:
                    if len(roots) == 1:
                        found[root.key] = _rows(transaction, root, bound[root.key], most)
                        break
                    with transaction.savepoint():
                        found[root.key] = rows = _rows(transaction, root, bound[root.key], left)
                        left -= len(rows)
                except AnswerTooLarge:
                    # The others would only be more of it.
                    return {root.key: AnswerTooLarge(most) for root in roots}
                except InvalidValue as error:
                    found[root.key] = error
            return found

        begun, outcome = time.perf_counter(), "ok"
        try:
            async with self._request.reading:
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
        # Describing the whole schema takes a tenth of a second.
        return await self._executor.aside(self._introspect, root)

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

        def counted(resolve: Callable[..., Any], source: Any, info: Any, **arguments: Any) -> Any:
            # Types and fields name each other without end.
            self._introspected += 1
            if self._introspected > INTROSPECTED_FIELDS:
                raise _TooMuch
            return resolve(source, info, **arguments)

        try:
            result = execute_sync(
                self._executor.schema.types, document, variable_values=dict(self._given), middleware=[counted]
            )
        except _TooMuch:
            expected = f"at most {INTROSPECTED_FIELDS} fields of the schema in one answer"
            message = f"The document asks for too much: expected {expected}."
            self._errors.append(
                {"message": message, "path": [root.key], "extensions": extensions_of("GRAPHQL_VALIDATION_FAILED")}
            )
            return b"null"
        for error in result.errors or ():
            self._errors.append({**error.formatted, "extensions": extensions_of("INTERNAL_SERVER_ERROR")})
        return orjson.dumps(None if result.data is None else result.data[root.key])


def _rows(transaction: Transaction, root: TableRoot, values: Sequence[Any], most: int) -> bytes:
    compiled = root.compiled
    if not compiled.is_list:
        texts = transaction.texts(compiled.sql, values, most, is_short=True)
        return texts[0].encode() if texts else b"null"
    is_short = compiled.limit_at is not None and values[compiled.limit_at] <= FEW_ROWS
    return ("[" + ",".join(transaction.texts(compiled.sql, values, most, is_short=is_short)) + "]").encode()


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
        return str(error), "TOOK_TOO_LONG"
    if isinstance(error, UniquenessViolation):
        return str(error), "ALREADY_EXISTS"
    if isinstance(error, ForeignKeyViolation):
        return str(error), "BELONGS_TO_NOTHING"
    if isinstance(error, DatabaseUnavailable):
        logger.error("%s", error)
        return "Unable to connect to the database.", "DATABASE_UNAVAILABLE"
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
        {**one.formatted, "message": _shortened(one.message), "extensions": extensions_of(error.code)}
        for one in error.errors[: DOCUMENT_ERRORS + 1]
    ]
    return orjson.dumps({"errors": listed})
