"""Spoils documents and variables a little, as bugs and bad lines do; everything comes from a ``random.Random``."""

from __future__ import annotations

import json
import re
from random import Random
from typing import Any

__all__ = ["spoiled_body"]

_TOKEN = re.compile(r'"[^"]*"|\w+|[^\w\s]|\s+')
_TOKENS = (
    *(
        "null",
        "true",
        "{}",
        "[]",
        "-1",
        "1e9",
        '"x"',
        '"\\u0000"',
        "$x",
        "@skip(if: true)",
        "...F",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
    ),
    *(":", "_not", "_or", "_and", "_in", "_is_null", "id", "limit", "order_by", "where", "distinct_on", "__typename"),
    *(
        "__schema { types { name } }",
        '"""a"""',
        "#",
        "\x00",
        "\ufffe",
        "é",
        "2147483648",
        "enum",
        "subscription",
        "mutation",
    ),
    *("fragment F on flow { id }", "aggregate { count }", "nodes { id }"),
)
_VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 2**31, 1e308, "", "x", "\x00", "\u2028", [], {}, [None], [[]], {"_eq": None}, {"_and": {}}),
    *("2026-01-01", "9" * 50, {"a": {"a": {"a": {}}}}, ["x"] * 3, {"": 1}, {"__proto__": 1}),
)


def spoiled_body(random: Random, document: str, variables: Any) -> bytes:
    """Write a request that is wrong in one place or a few."""
    text = _spoiled_text(random, document) if random.random() < 0.75 else document
    given = _spoiled_value(random, variables or {}) if random.random() < 0.5 else variables
    body = bytearray(json.dumps({"query": text, "variables": given}).encode())
    if random.random() < 0.05:
        body[random.randrange(len(body))] = random.randrange(256)
    if random.random() < 0.02:
        del body[random.randrange(len(body)) :]
    return bytes(body)


def _spoiled_text(random: Random, text: str) -> str:
    tokens = _TOKEN.findall(text)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        place, what = random.randrange(len(tokens)), random.randrange(4)
        if what == 0 and len(tokens) > 1:
            del tokens[place]
        elif what == 1:
            tokens.insert(place, random.choice(_TOKENS))
        elif what == 2:
            tokens[place] = random.choice(_TOKENS)
        else:
            tokens.insert(place, random.choice(tokens))
    return "".join(tokens)


def _spoiled_value(random: Random, value: Any) -> Any:
    if random.random() < 0.3:
        return random.choice(_VALUES)
    if isinstance(value, dict) and value:
        changed, key = dict(value), random.choice(list(value))
        what = random.random()
        if what < 0.2:
            changed.pop(key)
        elif what < 0.4:
            changed[random.choice(("_eq", "x", "_not", "", "id"))] = changed.pop(key)
        else:
            changed[key] = _spoiled_value(random, changed[key])
        return changed
    if isinstance(value, list) and value:
        return [*value, _spoiled_value(random, value[0])]
    return random.choice(_VALUES)
