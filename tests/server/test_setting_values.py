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
    ("log_format", "xml", "one of text, json"),
    (
        "allowed_hosts",
        "a.example.com:80",
        "names of hosts without port, such as prefect.example.com, *.example.com, or *",
    ),
    ("allowed_hosts", "a b", "names of hosts without port, such as prefect.example.com, *.example.com, or *"),
    ("allowed_hosts", 5, "a text"),
    ("host", "", "a text that is not empty"),
    ("path_prefix", "a", "a path such as /proctor: a slash before each name; letters, digits and ._~- in names"),
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


#: The least and the most of each that is a number.
BOUNDS: list[tuple[str, float, float]] = [
    ("port", 0, 65535),
    ("database_readers", 1, 64),
    ("max_body_bytes", 10_000, 500_000_000),
    ("session_hours", 0.01, 8760),
    ("max_batch", 1, 1000),
    ("max_answer_bytes", 100_000, 1_000_000_000),
    ("max_waiting", 1, 100_000),
    ("max_connections", 10, 1_000_000),
    ("header_seconds", 0.1, 3600),
    ("body_seconds", 0.1, 3600),
    ("max_subscriptions", 1, 100_000),
    ("max_subscriptions_per_connection", 1, 10_000),
    ("stop_seconds", 0.1, 300),
    ("queued_runs_returned_limit", 1, 1000),
    ("artifacts_max_payload_bytes", 1000, 100_000_000),
    ("state_max_payload_bytes", 1000, 100_000_000),
    ("scheduler_seconds", 0.1, 86_400),
    ("max_scheduled_runs_per_flow", 1, 1000),
    ("scheduler_horizon_seconds", 1, 31_622_400),
    ("lazarus_seconds", 0.1, 86_400),
    ("resurrection_attempt_limit", 0, 1000),
    ("zombie_killer_seconds", 0.1, 86_400),
    ("heartbeat_limit_seconds", 1, 86_400),
    ("own_heartbeat_limit_seconds", 1, 86_400),
    ("submitted_limit_seconds", 1, 86_400),
    ("slot_keeper_seconds", 0.1, 86_400),
    ("sla_seconds", 0.1, 86_400),
    ("chore_seconds", 0.1, 86_400),
    ("retention_seconds", 0.1, 86_400),
    ("retention_days", 0, 36_500),
    ("retention_batch", 1, 10_000),
    ("outbox_seconds", 0.1, 86_400),
    ("outbox_attempts", 1, 100),
    ("email_port", 1, 65535),
]


def test_the_bounds_of_every_number_are_tried() -> None:
    numbers = {field.name for field in fields(Settings) if field.type in ("int", "float")}
    assert {name for name, _, _ in BOUNDS} == numbers


@pytest.mark.parametrize(("name", "least", "most"), BOUNDS, ids=[name for name, _, _ in BOUNDS])
def test_a_number_is_taken_at_its_bounds_and_refused_one_past_them(
    tmp_path: Path, name: str, least: float, most: float
) -> None:
    is_whole = isinstance(getattr(load(tmp_path), name), int)
    step = 1 if is_whole else 0.001
    for bound in (least, most):
        assert getattr(load(tmp_path, **{name: str(bound)}), name) == bound
    for beyond in (least - step, most + step):
        with pytest.raises(
            StartUpError, match=rf"expected a {'whole ' if is_whole else ''}number from {least:.10g} to "
        ):
            load(tmp_path, **{name: beyond})


@pytest.mark.parametrize(("more", "is_taken"), [(0, True), (1, False)])
def test_a_prefix_has_so_many_signs(tmp_path: Path, more: int, is_taken: bool) -> None:
    prefix = "/" + "a" * (199 + more)
    if is_taken:
        assert load(tmp_path, path_prefix=prefix + "/").path_prefix == prefix
    else:
        with pytest.raises(StartUpError, match="expected a path such as /proctor"):
            load(tmp_path, path_prefix=prefix)


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
