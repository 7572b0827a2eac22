"""What an input must look like before an action touches anything; each refusal names the field."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from prefect.contract import limits
from prefect.server.errors import ApiError, BadInput
from prefect.utilities.ids import new_id, random_digits

__all__ = [
    "check_key",
    "check_labels",
    "check_name",
    "check_object",
    "check_priority",
    "check_size",
    "check_slug",
    "check_text",
    "found",
    "new_id",
    "object_in",
    "random_digits",
    "read_json",
    "size_of",
    "slugify",
]

# An escaped U+0000, and not an escaped backslash before the letters.
_ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")

# Made once: ``json.dumps`` makes an encoder for every value.
_json_of = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def check_priority(priority: int | None) -> int | None:
    """Accept a place in the order of the queue."""
    if priority is not None and not limits.LOWEST_PRIORITY <= priority <= limits.HIGHEST_PRIORITY:
        span = f"{limits.LOWEST_PRIORITY} to {limits.HIGHEST_PRIORITY}"
        raise BadInput("priority", f"a whole number from {span}", priority)
    return priority


def check_name(field: str, value: str) -> str:
    """Accept the name by which something is found: not empty, not too long, nothing that cannot be stored."""
    if not value.strip():
        raise BadInput(field, "a text that is not empty", value)
    _refuse_unstorable(field, value)
    if len(value.encode()) > limits.NAME_BYTES:
        raise BadInput(field, f"at most {limits.NAME_BYTES} bytes", value)
    return value


def check_key(field: str, value: str) -> str:
    """Accept an idempotency key or version group that is not empty; gives it as it is kept."""
    if not value.strip():
        raise BadInput(field, "a text that is not empty", value)
    _refuse_unstorable(field, value)
    return limits.short_key(value)


def check_text(field: str, value: str | None) -> str | None:
    """Accept a free text, or none."""
    if value is not None:
        if len(value) > limits.TEXT_CHARACTERS:
            raise BadInput(field, f"at most {limits.TEXT_CHARACTERS} characters", value)
        _refuse_unstorable(field, value)
    return value


def check_labels(field: str, labels: Sequence[str]) -> list[str]:
    """Accept labels; gives them sorted, each once."""
    if len(labels) > limits.LABELS:
        raise BadInput(field, f"at most {limits.LABELS} labels", f"{len(labels)} labels")
    for label in labels:
        check_name(f"label in {field}", label)
    return sorted(set(labels))


def read_json(value: Any) -> Any:
    """Give the value, or what it holds when it is a text that holds a JSON object or list.

    Clients send JSON both ways: as it is, or written into a text.
    """
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def object_in(value: Any) -> Mapping[str, Any]:
    """Give the JSON object that a column holds; what somebody else wrote there by hand counts as none."""
    return value if isinstance(value, Mapping) else {}


def check_object(field: str, value: Any, max_bytes: int = limits.JSON_BYTES) -> dict[str, Any]:
    """Accept a JSON object, also as a text that holds one; none gives an empty one."""
    if value is None:
        return {}
    if isinstance(value, str):
        try:
            parsed = json.loads(value)
        except (ValueError, RecursionError):
            raise BadInput(field, "a JSON object", value) from None
        if parsed is None:
            return {}
        value = parsed
    if not isinstance(value, dict):
        raise BadInput(field, "a JSON object", value)
    check_size(field, value, max_bytes)
    return value


def check_size(field: str, value: Any, max_bytes: int = limits.JSON_BYTES) -> None:
    """Refuse a JSON value that is too large, or cannot be stored."""
    size = size_of(field, value)
    if size > max_bytes:
        raise BadInput(field, f"at most {max_bytes} bytes of JSON", f"{size} bytes")


def size_of(field: str, value: Any) -> int:
    """Measure a JSON value in bytes of UTF-8, and refuse what cannot be stored."""
    try:
        text = _json_of(value)
        size = len(text) if text.isascii() else len(text.encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise BadInput(field, f"JSON that can be stored ({error})", type(value).__name__) from None
    if "\\u0000" in text and _ESCAPED_NUL.search(text):
        raise BadInput(_place_of_nul(field, value), "JSON without the character U+0000", "a text with it")
    return size


def _place_of_nul(field: str, value: Any) -> str:
    """Give the place of the first text that holds a U+0000, with its way through the objects and lists around it."""
    waiting = [(field, value)]
    while waiting:
        place, found = waiting.pop()
        if isinstance(found, str) and "\0" in found:
            return place
        if isinstance(found, dict):
            if any("\0" in key for key in found):
                return place
            waiting += [(f"{place}.{key}", item) for key, item in reversed(found.items())]
        elif isinstance(found, list):
            waiting += [(f"{place}[{index}]", item) for index, item in reversed([*enumerate(found)])]
    return field


def slugify(text: str) -> str:
    """Give the form of a text that may stand in an address: lower case, words joined by hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def check_slug(slug: str) -> str:
    """Accept a slug that is one already."""
    check_name("slug", slug)
    if slug != slugify(slug):
        raise ApiError('Slug must be "slugified" (lowercase; no spaces)')
    return slug


def found(row: Mapping[str, Any] | None, message: str) -> Mapping[str, Any]:
    """Give the row, or say what is missing."""
    if row is None:
        raise ApiError(message, "NOT_FOUND")
    return row


def _refuse_unstorable(field: str, value: str) -> None:
    # PostgreSQL keeps no U+0000, and no encoding keeps half a surrogate pair.
    if "\x00" in value:
        raise BadInput(field, "a text without the character U+0000", value)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BadInput(field, "valid Unicode", value) from None
