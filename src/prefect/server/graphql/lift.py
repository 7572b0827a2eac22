"""Lifting literals out of a document's text, so that documents that differ only in them are one.

The 1.4.1 client writes ids into its queries. Parsing and validating such a text takes a millisecond or two;
with the literals lifted, the next one with another id finds the document, its validation and its plan ready.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Comments are matched so that what looks like a literal inside them is left alone.
_TOKEN = re.compile(
    r'#[^\n\r]*|"(?:[^"\\\n\r]|\\.)*"|(?<![\w.$-])-?(?:0|[1-9]\d*)(?P<fraction>\.\d+)?(?P<exponent>[eE][+-]?\d+)?(?![\w.])'
)
_SURROGATE = re.compile("[\ud800-\udfff]")
#: Beyond this nobody sends the same shape twice.
_LONGEST = 200_000


@dataclass(frozen=True)
class Lifted:
    """A text without its literals, and the literals."""

    key: str
    #: By name: ``#0``, ``#1``, in the order of the text.
    values: Mapping[str, Any]
    starts: tuple[int, ...]

    def names(self) -> dict[int, str]:
        """Give the names of the literals by where they start in the text."""
        return {start: f"#{number}" for number, start in enumerate(self.starts)}


def lift(text: str) -> Lifted | None:
    """Lift the literals; None when there are none or the text is better taken as it is."""
    # Block strings have rules of their own; a default value of a variable is part of the document.
    if len(text) > _LONGEST or '"""' in text or "\x01" in text:
        return None
    values: dict[str, Any] = {}
    starts: list[int] = []

    def take(found: re.Match[str]) -> str:
        token = found[0]
        if token[0] == "#":
            return token
        name = f"#{len(starts)}"
        starts.append(found.start())
        if token[0] == '"':
            values[name] = token[1:-1] if "\\" not in token else json.loads(token, strict=False)
            return "\x01s"
        if found["fraction"] or found["exponent"]:
            values[name] = float(token)
            return "\x01f"
        values[name] = int(token)
        return "\x01i"

    try:
        key = _TOKEN.sub(take, text)
    except ValueError:  # an escape that only GraphQL has, or a number with too many digits
        return None
    if not starts or "=" in key:
        return None
    if any(isinstance(value, str) and _SURROGATE.search(value) for value in values.values()):
        return None
    return Lifted(key, values, tuple(starts))
