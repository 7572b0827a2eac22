"""JSON objects that know their text: what is measured, kept and sent is written once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode
"""Give the JSON of a value, in ASCII; raises ``ValueError`` and ``TypeError`` for one that has none."""


def encode_texts(value: Mapping[str, Any]) -> str:
    """Give the same of an object of texts, whole numbers, nulls, and objects and lists of such, a good deal faster.

    Not in ASCII, unless it has halves of surrogate pairs.
    """
    import orjson  # late: only whoever sends something pays for it

    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return encode(value)


class Written(dict[str, Any]):
    """A JSON object that is not changed any more.

    Attributes:
        text: its JSON.
    """

    __slots__ = ("text",)

    def __init__(self, fields: Mapping[str, Any], text: str) -> None:
        super().__init__(fields)
        self.text = text


def texts_of(values: Any) -> list[str] | None:
    """Give the texts of a list whose members all know theirs; None for anything else."""
    if type(values) is not list or not values:
        return None
    texts = [value.text for value in values if type(value) is Written]
    return texts if len(texts) == len(values) else None
