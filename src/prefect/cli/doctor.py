"""``prefect doctor``: look at everything that a first run needs, and say what to do."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import NamedTuple

import click

from prefect.cli.failures import TerminalError, error_text
from prefect.cli.group import CONTEXT_SETTINGS
from prefect.cli.output import format_option, show_value

OK, WARNING, FAILED = "ok", "warning", "failed"
COLOURS = {OK: "green", WARNING: "yellow", FAILED: "red"}
LEAST_FREE_BYTES = 500_000_000
MOST_CLOCK_SECONDS = 5.0


class Finding(NamedTuple):
    """One thing that was looked at: what, how it is, what was seen, and what to do when it is not well."""

    what: str
    verdict: str
    seen: str
    hint: str = ""


@click.command(context_settings=CONTEXT_SETTINGS)
@format_option()
def doctor(output: str) -> None:
    """Look at versions, settings, server, database, agents, clocks and storage, and say what to do.

    Exits with 1 when something failed; a warning is no failure.
    """
    findings = list(_all_findings())
    if output != "table":
        show_value([finding._asdict() for finding in findings], output)
    else:
        width = max(len(finding.what) for finding in findings)
        for finding in findings:
            verdict = click.style(f"{finding.verdict:<7}", fg=COLOURS[finding.verdict])
            click.echo(f"{verdict}  {finding.what:<{width}}  {finding.seen}")
            if finding.hint:
                click.echo(f"{'':<7}  {'':<{width}}  hint: {finding.hint}")
    failed = sum(finding.verdict == FAILED for finding in findings)
    if failed:
        raise TerminalError(
            f"{failed} of {len(findings)} things {'is' if failed == 1 else 'are'} not well.",
            hint="Do what stands behind `hint:` above, the first one first.",
        )


def _all_findings() -> Iterator[Finding]:
    for look in (_versions, _distribution, _settings, _home, _server, _extras):
        try:
            yield from look()
        except Exception as error:  # what one look meets must not hide what the others see
            yield Finding(look.__name__.strip("_"), FAILED, f"could not be looked at: {error_text(error)}")


def _versions() -> Iterator[Finding]:
    from prefect._version import __version__

    python = ".".join(map(str, sys.version_info[:3]))
    yield Finding("version", OK, f"{__version__}, Python {python}, {os.path.dirname(os.path.dirname(__file__))}")


def _distribution() -> Iterator[Finding]:
    from importlib import metadata

    try:
        other = metadata.version("prefect")
    except metadata.PackageNotFoundError:
        return
    hint = "Remove both and install one: `pip uninstall prefect proctor`, then `pip install proctor`."
    yield Finding("packages", FAILED, f"the distribution prefect {other} is installed beside proctor", hint)


def _settings() -> Iterator[Finding]:
    from prefect import configuration
    from prefect.cli.environment import misspelt, nearest, wrong_in_files
    from prefect.exceptions import ConfigurationError
    from prefect.utilities import setting_sources

    try:
        configuration.load_default_config()
        sources = setting_sources.files()
    except ConfigurationError as error:
        yield Finding("settings", FAILED, str(error), "`prefect config edit` opens the file.")
        return
    profile, said_by = setting_sources.profile_in_use()
    files = ", ".join(source.path for source in sources[1:]) or "no file, all as they come"
    yield Finding("settings", OK, files + (f"; profile {profile} ({said_by})" if profile else ""))
    for problem in wrong_in_files():
        yield Finding("settings", FAILED, problem, "`prefect config set NAME VALUE` sets another one.")
    for source in sources[1:]:
        for key in source.settings:
            near = None if key in sources[0].settings else nearest(key, sources[0].settings)
            if near and not key.startswith("context."):
                yield Finding("settings", WARNING, f"{source.path}: {key} is no setting", f"Did you mean {near}?")
    for name, meant in misspelt(os.environ):
        yield Finding("settings", WARNING, f"{name} is no setting and has no effect", f"Did you mean {meant}?")


def _home() -> Iterator[Finding]:
    import shutil

    from prefect.configuration import config

    folder = os.path.abspath(os.path.expanduser(str(config.home_dir)))
    standing = folder
    while not os.path.exists(standing):
        standing = os.path.dirname(standing)
    if not os.access(standing, os.W_OK | os.X_OK):
        yield Finding(
            "storage", FAILED, f"{folder} cannot be written", f"Give yourself {standing}, or set home_dir elsewhere."
        )
        return
    free = shutil.disk_usage(standing).free
    if free < LEAST_FREE_BYTES:
        seen = f"{folder} has {free / 1e6:,.0f} MB left"
        yield Finding("storage", WARNING, seen, "Make room: results and the server's database lie there.")
    else:
        yield Finding("storage", OK, f"{folder}, {free / 1e9:,.1f} GB left")


def _server() -> Iterator[Finding]:
    from prefect import codes
    from prefect.cli.server_state import look_at_server
    from prefect.configuration import config
    from prefect.exceptions import ClientError, ServerUnreachable

    asked = f"{config.cloud.api} (backend {config.backend})"
    try:
        found = look_at_server()
    except ClientError as error:
        unreachable = isinstance(error, ServerUnreachable)
        seen = error.trouble if isinstance(error, ServerUnreachable) else error_text(error)
        advice = error.advice if isinstance(error, ServerUnreachable) and unreachable else error.hint
        yield Finding("server", FAILED, seen, advice or codes.hint(error.code))
        return
    if found.health != "ok":
        yield Finding("server", FAILED, f"{asked}: {found.health}", codes.hint("DATABASE_UNAVAILABLE"))
        return
    yield Finding("server", OK, f"{asked}, answers in {found.answer_seconds * 1000:.0f} ms")
    yield from _same_version(found.version)
    yield Finding("database", OK, "the server can reach it")
    yield _clock(found.clock_seconds)
    if found.refusal is not None:
        code = getattr(found.refusal, "code", "API_REFUSED")
        yield Finding("access", FAILED, error_text(found.refusal), codes.hint(code))
        return
    yield Finding("access", OK, "the server answers this user")
    yield from _work(len(found.agents), found.late or 0, found.running or 0)


def _same_version(version: str) -> Iterator[Finding]:
    from prefect._version import __version__

    if version and version.split(".")[:2] != __version__.split(".")[:2]:
        seen = f"the server is {version}, this is {__version__}"
        yield Finding("server", WARNING, seen, "Bring both to the same version; the server first.")


def _clock(ahead: float | None) -> Finding:
    if ahead is None:
        return Finding("clock", WARNING, "the server did not tell its time", "A proxy may take the header Date away.")
    if abs(ahead) > MOST_CLOCK_SECONDS:
        seen = f"the server's is {abs(ahead):g} s {'ahead' if ahead > 0 else 'behind'}"
        return Finding("clock", WARNING, seen, "Set both by NTP: start times and heartbeats are told by clocks.")
    return Finding("clock", OK, "the server's agrees with this machine's")


def _work(agents: int, late: int, running: int) -> Iterator[Finding]:
    if agents:
        yield Finding("agents", OK, f"{agents} asked for work lately, {running} runs at work")
    else:
        hint = "Runs wait until one does: `prefect agent local start`."
        yield Finding("agents", WARNING, "none has asked for work lately", hint)
    if late:
        yield Finding(
            "runs", WARNING, f"{late} are late by more than a minute", "`prefect why RUN` says what one waits for."
        )


def _extras() -> Iterator[Finding]:
    from importlib.util import find_spec

    from prefect.utilities.importtools import EXTRAS

    def is_there(module: str) -> bool:
        try:
            return find_spec(module) is not None
        except (ImportError, ValueError):
            return False

    known: dict[str, list[str]] = {}
    for module, extra in EXTRAS.items():
        known.setdefault(extra, []).append(module)
    there = sorted(extra for extra, modules in known.items() if all(is_there(module) for module in modules))
    yield Finding("extras", OK, ", ".join(there) or "none installed")
