"""What the server tells a client when it says no.

The bottom of the server: imports nothing of it.

    ApiError                     an entry in the answer's ``errors``; code NOT_POSSIBLE unless told
    ├── BadInput                 a value that cannot be used: names the field, what was expected, what came
    └── Refused                  the caller may not do this
"""

from __future__ import annotations

from typing import Any

from prefect import codes

__all__ = ["LONGEST_ECHO", "ApiError", "BadInput", "Refused", "StartUpError", "extensions_of", "shorten"]

LONGEST_ECHO = 80


class ApiError(Exception):
    """An answer that tells the client what went wrong; its text goes out as it is."""

    def __init__(self, message: str, code: str = "NOT_POSSIBLE"):
        super().__init__(message)
        self.message = message
        self.code = code


class BadInput(ApiError):
    """A value that cannot be used."""

    def __init__(self, field: str, expected: str, got: object):
        super().__init__(f"Invalid {field}: expected {expected}, got {shorten(got)}.", "BAD_USER_INPUT")
        self.field = field


class Refused(ApiError):
    """The caller is unknown, or may not do this."""

    def __init__(self, message: str, code: str = "UNAUTHENTICATED"):
        super().__init__(message, code)


class StartUpError(Exception):
    """Why the server cannot start, in one line for the person who started it."""


def extensions_of(code: str) -> dict[str, str]:
    """Give what an entry in an answer's ``errors`` says for programs: its code, and what to do first about it."""
    hint = codes.hint(code)
    return {"code": code, "hint": hint} if hint else {"code": code}


def shorten(value: Any) -> str:
    """Show a value in an error without repeating all of a large one."""
    if isinstance(value, str) and len(value) > LONGEST_ECHO:
        return f"a text of {len(value)} characters"
    text = repr(value)
    return text if len(text) <= LONGEST_ECHO else f"{text[:LONGEST_ECHO]}…"
