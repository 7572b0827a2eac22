"""``prefect register --watch``: register again whatever changes, each time in a fresh process."""

from __future__ import annotations

import importlib.util
import multiprocessing
import os
import sys
import time
from collections.abc import Iterable

import click

from prefect.cli import building
from prefect.cli.failures import TerminalError
from prefect.cli.registering import Registration, register_once

_LOOK_EVERY_SECONDS = 0.5


def register_changes(registration: Registration) -> None:
    """Register all sources, then those that change, until interrupted.

    Raises:
        TerminalError: a source is not there at the start.
    """
    remote = [location for location in registration.jsons if "://" in location]
    if remote:
        raise click.ClickException(f"--watch is not supported for remote paths: {', '.join(remote)}")
    building.expand_paths(registration.paths)
    known: dict[str, float] = {}
    try:
        while True:
            changed = _changed(registration, known)
            if changed:
                _register_in_fresh_process(registration, changed)
            time.sleep(_LOOK_EVERY_SECONDS)
    except KeyboardInterrupt:
        click.echo()


def _changed(registration: Registration, known: dict[str, float]) -> set[str]:
    """Give the sources that are new or changed since the last look, and remember how they are now."""
    files = {source: source for source in (*_present(registration.paths), *registration.jsons)}
    files |= {module: _file_of(module) for module in registration.modules}
    changed = set()
    for source, file in files.items():
        try:
            modified = os.path.getmtime(file)
        except OSError:
            continue  # deleted, or being replaced at this moment
        if known.get(source) != modified:
            known[source] = modified
            changed.add(source)
    return changed


def _present(paths: Iterable[str]) -> list[str]:
    found: list[str] = []
    for path in paths:
        try:
            found += building.expand_paths([path])
        except TerminalError:
            continue  # it may come back
    return found


def _file_of(module: str) -> str:
    """Give the file of a module, or of the module that a dotted path to a flow begins with."""
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    name = module
    while name:
        try:
            spec = importlib.util.find_spec(name)
        except (ImportError, AttributeError, ValueError):
            spec = None
        if spec is not None and spec.origin:
            return spec.origin
        name = name.rpartition(".")[0]
    return module


def _register_in_fresh_process(registration: Registration, changed: set[str]) -> None:
    # A fresh interpreter: modules that were imported once would not be read again in this one.
    process = multiprocessing.get_context("spawn").Process(target=_register, args=(registration, changed))
    process.start()
    process.join()


def _register(registration: Registration, changed: set[str]) -> None:
    from prefect.cli.group import write_by_the_line

    write_by_the_line()
    files = [file for file in _present(registration.paths) if file in changed]
    modules = [module for module in registration.modules if module in changed]
    jsons = [location for location in registration.jsons if location in changed]
    try:
        code = register_once(registration, files, modules, jsons)
    except Exception as error:
        from prefect.cli.failures import as_shown

        shown = as_shown(error)
        if not isinstance(shown, click.ClickException):
            raise
        shown.show()
        code = shown.exit_code
    sys.exit(code)
