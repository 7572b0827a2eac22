"""What the codes of refusals mean: one page a code, beside this file.

``prefect explain CODE`` shows a page, the docs list them, the server serves them below ``/ui/codes/`` for the web UI. A
page begins with ``# CODE``, says in one paragraph what it means and in a line ``Hint:`` what to do first; then causes
and remedies. Imports nothing: server, client and command line refuse with these codes alike.
"""

from __future__ import annotations

import os
from functools import lru_cache

FOLDER = os.path.dirname(os.path.abspath(__file__))
_HINT = "\nHint: "


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """Give all codes that have a page, in order of the alphabet."""
    return tuple(sorted(name.removesuffix(".md") for name in os.listdir(FOLDER) if name.endswith(".md")))


@lru_cache(maxsize=256)
def page(code: str) -> str | None:
    """Give the page of a code (Markdown), None when there is no such code."""
    if code not in names():
        return None
    with open(os.path.join(FOLDER, f"{code}.md"), encoding="utf-8") as file:
        return file.read()


def meaning(code: str) -> str:
    """Give what a code means, in one line; empty when there is no such code."""
    parts = (page(code) or "").split("\n\n")
    return " ".join(parts[1].split()) if len(parts) > 1 else ""


@lru_cache(maxsize=256)
def hint(code: str) -> str:
    """Give what to do first about a code, in one line; empty when there is no such code."""
    _, found, rest = (page(code) or "").partition(_HINT)
    return " ".join(rest.partition("\n\n")[0].split()) if found else ""
