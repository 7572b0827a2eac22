"""What a client writes about each request when ``cloud.diagnostics`` is on: at DEBUG, without keys and secrets."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from prefect.utilities.context import context

if TYPE_CHECKING:
    from prefect.client.transport import Answer

_SHOWN_CHARACTERS = 2_000
# Headers and operations of these names carry what nobody else may read.
_CONFIDENTIAL = re.compile(r"auth|key|secret|token|cookie|password", re.IGNORECASE)


@contextmanager
def told(
    url: str, headers: Mapping[str, str], request: Mapping[str, Any], body: bytes | None
) -> Iterator[list[Answer]]:
    """Write of a request before it is sent, and of the answer that is put into the list, if diagnostics are on."""
    answers: list[Answer] = []
    if not context.config.cloud.get("diagnostics"):
        yield answers
        return
    from prefect.utilities.logging import create_diagnostic_logger

    log = create_diagnostic_logger("client.diagnostics")
    is_hidden = bool(_CONFIDENTIAL.search(str(request.get("query", ""))))
    log.debug("Preparing request to %s", url.partition("?")[0])
    log.debug("Headers: %s", {name: _masked(name, str(value)) for name, value in headers.items()})
    content = request if request else (body or b"").decode("utf-8", "replace")
    log.debug("Request: %s", "(hidden)" if is_hidden else _brief(content))
    begin = time.monotonic()
    try:
        yield answers
    finally:
        for answer in answers:
            log.debug("Response: %s", "(hidden)" if is_hidden else _brief(answer.body.decode("utf-8", "replace")))
        log.debug("Request duration: %.4f seconds", time.monotonic() - begin)


def _masked(name: str, value: str) -> str:
    if not _CONFIDENTIAL.search(name):
        return value
    kind, blank, _ = value.partition(" ")
    return f"{kind} XXXX" if blank and kind == "Bearer" else "XXXX"


def _brief(content: Any) -> str:
    text = content if isinstance(content, str) else json.dumps(content, default=str)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}... ({len(text):,} characters)"
