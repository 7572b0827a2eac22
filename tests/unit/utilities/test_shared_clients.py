"""Clients of services are made once for all who ask for the same."""

from __future__ import annotations

import pytest

from prefect.utilities.shared_clients import SharedClients


def test_the_same_client_for_the_same_key() -> None:
    clients = SharedClients("VENDOR_")
    first = clients.get("a", object)
    assert clients.get("a", object) is first
    assert clients.get("b", object) is not first


def test_another_client_when_what_it_reads_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    clients = SharedClients("VENDOR_")
    first = clients.get("a", object)
    monkeypatch.setenv("VENDOR_REGION", "north")
    second = clients.get("a", object)
    assert second is not first
    monkeypatch.delenv("VENDOR_REGION")
    assert clients.get("a", object) is first


def test_those_used_last_are_kept() -> None:
    clients = SharedClients("VENDOR_", most=2)
    a = clients.get("a", object)
    clients.get("b", object)
    assert clients.get("a", object) is a
    clients.get("c", object)
    assert clients.get("a", object) is a


def test_what_cannot_be_made_is_tried_again() -> None:
    clients = SharedClients("VENDOR_")
    with pytest.raises(ZeroDivisionError):
        clients.get("a", lambda: 1 / 0)
    assert clients.get("a", lambda: 7) == 7
