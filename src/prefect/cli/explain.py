"""``prefect explain``: what the code of a refusal means, and what to do about it."""

from __future__ import annotations

import click

from prefect.cli.failures import TerminalError
from prefect.cli.group import CONTEXT_SETTINGS


@click.command(context_settings=CONTEXT_SETTINGS)
@click.argument("code", required=False)
def explain(code: str | None) -> None:
    """Say what the CODE of a refusal means, its causes and remedies; without a code, list all of them.

    \b
    Examples:
      $ prefect explain SERVER_UNREACHABLE
      $ prefect explain | grep -i certificate
    """
    from prefect import codes

    if code is None:
        width = max(map(len, codes.names()))
        for name in codes.names():
            click.echo(f"{name:<{width}}  {codes.meaning(name)}")
        return
    text = codes.page(code.strip().upper().replace("-", "_"))
    if text is None:
        raise _unknown(code)
    click.echo(_for_a_terminal(text), nl=False)


def _unknown(code: str) -> TerminalError:
    from prefect import codes
    from prefect.cli.suggestions import nearest

    near = nearest(code, codes.names())
    hint = f"Did you mean {near[0]}?" if near else None
    return TerminalError(f"There is no code {code[:80]!r}.", code="UNKNOWN_CODE", hint=hint)


def _for_a_terminal(page: str) -> str:
    """Give a page with the signs of its headings taken away, and links as they are read."""
    import re

    lines = []
    for line in page.splitlines():
        if line.startswith("#"):
            lines.append(click.style(line.lstrip("# "), bold=True))
        else:
            lines.append(re.sub(r"\[([^\]]+)\]\((?:\.\./)*([^)]+)\)", r"\1 (\2)", line))
    return "\n".join(lines) + "\n"
