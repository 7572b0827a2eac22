"""Reading JSON that clients send, whose texts may hold what no text can: halves of surrogate pairs.

Python makes them of file names and output that are no UTF-8, and its ``json`` writes them as they are. A client of 1.x
whose log record or state was refused for one would lose its logs for good, or its run. Anywhere else, in a parameter
or a secret, they are refused: a value must not be changed in silence.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

# A pair, any other escape, or half of a pair; read from the left, so that an escaped backslash begins nothing.
_ESCAPES = re.compile(r"\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(u[dD][89a-fA-F][\da-fA-F]{2})|.)")


_REPORTS = re.compile("write_run_logs|set_flow_run_states|set_task_run_states")


def loads(text: bytes | str, document: bytes | str) -> Any:
    """Read a JSON text; half a surrogate pair in what a run reports of itself becomes U+FFFD.

    Args:
        document: where the name of the operation is found.

    Raises:
        orjson.JSONDecodeError: it is no JSON.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        if not _REPORTS.search(_plain(document)):
            raise
        plain = _plain(text)
        mended = _ESCAPES.sub(lambda found: r"\ufffd" if found[1] else found[0], plain)
        if mended == plain:
            raise
    return orjson.loads(mended)


def _plain(text: bytes | str) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text
