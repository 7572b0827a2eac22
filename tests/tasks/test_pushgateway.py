"""Gauges for a Pushgateway, which keeps and shows them."""

from __future__ import annotations

import urllib.request

import pytest

from prefect.tasks.prometheus import PushAddGaugeToGateway, PushGaugeToGateway
from support.road import free_port

pytest.importorskip("prometheus_client")

HOSTILE = 'a/b"c\n'


def shown(gateway: str) -> list[str]:
    with urllib.request.urlopen(f"http://{gateway}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    return sorted(line for line in lines if line.startswith("orders"))


def test_groups_are_replaced_or_added_to(gateway: str) -> None:
    how = {"pushgateway_url": gateway, "grouping_key": ["shop"], "job_name": "night"}
    labels = [{"shop": "north", "kind": HOSTILE}, {"shop": "south/east", "kind": "b"}]
    PushGaugeToGateway(counter_name="orders", counter_description="Of today.", **how).run([1, 2.5], labels)
    assert shown(gateway) == [
        'orders{instance="",job="night",kind="a/b\\"c\\n",shop="north"} 1',
        'orders{instance="",job="night",kind="b",shop="south/east"} 2.5',
    ]

    PushAddGaugeToGateway(counter_name="orders_late", **how).run([7], [{"shop": "north"}])
    assert len(shown(gateway)) == 3
    PushGaugeToGateway(counter_name="orders_lost", **how).run([8], [{"shop": "north"}])
    assert sorted(line.partition("{")[0] for line in shown(gateway)) == ["orders", "orders_lost"]


def test_what_is_no_name_of_a_label_and_a_gateway_that_is_away_are_told(gateway: str) -> None:
    how = {"counter_name": "a", "job_name": "j"}
    with pytest.raises(ValueError, match="__x"):
        PushGaugeToGateway(pushgateway_url=gateway, **how).run([1], [{"__x": "y"}])
    with pytest.raises(OSError, match="refused"):
        PushGaugeToGateway(pushgateway_url=f"127.0.0.1:{free_port()}", **how).run([1], [{}])
