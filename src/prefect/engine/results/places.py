"""Where a result may lie: below the place that its author named, whatever is filled into the template.

A template's text is its author's, and so is the folder that the text before its first field names, be it absolute or
``../``.  What is filled in comes with a run: it may go down from that folder, never out of it.  Pure, but for asking
where symbolic links lead.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from string import Formatter
from typing import Any

__all__ = ["check_file", "check_filled_file", "check_filled_key", "check_key"]

_FAR_AWAY = re.compile(r"[A-Za-z]:[\\/]|\\\\").match
_SEPARATORS = re.compile(r"[\\/]")
Template = str | Callable[..., str] | None


def check_filled_file(location: str, template: Template, folder: str, values: Mapping[str, Any]) -> None:
    """Refuse a file whose place left its folder by what was filled in.

    Args:
        location: the template, filled in.
        folder: what relative locations are relative to.
        values: what was filled in.

    Raises:
        ValueError: it did, or it has a NUL; quotes both.
    """
    _refuse_nul(location)
    if callable(template):
        _refuse_traces(location, values, folder)
        return
    static = _static(template)
    if static is None:
        return
    base = _base(static, folder)
    filled = location[len(_parent(static)) :]
    # Only at the very beginning are these more than names.
    if not static and (_FAR_AWAY(filled) or (filled.startswith("~") and os.path.expanduser(filled) != filled)):
        raise _left(location, template, base)
    if _climbs(_SEPARATORS.split(filled)) or not _is_below(os.path.join(folder, os.path.expanduser(location)), base):
        raise _left(location, template, base)


def check_file(location: str, template: Template, folder: str) -> None:
    """Refuse a file of an unknown origin that does not lie where results with this template are written.

    Raises:
        ValueError: it does not; quotes both.
    """
    _refuse_nul(location)
    static = template if isinstance(template, str) and _static(template) is None else _static(template)
    base = folder if static is None else _base(static, folder)
    if not _is_below(os.path.join(folder, location), base):
        raise ValueError(
            f"The location {_short(location)} does not lie in {base}, where this result is declared to be."
        )


def check_filled_key(location: str, template: Template, values: Mapping[str, Any]) -> None:
    """Refuse the name of an object that left its folder by what was filled in.

    An object store has no folders, but the libraries that speak to it, and some stores, take ``..`` out of addresses.

    Raises:
        ValueError: it did, or it has a NUL; quotes both.
    """
    _refuse_nul(location)
    if callable(template):
        for value in values.values():
            if isinstance(value, str) and ".." in value.split("/") and value in location:
                raise _left(location, "a function", "its folder")
        return
    static = _static(template)
    if static is not None and _climbs(location[len(_parent(static)) :].split("/")):
        raise _left(location, template, _parent(static) or "its bucket")


def check_key(location: str, template: Template) -> None:
    """Refuse the name of an object of an unknown origin that does not lie where results with this template do.

    Raises:
        ValueError: it does not; quotes both.
    """
    _refuse_nul(location)
    text = template if isinstance(template, str) else ""
    folder = _parent(text if _static(text) is None else _static(text) or "")
    if not location.startswith(folder) or _climbs(location[len(folder) :].split("/")):
        raise ValueError(
            f"The location {_short(location)} does not lie in {folder or 'the bucket'!r}, where this result is "
            "declared to be."
        )


def _static(template: Template) -> str | None:
    """Give the text of a template before its first field; None: it has no field, or is no template."""
    if not isinstance(template, str):
        return None
    text = ""
    for literal, field, _, _ in Formatter().parse(template):
        text += literal
        if field is not None:
            return text
    return None


def _parent(static: str) -> str:
    """Give the folder that a text names, with its separator."""
    return static[: static.rfind("/") + 1] if os.sep == "/" else static[: max(map(static.rfind, "/\\")) + 1]


def _base(static: str, folder: str) -> str:
    return os.path.join(folder, os.path.expanduser(_parent(static)) or "")


def _is_below(path: str, base: str) -> bool:
    real, real_base = os.path.realpath(path), os.path.realpath(base)
    return real == real_base or real.startswith(real_base.rstrip(os.sep) + os.sep)


def _climbs(parts: list[str]) -> bool:
    depth = 0
    for part in parts:
        if part == "..":
            depth -= 1
        elif part not in ("", "."):
            depth += 1
        if depth < 0:
            return True
    return False


def _refuse_traces(location: str, values: Mapping[str, Any], folder: str) -> None:
    """Refuse what a function made of values that are paths themselves; which folder it meant cannot be asked."""
    is_below = _is_below(os.path.join(folder, os.path.expanduser(location)), folder)
    if is_below and not _FAR_AWAY(location) and not _climbs(_SEPARATORS.split(location)):
        return
    if not is_below and not os.path.isabs(location) and not location.startswith(("~", "..")):
        raise _left(location, "a function", folder)
    for value in values.values():
        if not isinstance(value, str) or not value or value not in location:
            continue
        if ".." in _SEPARATORS.split(value) or os.path.isabs(value) or value.startswith("~") or _FAR_AWAY(value):
            raise _left(location, "a function", folder)


def _refuse_nul(location: str) -> None:
    if "\0" in location:
        raise ValueError(f"The location {_short(location)} has a NUL, which no name may have.")


def _left(location: str, template: Any, base: str) -> ValueError:
    return ValueError(
        f"The location {_short(location)} leaves {base}: what is filled into {template!r} must stay in that folder."
    )


def _short(location: str) -> str:
    return repr(location if len(location) <= 300 else location[:300] + "...")
