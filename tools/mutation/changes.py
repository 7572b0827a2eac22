"""Every single change that can be made to a file: small faults that a person could make."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

#: What a comparison becomes.
COMPARED = {
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.In: "not in",
    ast.NotIn: "in",
}
COMPARISON_TEXT = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}
COMPUTED = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "*"),
}
CLAUSES = frozenset(
    {
        "where",
        "join",
        "outerjoin",
        "order_by",
        "limit",
        "with_for_update",
        "group_by",
        "having",
        "distinct",
        "returning",
    }
    | {"on_conflict_do_nothing", "filter", "select_from"}
)
ORDER = {"asc": "desc", "desc": "asc"}
CALLED = {"min": "max", "max": "min", "any": "all", "all": "any"}
LOGGING = frozenset({"debug", "info", "warning", "error", "exception", "critical", "log", "warn"})
TEXT_OF_SQL = (
    (re.compile(r"\bDESC\b"), "ASC"),
    (re.compile(r"\bASC\b"), "DESC"),
    (re.compile(r" FOR UPDATE( SKIP LOCKED)?"), ""),
    (re.compile(r" ORDER BY [\w., ]+"), ""),
    (re.compile(r" AND (?=[\w.\"]+ (=|<|>|IS))"), " OR "),
    (re.compile(r"<="), "<"),
    (re.compile(r">="), ">"),
)


@dataclass(frozen=True)
class Change:
    """One change of one file.

    Attributes:
        line, last: the lines that it touches, of the statement as it is.
        statement: first and last line of the statement that it is part of, of a compound one the head: of one that goes
            over several lines, not each is known to be run.
        scope: first and last line of the outermost function around it; None when the line runs on import.
        names: when it runs on import, the names that its statement binds.
        function: the name of the outermost function around it, where that stands in the module itself.
    """

    file: str
    kind: str
    line: int
    last: int
    begin: int
    end: int
    before: str
    after: str
    context: str
    statement: tuple[int, int]
    scope: tuple[int, int] | None
    names: tuple[str, ...] = ()
    function: str = ""

    @property
    def key(self) -> str:
        """The change as text: it stays the same when other lines of the file come and go."""
        return f"{self.file}: {self.context}: {self.before} -> {self.after}"


class Source:
    """A file and what can be changed in it."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.bytes = text.encode()
        self.tree = ast.parse(text)
        self.lines = text.splitlines()
        self._starts = [0]
        for line in self.bytes.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._parents: dict[ast.AST, ast.AST] = {
            child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)
        }

    def applied(self, change: Change) -> str:
        return (self.bytes[: change.begin] + change.after.encode() + self.bytes[change.end :]).decode()

    @cached_property
    def changes(self) -> list[Change]:
        """Every change that can be thought of; whether Python reads the result, ``is_readable`` tells."""
        found: dict[tuple[int, int, str], Change] = {}
        for node in self._reached(self.tree):
            for kind, begin, end, after in self._of(node):
                change = self._made(node, kind, begin, end, after)
                if change.after != change.before:
                    found.setdefault((begin, end, after), change)
        return list(found.values())

    def is_readable(self, change: Change) -> bool:
        try:
            compile(self.applied(change), "changed", "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            return False
        return True

    # ------------------------------------------------------------------------------- what is looked at

    def _reached(self, node: ast.AST) -> Iterator[ast.AST]:
        """Every node that does something: no annotation, docstring, log line, type-only block or list of names."""
        yield node
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "type_params", "decorator_list"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and not self._is_idle(child):
                    yield from self._reached(child)

    @staticmethod
    def _is_idle(node: ast.AST) -> bool:
        match node:
            case ast.Expr(value=ast.Constant()) | ast.Import() | ast.ImportFrom() | ast.Global() | ast.Nonlocal():
                return True
            case ast.Assign(targets=[ast.Name(id="__all__" | "__slots__")]):
                return True
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                return True
            case ast.ClassDef(bases=[*bases]) if any(isinstance(b, ast.Name) and b.id == "Protocol" for b in bases):
                return True
            case ast.FunctionDef(decorator_list=[*made]) if any(
                isinstance(d, ast.Name) and d.id == "overload" for d in made
            ):
                return True
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=owner, attr=attr))):
                return attr in LOGGING and "log" in ast.unparse(owner).lower()
            case ast.Call(func=ast.Name(id="cast" | "TypeVar" | "lazy" | "getLogger")):
                return True
        return False

    # ------------------------------------------------------------------------------- places

    def _at(self, line: int, column: int) -> int:
        return self._starts[line - 1] + column

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._at(node.lineno, node.col_offset), self._at(node.end_lineno, node.end_col_offset)

    def _text(self, node: ast.expr | ast.stmt) -> str:
        begin, end = self._span(node)
        return self.bytes[begin:end].decode()

    def _made(self, node: ast.AST, kind: str, begin: int, end: int, after: str) -> Change:
        line = self.bytes.count(b"\n", 0, begin) + 1
        last = self.bytes.count(b"\n", 0, max(begin, end - 1)) + 1
        scope, names, function = self._scope(node)
        before = self.bytes[begin:end].decode()
        context = self.lines[line - 1].strip()
        statement = self._statement(node)
        if not statement[0] <= line <= statement[1]:  # a clause such as ``except``
            statement = line, last
        found = self.file, kind, line, last, begin, end, before, after, context, statement, scope, names, function
        return Change(*found)

    def _statement(self, node: ast.AST) -> tuple[int, int]:
        """Find the lines of the statement around a node, or of its head; none where there is none."""
        current: ast.AST | None = node
        while current is not None and not isinstance(current, ast.stmt | ast.ExceptHandler | ast.match_case):
            current = self._parents.get(current)
        if not isinstance(current, ast.stmt):
            return 0, 0
        body = getattr(current, "body", None)
        last = current.end_lineno or current.lineno
        return current.lineno, max(current.lineno, body[0].lineno - 1) if isinstance(body, list) else last

    def _scope(self, node: ast.AST) -> tuple[tuple[int, int] | None, tuple[str, ...], str]:
        """Find the outermost function around a node, or the names that its statement of a module or class binds."""
        scope: tuple[int, int] | None = None
        function = ""
        statement: ast.AST | None = None
        current, parent = node, self._parents.get(node)
        while parent is not None:
            if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef):
                # A default is used where the body runs.
                scope = (parent.body[0].lineno, parent.end_lineno or parent.lineno)
                function = parent.name if isinstance(self._parents.get(parent), ast.Module) else ""
            elif isinstance(parent, ast.ClassDef | ast.Module) and statement is None:
                statement = current
            current, parent = parent, self._parents.get(parent)
        if scope is not None or statement is None:
            return scope, (), function
        bound = (n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
        return None, tuple(dict.fromkeys(bound)), ""

    # ------------------------------------------------------------------------------- the kinds

    def _of(self, node: ast.AST) -> Iterator[tuple[str, int, int, str]]:
        match node:
            case ast.Compare():
                yield from self._compare(node)
            case ast.BoolOp():
                yield from self._boolean(node)
            case ast.BinOp():
                yield from self._binary(node)
            case ast.UnaryOp(op=ast.Not() | ast.Invert(), operand=operand):
                yield "negation", *self._span(node), self._text(operand)
            case ast.Constant():
                yield from self._constant(node)
            case ast.If() | ast.While() | ast.IfExp():
                yield from self._condition(node)
            case ast.comprehension(ifs=[*conditions]):
                for condition in conditions:
                    yield "filter", *self._span(condition), "True"
            case ast.Call():
                yield from self._call(node)
            case ast.Try(handlers=[*handlers]):
                for handler in handlers:
                    yield from self._handler(handler)
            case ast.With() | ast.AsyncWith():
                yield from self._block(node)
            case ast.Return(value=value) if value is not None and not _is_plain(value):
                yield "returned", *self._span(value), "None"
            case ast.List() | ast.Tuple():
                yield from self._order(node)
            case ast.Raise(exc=ast.Call() as made):
                yield from self._error(made)
        if (
            isinstance(node, ast.Continue | ast.Break | ast.Delete)
            or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Await))
            or (
                isinstance(node, ast.AugAssign | ast.Assign)
                and any(
                    isinstance(t, ast.Attribute | ast.Subscript)
                    for t in (node.targets if isinstance(node, ast.Assign) else [node.target])
                )
            )
        ):
            yield "dropped", *self._span(node), "pass"

    def _between(self, left: ast.expr, right: ast.expr, old: str, new: str) -> Iterator[tuple[str, int, int, str]]:
        begin, end = self._span(left)[1], self._span(right)[0]
        found = re.search(rf"(?<![\w<>=!]){re.escape(old)}(?![\w<>=])".encode(), self.bytes[begin:end])
        if found:
            yield "", begin + found.start(), begin + found.end(), new

    def _compare(self, node: ast.Compare) -> Iterator[tuple[str, int, int, str]]:
        sides = [node.left, *node.comparators]
        for left, operator, right in zip(sides, node.ops, sides[1:], strict=False):
            for _, begin, end, new in self._between(
                left, right, COMPARISON_TEXT[type(operator)], COMPARED[type(operator)]
            ):
                yield "comparison", begin, end, new

    def _boolean(self, node: ast.BoolOp) -> Iterator[tuple[str, int, int, str]]:
        old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in zip(node.values, node.values[1:], strict=False):
            for _, begin, end, text in self._between(left, right, old, new):
                yield "boolean", begin, end, text

    def _binary(self, node: ast.BinOp) -> Iterator[tuple[str, int, int, str]]:
        if isinstance(node.op, ast.BitAnd | ast.BitOr) and not _is_type(node):
            # Conditions of SQL: each side alone.
            yield "clause", *self._span(node), self._text(node.left)
            yield "clause", *self._span(node), self._text(node.right)
        elif type(node.op) in COMPUTED and not any(
            isinstance(s, ast.JoinedStr) or _is_text(s) for s in (node.left, node.right)
        ):
            old, new = COMPUTED[type(node.op)]
            begin, end = self._span(node.left)[1], self._span(node.right)[0]
            place = self.bytes.find(old.encode(), begin, end)
            if place >= 0:
                yield "arithmetic", place, place + len(old), new

    def _constant(self, node: ast.Constant) -> Iterator[tuple[str, int, int, str]]:
        begin, end = self._span(node)
        if isinstance(self._parents.get(node), ast.JoinedStr | ast.FormattedValue):
            return
        if isinstance(node.value, bool):
            yield "constant", begin, end, str(not node.value)
        elif isinstance(node.value, float):
            # Most are durations, of which no behaviour depends on the last digit.
            yield "constant", begin, end, repr(node.value * 1000)
            yield "constant", begin, end, "0.0"
        elif isinstance(node.value, int):
            yield "constant", begin, end, repr(node.value + 1)
            if node.value > 0:
                yield "constant", begin, end, repr(node.value - 1)
        elif isinstance(node.value, str) and " " in node.value and node.value.upper() != node.value.lower():
            text = self.bytes[begin:end].decode()
            for pattern, new in TEXT_OF_SQL:
                for found in pattern.finditer(text):
                    yield "sql", begin, end, text[: found.start()] + new + text[found.end() :]

    def _condition(self, node: ast.If | ast.While | ast.IfExp) -> Iterator[tuple[str, int, int, str]]:
        begin, end = self._span(node.test)
        text = self._text(node.test)
        if isinstance(node, ast.If) and isinstance(node.body[0], ast.Raise) and not node.orelse:
            yield "guard", begin, end, "False"
        if not isinstance(node.test, ast.Compare | ast.UnaryOp) and not (
            isinstance(node, ast.While) and text == "True"
        ):
            walrus = any(isinstance(n, ast.NamedExpr) for n in ast.walk(node.test))
            yield "condition", begin, end, f"not ({text})" if walrus or " " in text else f"not {text}"
        if isinstance(node, ast.If) and not isinstance(node.body[0], ast.Raise):
            yield "condition", begin, end, "False"

    def _call(self, node: ast.Call) -> Iterator[tuple[str, int, int, str]]:
        begin, end = self._span(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr in CLAUSES:
            yield "clause", begin, end, self._text(node.func.value)
        if isinstance(node.func, ast.Attribute) and node.func.attr in ORDER and not node.args:
            yield "order", begin, end, self._text(node.func.value)
            yield "order", begin, end, f"{self._text(node.func.value)}.{ORDER[node.func.attr]}()"
        if isinstance(node.func, ast.Name) and node.func.id in CALLED:
            yield "call", *self._span(node.func), CALLED[node.func.id]
        if isinstance(node.func, ast.Name) and node.func.id == "sorted" and len(node.args) == 1:
            yield "order", begin, end, f"list({self._text(node.args[0])})"
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in ("where", "order_by", "and_", "or_") and len(node.args) > 1:
            for argument in node.args:
                yield "clause", begin, end, self._without(node, argument)
            if name == "order_by":
                first, second = node.args[0], node.args[1]
                yield from self._swapped(first, second)
        for keyword in node.keywords:
            if keyword.arg is not None:
                yield "argument", begin, end, self._without(node, keyword)

    def _without(self, node: ast.Call, gone: ast.expr | ast.keyword) -> str:
        kept = [self._text(a) for a in node.args if a is not gone]
        kept += [
            f"**{self._text(k.value)}" if k.arg is None else f"{k.arg}={self._text(k.value)}"
            for k in node.keywords
            if k is not gone
        ]
        return f"{self._text(node.func)}({', '.join(kept)})"

    def _swapped(self, first: ast.expr, second: ast.expr) -> Iterator[tuple[str, int, int, str]]:
        (begin, middle), (rest, end) = self._span(first), self._span(second)
        between = self.bytes[middle:rest].decode()
        yield "order", begin, end, self._text(second) + between + self._text(first)

    def _handler(self, handler: ast.ExceptHandler) -> Iterator[tuple[str, int, int, str]]:
        if handler.type is None:
            return
        begin, end = self._span(handler.type)
        yield "except", begin, end, "()"
        if isinstance(handler.type, ast.Tuple) and len(handler.type.elts) > 1:
            for one in handler.type.elts:
                kept = [self._text(other) for other in handler.type.elts if other is not one]
                yield "except", begin, end, f"({', '.join(kept)},)"

    def _block(self, node: ast.With | ast.AsyncWith) -> Iterator[tuple[str, int, int, str]]:
        item = node.items[0]
        if len(node.items) > 1 or item.optional_vars is not None:
            return
        text = self._text(item.context_expr)
        if "lock" in text.lower() or "suppress" in text:
            yield (
                "lock" if "lock" in text.lower() else "except",
                self._span(node)[0],
                self._span(item.context_expr)[1],
                "if True",
            )

    def _order(self, node: ast.List | ast.Tuple) -> Iterator[tuple[str, int, int, str]]:
        if isinstance(node.ctx, ast.Load) and len(node.elts) > 1 and isinstance(node, ast.Tuple):
            parent = self._parents.get(node)
            if isinstance(parent, ast.Return | ast.keyword | ast.Call) and not any(
                isinstance(e, ast.Starred) for e in node.elts
            ):
                yield from self._swapped(node.elts[0], node.elts[1])

    def _error(self, made: ast.Call) -> Iterator[tuple[str, int, int, str]]:
        for argument in made.args[:1]:
            if _is_text(argument) or isinstance(argument, ast.JoinedStr):
                yield "text", *self._span(argument), '"something else"'


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_plain(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool))


def _is_type(node: ast.BinOp) -> bool:
    """Tell ``A | B`` of types from the one of conditions."""
    return any(
        (isinstance(side, ast.Constant) and side.value is None)
        or (isinstance(side, ast.Name) and side.id[:1].isupper())
        or (isinstance(side, ast.Name) and side.id in ("str", "int", "bytes", "float", "bool", "list", "dict", "tuple"))
        for side in (node.left, node.right)
    )
