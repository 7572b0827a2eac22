"""Settings as the command line shows and changes them: where each value comes from, and files that are written whole.

A file is changed under a lock on its folder, keeps what else is in it, comments too, and has its new content at once or
not at all. A new one is readable by its owner alone. What is confidential is never shown.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from prefect import configuration
from prefect.cli.failures import TerminalError
from prefect.utilities import setting_sources

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

__all__ = ["HIDDEN", "Setting", "change", "effective", "file_in_use", "replace", "shown", "values_of"]

HIDDEN = "********"
_PASSWORD = re.compile(r"(?<=://)([^/@:\s]*):[^/@\s]+(?=@)")


class Setting(NamedTuple):
    """One setting: its dotted name, the value that counts, and where that comes from.

    Attributes:
        source: ``default``, the path of a file, or the name of a variable.
        refers: the text of the value, when it is made from other settings.
    """

    key: str
    value: Any
    source: str
    refers: str = ""


def effective() -> dict[str, Setting]:
    """Give every setting that counts for this process, by name.

    Raises:
        ConfigurationError: a file cannot be read.
    """
    texts: dict[str, tuple[Any, str]] = {}
    for path, settings in setting_sources.files():
        for key, value in settings.items():
            texts[key] = (value, path or "default")
    for variable in os.environ:
        if key := _key_of(variable):
            texts[key] = (None, variable)
    found = {}
    for key, value in values_of(configuration.load_default_config()):
        text, source = texts.get(key, (None, "default"))
        refers = text if isinstance(text, str) and "${" in text else ""
        found[key] = Setting(key, value, source, refers)
    return found


def values_of(tree: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    """Give the values of nested sections by their dotted names."""
    for name, value in tree.items():
        if isinstance(value, dict) and value:
            yield from values_of(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def shown(key: str, value: Any) -> Any:
    """Give a value as it may be shown: nothing of keys, and addresses without their passwords."""
    if setting_sources.is_confidential(key):
        return HIDDEN if value not in (None, "") else value
    return _PASSWORD.sub(rf"\1:{HIDDEN}", value) if isinstance(value, str) else value


def file_in_use() -> str:
    """Give the file that changes go to: that of the profile in use, else the user's."""
    name, _ = setting_sources.profile_in_use()
    return setting_sources.path_of_profile(name) if name else _user_file()


def change(path: str, edit: Callable[[TOMLDocument], None]) -> None:
    """Change a file of settings, or make it.

    Raises:
        ConfigurationError: what is there is no TOML.
        OSError: it cannot be written.
    """
    import tomlkit

    with _locked(path):
        if os.path.exists(path):
            configuration.load_toml(path)  # says in our words what is wrong with it
            with open(path, encoding="utf-8") as file:
                document = tomlkit.parse(file.read())
        else:
            document = tomlkit.document()
        edit(document)
        replace(path, tomlkit.dumps(document))


def replace(path: str, text: str) -> None:
    """Give a file this content, at once; its permissions stay, a new one is its owner's alone."""
    path = os.path.realpath(path)  # a link stays one
    os.makedirs(os.path.dirname(path), exist_ok=True)
    mode = os.stat(path).st_mode & 0o777 if os.path.exists(path) else 0o600
    draft = f"{path}.{os.getpid()}.draft"
    try:
        with open(draft, "x", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(draft, mode)
        os.replace(draft, path)
    except BaseException:
        if os.path.exists(draft):
            os.unlink(draft)
        raise


@contextmanager
def _locked(path: str) -> Iterator[None]:
    """Let nobody else change files of the same folder meanwhile."""
    import fcntl

    folder = os.path.dirname(os.path.realpath(path))
    os.makedirs(folder, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def put(document: TOMLDocument, key: str, value: Any) -> None:
    """Set one setting in a file's content.

    Raises:
        TerminalError: what should be a section is a value there.
    """
    import tomlkit

    *sections, name = key.split(".")
    place: Any = document
    for number, section in enumerate(sections):
        if section not in place:
            place[section] = tomlkit.table(is_super_table=number < len(sections) - 1)
        place = place[section]
        if not isinstance(place, dict):
            taken = ".".join(sections[: number + 1])
            raise TerminalError(f"{taken} is a value there, and no section.", code="CONFIG_INVALID")
    place[name] = value


def take_out(document: TOMLDocument, key: str) -> bool:
    """Remove one setting from a file's content, and sections that are empty by it; say whether it was there."""
    *sections, name = key.split(".")
    places: list[Any] = [document]
    for section in sections:
        below = places[-1].get(section)
        if not isinstance(below, dict):
            return False
        places.append(below)
    if name not in places[-1]:
        return False
    del places[-1][name]
    for place, section in zip(reversed(places[:-1]), reversed(sections), strict=True):
        if place[section]:
            break
        del place[section]
    return True


def _user_file() -> str:
    return str(configuration.interpolate_env_vars(configuration.USER_CONFIG))


def _key_of(variable: str) -> str:
    words = variable.removeprefix("PREFECT__").split("__")
    if not variable.startswith("PREFECT__") or not all(words):
        return ""
    if len(words) >= 3 and [word.lower() for word in words[:2]] == ["context", "secrets"]:
        return ".".join(["context", "secrets", *words[2:]])
    return ".".join(words).lower()
