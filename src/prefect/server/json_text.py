"""Reading JSON that clients send, whose texts may hold what no text can: halves of surrogate pairs.

Python makes them of file names and output that are no UTF-8, and its ``json`` writes them as they are. A client of 1.x
whose log record or state was refused for one would lose its logs for good, or its run. Anywhere else, in a parameter
or a secret, they are refused: a value must not be changed in silence.
"""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

# A pair, any other escape, or half of a pair; read from the left, so that an escaped backslash begins nothing.
_ESCAPES = re.compile(r"\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(u[dD][89a-fA-F][\da-fA-F]{2})|.)")


_REPORTS = re.compile("write_run_logs|set_flow_run_states|set_task_run_states")


#: Numbers beyond 64 bits, which orjson turns into fractions, have so many digits in a row.
_LONG_NUMBER = b"0" * 19
#: Makes every digit a zero, and the rest blank: then they are found ten times faster than by a pattern.
_ONLY_DIGITS = bytes(ord("0") if sign in b"0123456789" else ord(" ") for sign in range(256))


def read(text: bytes | str) -> Any:
    """Read a JSON text; whole numbers of any size stay what they are.

    Raises:
        orjson.JSONDecodeError: it is no JSON, or has a number that none of ours can be.
    """
    found = orjson.loads(text)  # the stricter of the two: what it refuses is refused
    if len(text) < len(_LONG_NUMBER):
        return found
    raw = text.encode() if isinstance(text, str) else text
    if _LONG_NUMBER not in raw.translate(_ONLY_DIGITS):
        return found
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise orjson.JSONDecodeError(str(error), _plain(text)[:100], 0) from None


def loads(text: bytes | str, document: bytes | str) -> Any:
    """Read a JSON text; half a surrogate pair in what a run reports of itself becomes U+FFFD.

    Args:
        document: where the name of the operation is found.

    Raises:
        orjson.JSONDecodeError: it is no JSON.
    """
    try:
        return read(text)
    except orjson.JSONDecodeError:
        if not _REPORTS.search(_plain(document)):
            raise
        plain = _plain(text)
        mended = _ESCAPES.sub(lambda found: r"\ufffd" if found[1] else found[0], plain)
        if mended == plain:
            raise
    return read(mended)


def _plain(text: bytes | str) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text
