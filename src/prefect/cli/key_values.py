"""From ``key=value`` on the command line, or a JSON file, to typed values."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Any

import click

from prefect.cli.failures import TerminalError

_OPTIONS = {"parameter": "--param", "context": "--context"}


class UnreadableValue(TerminalError):
    """What was given as ``key=value``, or in a file, cannot be read."""

    usual_code = "INVALID_VALUE"


# What json says of a text that begins like no JSON value, or goes on after one: such a text is meant as it stands.
_MEANT_AS_TEXT = ("Extra data", "Expecting value")


def parse(items: Iterable[str], kind: str) -> dict[str, Any]:
    """Read ``key=value`` items; later ones win.

    Args:
        kind: ``parameter`` or ``context``, for the error.

    Raises:
        click.BadParameter: an item has no ``=`` or no key.
        TerminalError: a value is neither JSON nor plain text; names the key.
    """
    values: dict[str, Any] = {}
    for item in items:
        key, sign, text = item.partition("=")
        if not (sign and key.strip()):
            empty = f"; for an empty text {item.strip()}=" if item.strip() and not sign else ""
            raise click.BadParameter(f"expected a {kind} as key=value{empty}, got {item!r}", param_hint=_OPTIONS[kind])
        try:
            values[key] = typed(text)
        except ValueError as error:
            indented = "\n".join("\t" + line for line in text.splitlines() or [""])
            raise UnreadableValue(
                f"Failed to parse JSON for {kind} {key!r} with value\n\n{indented}\n\nJSON Error: {error}"
            ) from None
    return values


def typed(text: str) -> Any:
    """Read one value: JSON when it is JSON, else the text itself (with JSON's backslash escapes).

    Raises:
        ValueError: it has quotes or brackets like JSON, but is none.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if '"' in text or not error.msg.startswith(_MEANT_AS_TEXT):
            raise
        return json.loads(f'"{text}"', strict=False)


def read_file(path: str) -> dict[str, Any]:
    """Read a file that holds one JSON object.

    Raises:
        TerminalError: no such file, or what it holds is no JSON object; names the file.
    """
    full_path = os.path.abspath(os.path.expanduser(path))
    try:
        with open(full_path, encoding="utf-8") as file:
            content = json.load(file)
    except FileNotFoundError:
        raise UnreadableValue(f"Parameter file does not exist: {full_path!r}") from None
    except OSError as error:
        raise UnreadableValue(f"Failed to read parameter file {full_path!r}: {error.strerror}") from None
    except ValueError as error:  # JSONDecodeError, or bytes that are no UTF-8
        raise UnreadableValue(f"Failed to parse JSON at {full_path!r}: {error}") from None
    if not isinstance(content, dict):
        raise UnreadableValue(
            f"Failed to read parameters from {full_path!r}: expected a JSON object, got {type(content).__name__}"
        )
    return content
