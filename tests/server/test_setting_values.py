"""What each kind of setting takes and refuses, at its bounds and one past them."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from prefect.server.errors import StartUpError
from prefect.server.settings import Settings, load_settings


def load(tmp_path: Path, **given: Any) -> Settings:
    return load_settings(given, {}, tmp_path)


TAKEN: list[tuple[str, Any, Any]] = [
    ("email_security", " TLS ", "tls"),
    ("email_security", "starttls", "starttls"),
    ("email_security", "none", "none"),
    ("hook_networks_allowed", "10.0.0.1, 10.1.0.0/16 ,", "10.0.0.1, 10.1.0.0/16 ,"),
    ("hook_networks_denied", "::1", "::1"),
    ("hook_networks_denied", "", ""),
    ("core_version_cutoff", "0.6.1", "0.6.1"),
    ("core_version_cutoff", "1", "1"),
    ("log_level", "debug", "DEBUG"),
    ("require_keys", " Yes ", True),
    ("require_keys", "OFF", False),
    ("require_keys", True, True),
    ("require_keys", "1", True),
    ("require_keys", "0", False),
    ("port", "0", 0),
    ("port", 65535, 65535),
    ("heartbeat_limit_seconds", 1, 1.0),
    ("heartbeat_limit_seconds", "86400", 86400.0),
]
REFUSED: list[tuple[str, Any, str]] = [
    ("email_security", "ssl", "none, starttls or tls"),
    ("email_security", "", "none, starttls or tls"),
    ("hook_networks_allowed", "here", "addresses or networks such as 10.0.0.1, 10.1.0.0/16"),
    ("hook_networks_denied", "10.0.0.1/8", "addresses or networks such as 10.0.0.1, 10.1.0.0/16"),
    ("hook_networks_denied", 5, "a text"),
    ("core_version_cutoff", "0.6.x", "a version such as 0.6.1"),
    ("core_version_cutoff", "", "a version such as 0.6.1"),
    ("log_level", "loud", "one of DEBUG"),
    ("require_keys", "maybe", "true or false"),
    ("require_keys", 2, "true or false"),
    ("port", -1, "a whole number from 0 to 65535"),
    ("port", 65536, "a whole number from 0 to 65535"),
    ("port", True, "a whole number from 0 to 65535"),
    ("port", 1.5, "a whole number from 0 to 65535"),
    ("heartbeat_limit_seconds", 0.9, "a number from 1 to 86400"),
    ("heartbeat_limit_seconds", 86400.1, "a number from 1 to 86400"),
    ("heartbeat_limit_seconds", True, "a number from 1 to 86400"),
]


@pytest.mark.parametrize(("name", "value", "read"), TAKEN, ids=str)
def test_a_value_within_its_bounds_is_read(tmp_path: Path, name: str, value: Any, read: Any) -> None:
    found = getattr(load(tmp_path, **{name: value}), name)
    assert (found, type(found)) == (read, type(read))


@pytest.mark.parametrize(("name", "value", "expected"), REFUSED, ids=str)
def test_another_is_refused_by_the_name_of_the_setting(tmp_path: Path, name: str, value: Any, expected: str) -> None:
    setting = next(field for field in fields(Settings) if field.name == name)
    with pytest.raises(StartUpError) as refused:
        load(tmp_path, **{name: value})
    assert f"expected {expected}" in str(refused.value)
    assert str(refused.value).startswith(f"Setting {setting.metadata['key']} (")


TOLD = Path(__file__).parents[2] / "docs" / "reference" / "server-settings.md"


def test_what_is_not_set_is_as_the_reference_tells(tmp_path: Path) -> None:
    lines = [
        line.split(" | ") for line in TOLD.read_text().splitlines() if line.startswith("| `") and "PREFECT_" in line
    ]
    told = {cells[0].strip("| `"): cells[2].strip(" `") for cells in lines}
    found = load(tmp_path)
    given = {field.metadata["key"]: getattr(found, field.name) for field in fields(Settings) if field.metadata}
    assert set(given) == set(told)
    different = {key: (value, told[key]) for key, value in given.items() if str(value) != told[key]}
    # Told in words where it is nothing.
    assert {key: pair for key, pair in different.items() if pair[0] not in ("", None)} == {}
