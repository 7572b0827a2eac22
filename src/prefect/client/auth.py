"""The file that keeps API keys and tenant ids, one section per API address."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from prefect.exceptions import AuthorizationError, ClientError

if TYPE_CHECKING:
    from pathlib import Path

_HEADER = """\
# This file is auto-generated and should not be manually edited
# Update the Prefect config or use the CLI to login instead
"""


def clean_key(key: object) -> str | None:
    """Give an API key without what stands around it: a mounted secret or a file ends with a line break.

    Raises:
        AuthorizationError: it holds signs that no key has; does not tell the key.
    """
    text = str(key or "").strip()
    if not text:
        return None
    if not text.isascii() or not text.isprintable() or " " in text:
        unusable = AuthorizationError(
            "The API key holds a blank, a line break or another sign that no key has: expected one word, got "
            f"{len(text)} characters."
        )
        unusable.code = "INVALID_KEY"
        raise unusable
    return text


def section_name(api_server: str) -> str:
    """Make the section's name out of the host and port of an API address; out of its scheme where it has neither."""
    parts = urlsplit(api_server)
    return re.sub(r"[^-.a-z0-9]+", "-", (parts.netloc or parts.scheme or parts.path).lower()).strip("-")


def load(path: Path) -> dict[str, dict[str, Any]]:
    """Read all sections; a file that is not there has none.

    Raises:
        ClientError: it cannot be read, or holds something else; names it.
    """
    if not path.is_file():
        return {}
    import tomllib

    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    # Both kinds of wrong content are ValueErrors.
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    strange = [name for name, values in found.items() if not isinstance(values, dict)]
    if strange:
        raise _unreadable(path, f"{strange[0]} is no section")
    return found


def _unreadable(path: Path, reason: object) -> ClientError:
    unreadable = ClientError(
        f"The stored API keys in {path} cannot be read: {reason}. Mend the file, or remove it and log in again with "
        "`prefect auth login`."
    )
    unreadable.code = "STORED_KEYS_UNREADABLE"
    return unreadable


def save(path: Path, section: str, *, api_key: str | None, tenant_id: str | None) -> None:
    """Write one section and keep the others; the file can be read by its owner alone."""
    sections = load(path)
    sections[section] = {"api_key": api_key or "", "tenant_id": tenant_id or ""}
    lines = [_HEADER]
    for name, values in sections.items():
        # A JSON text is also a TOML basic string.
        lines.append(f"[{json.dumps(name)}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in values.items() if isinstance(value, str)]
        lines.append("")
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    # One that a killed process left behind has the mode that it has: begin anew.
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join(lines))
    draft.replace(path)
