"""Gauges for a Pushgateway of Prometheus."""

from __future__ import annotations

from collections import defaultdict
from typing import ClassVar

from prefect.tasks.authoring.declared import DeclaredTask, in_time

TIMEOUT_SECONDS = 30.0
_WHAT = "pushgateway_url counter_name counter_description grouping_key job_name"


class _GaugeToGatewayBase(DeclaredTask, init=_WHAT, run=f"values labels {_WHAT}"):
    """Sends values of one gauge.

    Args:
        values: numbers.
        labels: for each value its labels: name -> text; all have the same names.
        counter_name, counter_description: of the gauge.
        grouping_key: names of the labels that tell groups of values apart.
        job_name: of the group.
    """

    packages: ClassVar[tuple[str, ...]] = ("prometheus_client",)
    needs: ClassVar[dict[str, str]] = {
        "pushgateway_url": "You need to provide the pushgateway_url parameter.",
        "counter_name": "You need to provide the counter_name parameter.",
        "job_name": "You need to provide the job_name parameter.",
    }
    send: ClassVar[str] = "push_to_gateway"
    values: list[float]
    labels: list[dict[str, str]]
    pushgateway_url: str | None = None
    counter_name: str | None = None
    counter_description: str | None = None
    grouping_key: list[str] | None = None
    job_name: str | None = None

    def work(self) -> None:
        """Send the values, one request for each group.

        Raises:
            ValueError: not as many values as labels.
        """
        if len(self.values) != len(self.labels):
            raise ValueError(
                self.complaint(
                    f"Values and labels need to have the same length. Values length is {len(self.values)}, labels "
                    f"length is {len(self.labels)}.",
                    "labels",
                )
            )
        prometheus = self.module("prometheus_client")
        groups: dict[tuple[tuple[str, str], ...], list[tuple[float, dict[str, str]]]] = defaultdict(list)
        for value, labels in zip(self.values, self.labels, strict=True):
            groups[tuple((name, labels[name]) for name in self.grouping_key or ())].append((value, labels))
        for key, members in groups.items():
            registry = prometheus.CollectorRegistry()
            gauge = prometheus.Gauge(
                self.counter_name,
                self.counter_description or "",
                labelnames=list(members[0][1]),
                registry=registry,
            )
            for value, labels in members:
                (gauge.labels(**labels) if labels else gauge).set(value)
            with in_time(self, str(self.pushgateway_url), TIMEOUT_SECONDS):
                getattr(prometheus, self.send)(
                    gateway=self.pushgateway_url,
                    job=self.job_name,
                    grouping_key=dict(key),
                    registry=registry,
                    timeout=TIMEOUT_SECONDS,
                )


class PushGaugeToGateway(_GaugeToGatewayBase):
    """Sends values of one gauge; what the gateway has of the same group is replaced.

    Args:
        values: numbers.
        labels: for each value its labels: name -> text; all have the same names.
        grouping_key: names of the labels that tell groups of values apart.
        job_name: of the group.
    """


class PushAddGaugeToGateway(_GaugeToGatewayBase):
    """Sends values of one gauge; other gauges that the gateway has of the same group stay.

    Args:
        values: numbers.
        labels: for each value its labels: name -> text; all have the same names.
        grouping_key: names of the labels that tell groups of values apart.
        job_name: of the group.
    """

    send: ClassVar[str] = "pushadd_to_gateway"
