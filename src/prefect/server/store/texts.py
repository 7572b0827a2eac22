"""Writing long expressions of SQL: literal texts, chains of operators, concatenations."""

from __future__ import annotations

__all__ = ["chain", "joined"]


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


#: A chain of operators is a tree that leans to one side, and SQLite takes none that is 1,000 high.
_LONGEST_CHAIN = 30


def chain(operator: str, parts: list[str]) -> str:
    """Write ``a op b op c`` as a tree that is not high."""
    while len(parts) > _LONGEST_CHAIN:
        groups = [parts[start : start + _LONGEST_CHAIN] for start in range(0, len(parts), _LONGEST_CHAIN)]
        parts = [f"({operator.join(group)})" for group in groups]
    return operator.join(parts)


def joined(parts: list[tuple[bool, str]]) -> str:
    """Concatenate literal texts (True) and expressions, neighbouring literals as one.

    No expression here needs brackets: each is a call, a cast, a CASE, a select in brackets or a concatenation. SQLite's
    parser can hold a hundred open signs, and answers nest.
    """
    written: list[str] = []
    pending = ""
    for is_literal, text in parts:
        if is_literal:
            pending += text
            continue
        if pending:
            written.append(_literal(pending))
            pending = ""
        written.append(text)
    if pending:
        written.append(_literal(pending))
    return chain(" || ", written)
