"""How an extra of this package is installed here: as the package itself was, so that the hint can be followed.

A package that came from a clone, a file or a repository is on no index under its name.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

DISTRIBUTION = "proctor"
_EXTRA = re.compile(rf"'?{DISTRIBUTION}\[([\w.,-]+)\]'?\Z")


class _Installed(NamedTuple):
    """What the records of an installation say.

    Attributes:
        origin: where it came from (PEP 610); None: from an index.
        by: the program that installed it.
        requires: what it needs, each with the extras for which it does.
    """

    origin: dict[str, Any] | None
    by: str
    requires: tuple[str, ...]


def install_command(*wanted: str) -> str:
    """Give the command that installs an extra of this package (``'proctor[docker]'``), or other packages, here.

    Args:
        wanted: extras of this package in that form, with or without quotes, or names of other packages.
    """
    installed = _read()
    names = [one.strip("'\"") for one in wanted]
    tool = _tool(installed)
    found = [_EXTRA.match(one) for one in names]
    extras = [one[1] for one in found if one is not None]
    others = [name for name, one in zip(names, found, strict=True) if one is None]
    if not extras:
        return f"{tool} {_quoted(others)}"
    return f"{tool} {_of_extras(installed, ','.join(extras))}{' ' if others else ''}{_quoted(others)}".rstrip()


def _of_extras(installed: _Installed, extras: str) -> str:
    if _is_injected():
        return _quoted(_needs(installed, extras)) or f"'{DISTRIBUTION}[{extras}]'"
    origin = installed.origin
    if origin is None:
        return f"'{DISTRIBUTION}[{extras}]'"
    url = str(origin.get("url", ""))
    if url.startswith("file:"):
        path = unquote(urlsplit(url).path)
        if not os.path.exists(path):  # a wheel in a folder that was tidied up: what it needs can still be had
            return _quoted(_needs(installed, extras)) or f"'{DISTRIBUTION}[{extras}]'"
        if (origin.get("dir_info") or {}).get("editable"):
            return f"-e {shlex.quote(f'{path}[{extras}]')}"
        return f"'{DISTRIBUTION}[{extras}] @ {url}'"
    vcs = origin.get("vcs_info") or {}
    if vcs:
        commit = vcs.get("commit_id") or vcs.get("requested_revision")
        url = f"{vcs.get('vcs', 'git')}+{url}{f'@{commit}' if commit else ''}"
    return f"'{DISTRIBUTION}[{extras}] @ {url}'"


def _needs(installed: _Installed, extras: str) -> list[str]:
    """Give the packages that extras bring, as their records name them."""
    found = []
    for extra in extras.split(","):
        for requirement in installed.requires:
            text, _, marker = requirement.partition(";")
            if re.search(rf"extra == ['\"]{re.escape(extra)}['\"]", marker):
                inner = _EXTRA.match(text.strip())
                found += _needs(installed, inner[1]) if inner else [text.strip()]
    return list(dict.fromkeys(found))


def _quoted(names: list[str]) -> str:
    return " ".join(shlex.quote(name) for name in names)


def _tool(installed: _Installed) -> str:
    if _is_injected():
        return f"pipx inject {os.path.basename(sys.prefix)}"
    return "uv pip install" if installed.by == "uv" else "pip install"


def _is_injected() -> bool:
    return f"{os.sep}pipx{os.sep}venvs{os.sep}" in sys.prefix + os.sep


@lru_cache(maxsize=1)
def _read() -> _Installed:
    from importlib import metadata

    try:
        distribution = metadata.distribution(DISTRIBUTION)
    except metadata.PackageNotFoundError:  # a copy that somebody put on the path
        return _Installed(None, "", ())
    try:
        origin = json.loads(distribution.read_text("direct_url.json") or "null")
    except ValueError:
        origin = None
    by = (distribution.read_text("INSTALLER") or "").strip()
    return _Installed(origin if isinstance(origin, dict) else None, by, tuple(distribution.requires or ()))
